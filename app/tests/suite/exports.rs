//! Exports, as the server sends them.

use axum::body::Body;
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
