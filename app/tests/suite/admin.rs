//! The admin's pages as the server renders them.

use std::collections::BTreeSet;

use domain::permission::{Permission, Role};
use http::StatusCode;

use crate::a_shop;
use crate::browser::{get, pages, token};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_opens_for_the_owner_and_reads_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let pages = [
        ("/admin", "Sales today"),
        ("/admin/orders", "No orders here"),
        ("/admin/orders/pick-list", "Pick list"),
        ("/admin/customers", "No customers yet"),
        ("/admin/customers?q=nobody", "Nobody found"),
        ("/admin/products", "No products yet"),
        ("/admin/products/new", "Save changes"),
        ("/admin/products/import", "Import from CSV"),
        ("/admin/products/bulk", "Choose products in the list first"),
        ("/admin/categories", "No categories yet"),
        ("/admin/categories/new", "Save changes"),
        ("/admin/stock", "No stock here"),
        ("/admin/content", "Returns and refunds"),
        ("/admin/content/pages/new", "Show preview"),
        ("/admin/content/messages", "No message is waiting"),
        ("/admin/settings", "Shop name"),
        ("/admin/settings/taxes", "No tax rates yet"),
        ("/admin/settings/delivery", "No delivery methods yet"),
        ("/admin/settings/delivery/new", "Add a delivery method"),
        ("/admin/settings/locations", "No locations yet"),
        ("/admin/settings/locations/new", "Add a location"),
        ("/admin/settings/jobs", "No failed jobs"),
        ("/admin/settings/discounts", "No discount codes yet"),
        ("/admin/settings/discounts/new", "Add a discount code"),
        ("/admin/settings/staff", "owner@example.com"),
        ("/admin/settings/api-keys", "Make a key"),
        ("/admin/preferences", "Mails to you"),
        ("/admin/settings/denials", "Nothing was denied"),
    ];
    for (address, words) in pages {
        let (status, _, body) = get(&router, address, &owner).await;
        assert_eq!(status, StatusCode::OK, "{address}");
        assert!(body.contains(words), "{address} says {words}: {body}");
        assert!(body.contains("aria-label=\"Admin menu\""), "{address} has its layout");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_out_is_sent_to_sign_in_and_a_clerk_is_refused_the_settings() {
    let (shop, _folder) = a_shop().await;
    let clerk = token(&shop, Role::Clerk).await;
    let router = pages(&shop);
    let (status, location, _) = get(&router, "/admin/orders", "").await;
    assert_eq!((status, location.as_str()), (StatusCode::FOUND, "/sign-in?back=%2Fadmin%2Forders"));
    // A form that would be refused is not offered.
    for page in [
        "/admin/settings",
        "/admin/content",
        "/admin/content/messages",
        "/admin/customers",
        "/admin/products/import",
        "/admin/products/bulk",
        "/admin/products/new",
        "/admin/categories/new",
    ] {
        let (status, _, body) = get(&router, page, &clerk).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{page}");
        assert!(body.contains("This is not for you to open") && !body.contains("Save changes"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_for_each_role_that_may_open_it_and_for_no_other() {
    let (shop, _folder) = a_shop().await;
    let router = pages(&shop);
    for role in Role::ALL {
        let token = token(&shop, role).await;
        for (address, needs) in app::admin_pages() {
            let one = address.split('/').map(|part| if part.starts_with(':') { "none" } else { part }).collect::<Vec<_>>().join("/");
            let (status, _, body) = get(&router, &one, &token).await;
            let expected = match (role.may(needs), one == address) {
                (false, _) => StatusCode::FORBIDDEN,
                (true, true) => StatusCode::OK,
                (true, false) => StatusCode::NOT_FOUND,
            };
            assert_eq!(status, expected, "{one} for {role:?}: {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_navigation_and_the_tabs_on_a_page_lead_to_pages_that_open() {
    let (shop, _folder) = a_shop().await;
    let router = pages(&shop);
    for role in Role::ALL {
        let token = token(&shop, role).await;
        let first = if role.may(Permission::ReadSettings) { "/admin/settings" } else { "/admin/stock" };
        let (_, _, body) = get(&router, first, &token).await;
        let links: BTreeSet<&str> = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let links: Vec<&str> = links.into_iter().filter(|link| link.starts_with("/admin")).collect();
        let offered =
            app::admin_pages().into_iter().filter(|(address, needs)| role.may(*needs) && links.contains(&address.as_str())).count();
        assert!(offered >= if role == Role::Clerk { 4 } else { 10 }, "{role:?} is offered {links:?}");
        for link in links {
            assert_eq!(get(&router, link, &token).await.0, StatusCode::OK, "{link} for {role:?}");
        }
    }
}
