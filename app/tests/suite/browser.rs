//! Asking for pages as a signed-in browser without a script.

use axum::body::{Body, to_bytes};
use backend::Shop;
use domain::Locale;
use domain::id::RequestId;
use domain::permission::Role;
use domain::view::ContactDetails;
use http::{Request, StatusCode, header};
use leptos::config::LeptosOptions;
use tower::ServiceExt;

use crate::PASSWORD;

pub async fn token(shop: &Shop, role: Role) -> String {
    let email = format!("{}@example.com", role.as_str());
    let contact = ContactDetails { name: role.as_str().into(), email: email.clone(), phone: String::new() };
    backend::identity::create_staff(shop, &shop.system(), Locale::En, contact, role, PASSWORD).await.unwrap();
    let nobody = backend::platform::Context::nobody(RequestId(shop.id()));
    backend::identity::sign_in(shop, &nobody, Locale::En, &email, PASSWORD).await.unwrap().1
}

pub async fn get(router: &axum::Router, address: &str, token: &str) -> (StatusCode, String, String) {
    let request = Request::get(address).header(header::ACCEPT, "text/html").header(header::COOKIE, format!("session={token}"));
    answered(router, request.body(Body::empty()).unwrap()).await
}

/// A form as a browser without a script sends it to its own page.
pub async fn post(router: &axum::Router, address: &str, token: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    let request = Request::post(address)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, format!("session={token}"));
    answered(router, request.body(Body::from(pairs.join("&"))).unwrap()).await
}

/// A form with a file, as a browser without a script sends it.
pub async fn post_file(
    router: &axum::Router,
    address: &str,
    token: &str,
    fields: &[(&str, &str)],
    file: (&str, &[u8]),
) -> (StatusCode, String, String) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(
        format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"a\"\r\nContent-Type: application/octet-stream\r\n\r\n",
            file.0
        )
        .into_bytes(),
    );
    body.extend(file.1);
    body.extend(b"\r\n--edge--\r\n");
    let request = Request::post(address)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .header(header::COOKIE, format!("session={token}"));
    answered(router, request.body(Body::from(body)).unwrap()).await
}

pub fn escaped(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

async fn answered(router: &axum::Router, request: Request<Body>) -> (StatusCode, String, String) {
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let location = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
    let body = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    (status, location, String::from_utf8(body.to_vec()).unwrap())
}

pub fn pages(shop: &Shop) -> axum::Router {
    app::router(LeptosOptions::builder().output_name("tindahan").build(), shop.clone())
}

/// Does a field of a page hold this value?
pub fn holds(body: &str, name: &str, value: &str) -> bool {
    body.split("<input").any(|input| {
        let input = input.split('>').next().unwrap_or_default();
        input.contains(&format!("name=\"{name}\"")) && input.contains(&format!("value=\"{value}\""))
    })
}
