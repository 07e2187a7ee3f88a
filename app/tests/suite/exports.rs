//! Exports, as the server sends them.

use std::sync::Mutex;

use axum::body::Body;
use backend::platform::db::Tx;
use domain::Locale;
use domain::id::RequestId;
use domain::permission::Role;
use domain::view::ContactDetails;
use futures::StreamExt;
use http::{Request, StatusCode, header};
use leptos::config::LeptosOptions;
use tower::ServiceExt;

use crate::{PASSWORD, a_shop};

#[tokio::test(flavor = "multi_thread")]
async fn exports_need_their_permission() {
    let (shop, _folder) = a_shop().await;
    let router = app::router(LeptosOptions::builder().output_name("tindahan").build(), shop.clone());
    let nobody = backend::platform::Context::nobody(RequestId(shop.id()));
    let person = |name: &str| ContactDetails { name: name.into(), email: format!("{name}@example.com"), phone: String::new() };
    backend::identity::sign_up(&shop, &nobody, Locale::En, person("ana"), PASSWORD).await.unwrap();
    let mut tokens = vec![(None, StatusCode::SEE_OTHER)];
    for (role, status) in [(Role::Clerk, StatusCode::FORBIDDEN), (Role::Manager, StatusCode::OK)] {
        backend::identity::create_staff(&shop, &shop.system(), Locale::En, person(role.as_str()), role, PASSWORD).await.unwrap();
        let email = format!("{}@example.com", role.as_str());
        let token = backend::identity::sign_in(&shop, &nobody, Locale::En, &email, PASSWORD).await.unwrap().1;
        tokens.push((Some(token), status));
    }
    for (address, first, rows) in
        [("/admin/orders.csv?queue=to_pack", "\u{feff}order,placed_at,", 0), ("/admin/customers.csv", "\u{feff}name,email,", 1)]
    {
        for (token, expected) in &tokens {
            let mut request = Request::get(address);
            if let Some(token) = token {
                request = request.header(header::COOKIE, format!("session={token}"));
            }
            let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), *expected, "{address}");
            if *expected != StatusCode::OK {
                continue;
            }
            let sent = |name: header::HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!((sent(header::CONTENT_TYPE), sent(header::CACHE_CONTROL)), ("text/csv; charset=utf-8".into(), "no-store".into()));
            assert!(sent(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\""));
            let (mut parts, mut body) = (answer.into_body().into_data_stream(), Vec::new());
            while let Some(part) = parts.next().await {
                body.extend(part.unwrap());
            }
            // Compression polls once more after the end.
            assert!(parts.next().await.is_none());
            let body = String::from_utf8(body).unwrap();
            assert!(body.starts_with(first), "{body}");
            assert_eq!(body.matches("\r\n").count(), rows + 1, "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_after_signing_in_exports_roles_keys_and_refunds_ask_who_is_there() {
    let (shop, _folder) = a_shop().await;
    let router = app::router(LeptosOptions::builder().output_name("tindahan").build(), shop.clone());
    let nobody = backend::platform::Context::nobody(RequestId(shop.id()));
    let person = ContactDetails { name: "Ana".into(), email: "ana@example.com".into(), phone: String::new() };
    backend::identity::create_staff(&shop, &shop.system(), Locale::En, person, Role::Owner, PASSWORD).await.unwrap();
    let token = backend::identity::sign_in(&shop, &nobody, Locale::En, "ana@example.com", PASSWORD).await.unwrap().1;
    // Before the session is used, so that no memory has it.
    shop.db().write(async |tx: &mut Tx| tx.execute("update sessions set confirmed_at = 0", &[]).await).await.unwrap();
    let cookie = Mutex::new(format!("session={token}"));
    let send = async |request: http::request::Builder, body: String| {
        let form = "application/x-www-form-urlencoded";
        let cookie = cookie.lock().unwrap().clone();
        let request = request.header(header::COOKIE, cookie).header(header::CONTENT_TYPE, form);
        router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    };
    let text = async |answer: http::Response<Body>| {
        String::from_utf8(axum::body::to_bytes(answer.into_body(), 1 << 22).await.unwrap().to_vec()).unwrap()
    };
    let answer = send(Request::get("/admin/orders.csv?queue=to_pack"), String::new()).await;
    let location = |answer: &http::Response<Body>| answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(location(&answer), "/admin/confirm?back=%2Fadmin%2Forders.csv%3Fqueue%3Dto_pack");
    for function in ["order/refund", "staff/invite", "staff/role", "staff/active", "staff/second-factor/reset", "keys/create"] {
        let answer = send(Request::post(format!("/api/admin/{function}")), String::new()).await;
        assert_eq!(answer.status(), StatusCode::PRECONDITION_REQUIRED, "{function}");
    }
    // Without a script the page shows where to confirm, and what was typed.
    let invite = "to=%2Fapi%2Fadmin%2Fstaff%2Finvite&name=Ben+Cruz&email=ben%40example.com&role=clerk";
    let answer = send(Request::post("/admin/settings/staff"), invite.into()).await;
    assert_eq!(answer.status(), StatusCode::PRECONDITION_REQUIRED);
    let body = text(answer).await;
    assert!(body.contains("/admin/confirm?back=%2Fadmin%2Fsigned-in") && body.contains("Ben Cruz"), "{body}");
    let confirm = |password: &str| format!("to=%2Fapi%2Fadmin%2Fconfirm&back=%2Fadmin%2Forders.csv&password={password}");
    let answer = send(Request::post("/admin/confirm"), confirm("wrong")).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let answer = send(Request::post("/admin/confirm"), confirm(&PASSWORD.replace(' ', "+"))).await;
    assert_eq!((answer.status(), location(&answer).as_str()), (StatusCode::SEE_OTHER, "/admin/orders.csv"));
    // The session has another token from then on.
    let new = answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(std::mem::replace(&mut *cookie.lock().unwrap(), new.clone()), new);
    assert_eq!(send(Request::get("/admin/orders.csv"), String::new()).await.status(), StatusCode::OK);
    let answer = send(Request::post("/admin/settings/staff"), invite.into()).await;
    assert!(text(answer).await.contains("/join/"));
}
