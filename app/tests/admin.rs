//! The managers' pages as the server answers with them.

use std::path::PathBuf;

use axum::body::{Body, to_bytes};
use backend::{Shop, ShopConfig};
use domain::Locale;
use domain::id::RequestId;
use domain::permission::Role;
use domain::view::ContactDetails;
use http::{Request, StatusCode, header};
use leptos::config::LeptosOptions;
use tower::ServiceExt;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn a_shop() -> (Shop, Folder) {
    let folder = std::env::temp_dir().join(format!("tindahan-admin-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut config = ShopConfig::new(format!("sqlite:{}", folder.join("shop.db").display()), &folder, "http://127.0.0.1:3000");
    config.light_passwords = true;
    (Shop::open(config).await.unwrap(), Folder(folder))
}

const PASSWORD: &str = "mangoes dry in the sun";

async fn token(shop: &Shop, role: Role) -> String {
    let email = format!("{}@example.com", role.as_str());
    let contact = ContactDetails { name: role.as_str().into(), email: email.clone(), phone: String::new() };
    backend::identity::create_staff(shop, &shop.system(), Locale::En, contact, role, PASSWORD).await.unwrap();
    let nobody = backend::platform::Context::nobody(RequestId(shop.id()));
    backend::identity::sign_in(shop, &nobody, Locale::En, &email, PASSWORD).await.unwrap().1
}

async fn get(router: &axum::Router, address: &str, token: &str) -> (StatusCode, String, String) {
    let request = Request::get(address).header(header::ACCEPT, "text/html").header(header::COOKIE, format!("session={token}"));
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = answer.status();
    let location = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
    let body = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    (status, location, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_opens_for_the_owner_and_reads_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = app::router(LeptosOptions::builder().output_name("tindahan").build(), shop.clone());
    let pages = [
        ("/admin", "Sales today"),
        ("/admin/orders", "No orders here"),
        ("/admin/orders/pick-list", "Pick list"),
        ("/admin/products", "No products yet"),
        ("/admin/products/new", "Save changes"),
        ("/admin/products/import", "Import from CSV"),
        ("/admin/stock", "No stock here"),
        ("/admin/settings", "Shop name"),
        ("/admin/settings/staff", "owner@example.com"),
        ("/admin/settings/keys", "Make a key"),
    ];
    for (address, words) in pages {
        let (status, _, body) = get(&router, address, &owner).await;
        assert_eq!(status, StatusCode::OK, "{address}");
        assert!(body.contains(words), "{address} says {words}: {body}");
        assert!(body.contains("aria-label=\"Admin menu\""), "{address} has its frame");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_sign_in_and_a_clerk_is_refused_the_settings() {
    let (shop, _folder) = a_shop().await;
    let clerk = token(&shop, Role::Clerk).await;
    let router = app::router(LeptosOptions::builder().output_name("tindahan").build(), shop.clone());
    let (status, location, _) = get(&router, "/admin/orders", "").await;
    assert_eq!((status, location.as_str()), (StatusCode::FOUND, "/sign-in?back=%2Fadmin%2Forders"));
    let (status, _, body) = get(&router, "/admin/settings", &clerk).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(body.contains("This is not for you to open"));
}
