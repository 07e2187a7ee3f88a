//! Every server function declares its access, and refuses all other callers.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use backend::Shop;
use domain::Locale;
use domain::id::RequestId;
use domain::permission::{Access, Role};
use domain::view::ContactDetails;
use http::{Method, Request, StatusCode, header};
use leptos::config::LeptosOptions;
use tower::ServiceExt;

use crate::{PASSWORD, a_shop};

fn person(name: &str) -> ContactDetails {
    ContactDetails { name: name.into(), email: format!("{name}@example.com"), phone: String::new() }
}

/// Callers by name: signed out, a shopper, each role. With each, the context and the session's token.
async fn callers(shop: &Shop) -> Vec<(String, backend::platform::Context, Option<String>)> {
    let request = RequestId(shop.id());
    let nobody = backend::platform::Context::nobody(request);
    let (_, token) = backend::identity::sign_up(shop, &nobody, Locale::En, person("ana"), PASSWORD).await.unwrap();
    let me = backend::identity::authenticate(shop, &token).await.unwrap().unwrap().me;
    let mut callers =
        vec![("nobody".to_owned(), nobody.clone(), None), ("shopper".to_owned(), backend::identity::context_of(&me, request), Some(token))];
    for role in Role::ALL {
        let name = role.as_str();
        backend::identity::create_staff(shop, &shop.system(), Locale::En, person(name), role, PASSWORD).await.unwrap();
        let (_, token) = backend::identity::sign_in(shop, &nobody, Locale::En, &format!("{name}@example.com"), PASSWORD).await.unwrap();
        let signed_in = backend::identity::authenticate(shop, &token).await.unwrap().unwrap();
        callers.push((name.to_owned(), signed_in.context(request, shop.now()), Some(token)));
    }
    callers
}

#[test]
fn every_server_function_is_listed_once_and_no_other() {
    let listed: Vec<_> = app::access().into_iter().map(|(path, _)| path).collect();
    let once: BTreeSet<_> = listed.iter().copied().collect();
    assert_eq!(once.len(), listed.len(), "listed twice");
    let there: BTreeSet<_> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert_eq!(once, there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_function_refuses_callers_without_its_permission() {
    let (shop, _folder) = a_shop().await;
    let options = LeptosOptions::builder().output_name("tindahan").build();
    let router = app::router(options, shop.clone());
    let methods: BTreeMap<_, _> = server_fn::axum::server_fn_paths().collect();
    for (caller, context, token) in callers(&shop).await {
        for (path, access) in app::access() {
            let method = methods.get(path).cloned().unwrap_or(Method::POST);
            let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            if let Some(token) = &token {
                request = request.header(header::COOKIE, format!("session={token}"));
            }
            // Signing out would end the session that the rest of the test needs.
            if path.ends_with("/sign_out") {
                continue;
            }
            let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let refused = matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PRECONDITION_REQUIRED);
            assert_eq!(refused, context.authorize(access).is_err(), "{caller} at {path} ({access:?}): {}", answer.status());
        }
    }
    assert!(app::access().iter().any(|(_, access)| matches!(access, Access::Staff(_))));
}
