//! Menus and the home page, arranged by hand without a script.

use domain::permission::Role;
use http::StatusCode;

use crate::a_shop;
use crate::browser::{get, holds, pages, post, token};

/// The first id with this prefix in a page.
fn id_in<'a>(body: &'a str, before: &str) -> &'a str {
    let start = body.find(before).unwrap() + before.len();
    body[start..].split(['"', '\'', '<', '?']).next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_menu_is_arranged_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let menus = "/admin/content/menus";
    let (_, _, body) = get(&router, menus, &owner).await;
    assert!(body.contains("Follow an order") && body.contains("Arrange by hand"), "{body}");
    let arrange =
        |menu: &'static str, by_hand: &'static str| [("to", "/api/admin/content/menus/arrange"), ("menu", menu), ("by_hand", by_hand)];
    assert_eq!(post(&router, menus, &owner, &arrange("main", "true")).await.0, StatusCode::SEE_OTHER);

    // The form of a bad address comes back with what was typed.
    let new = "/admin/content/menus/main/new?kind=address";
    let (_, _, body) = get(&router, new, &owner).await;
    assert!(holds(&body, "form[kind]", "address"), "{body}");
    let form = |address: &'static str, label: &'static str| {
        vec![
            ("to", "/api/admin/content/menus/entry/save"),
            ("key", "form-1"),
            ("form[id]", ""),
            ("form[version]", "0"),
            ("form[menu]", "main"),
            ("form[kind]", "address"),
            ("form[address]", address),
            ("form[labels][0][locale]", "en"),
            ("form[labels][0][label]", label),
            ("form[labels][1][locale]", "fil"),
            ("form[labels][1][label]", ""),
        ]
    };
    let (status, _, body) = post(&router, new, &owner, &form("javascript:steal()", "Maker")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"address-error\"") && holds(&body, "form[labels][0][label]", "Maker"), "{body}");
    let (status, to, _) = post(&router, new, &owner, &form("https://example.com/maker", "The <maker>")).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, menus));
    let (_, _, body) = get(&router, "/", "").await;
    assert!(body.contains("href=\"https://example.com/maker\"") && body.contains("The &lt;maker&gt;"), "{body}");
    assert!(!body.contains("The <maker>"), "{body}");

    let (_, _, body) = get(&router, menus, &owner).await;
    let id = id_in(&body, "id=\"entry-");
    assert!(id.starts_with("menu_"), "{id}");
    let change = |to: &'static str| [("to", to), ("entry", id), ("way", "up")];
    assert_eq!(post(&router, menus, &owner, &change("/api/admin/content/menus/move")).await.0, StatusCode::SEE_OTHER);
    assert_eq!(post(&router, menus, &owner, &change("/api/admin/content/menus/remove")).await.0, StatusCode::SEE_OTHER);
    assert!(!get(&router, "/", "").await.2.contains("example.com/maker"));
    assert_eq!(post(&router, menus, &owner, &arrange("main", "false")).await.0, StatusCode::SEE_OTHER);
    assert!(get(&router, menus, &owner).await.2.contains("The shop makes this menu by itself"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_is_written_previewed_and_shown_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let home = "/admin/content/home";
    let arrange = [("to", "/api/admin/content/home/arrange"), ("by_hand", "true")];
    assert_eq!(post(&router, home, &owner, &arrange).await.0, StatusCode::SEE_OTHER);
    let new = "/admin/content/home/new?kind=text";
    let form = |title: &'static str, body: &'static str, from: &'static str, shown: bool| {
        let mut form = vec![
            ("to", "/api/admin/content/home/section/save"),
            ("key", "form-1"),
            ("form[id]", ""),
            ("form[version]", "0"),
            ("form[kind]", "text"),
            ("form[visible_from]", from),
            ("form[visible_until]", ""),
            ("form[texts][0][locale]", "en"),
            ("form[texts][0][title]", title),
            ("form[texts][0][body]", body),
            ("form[texts][1][locale]", "fil"),
            ("form[texts][1][title]", ""),
            ("form[texts][1][body]", ""),
        ];
        if shown {
            form.push(("form[shown]", "true"));
        }
        form
    };
    let (status, _, body) = post(&router, new, &owner, &form("Fiesta", "Words", "soon", true)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"visible_from-error\"") && holds(&body, "form[texts][0][title]", "Fiesta"), "{body}");

    // The preview shows what is typed, to staff alone, and nothing is saved.
    let typed =
        [form("Fiesta", "**Dance** <script>steal()</script>", "2099-12-24T18:00", false), vec![("step", "look"), ("hidden", "true")]];
    let (status, _, body) = post(&router, "/preview/home", &owner, &typed.concat()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("<strong>Dance</strong>") && body.contains("2099-12-24T18:00"), "{body}");
    assert!(!body.contains("<script>steal()") && body.contains("noindex"), "{body}");
    let (_, _, body) = post(&router, "/preview/home", "", &typed.concat()).await;
    assert!(!body.contains("<strong>Dance</strong>"), "{body}");
    let (status, _, body) = get(&router, "/preview/home", "").await;
    assert!(status == StatusCode::UNAUTHORIZED && !body.contains("datetime-local"), "{status} {body}");
    assert!(!get(&router, "/", "").await.2.contains("Dance"));

    let (status, page, _) = post(&router, new, &owner, &form("Fiesta", "**Dance**", "", true)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(page.starts_with("/admin/content/home/sec_"), "{page}");
    assert!(get(&router, "/", "").await.2.contains("<strong>Dance</strong>"));
    // The same form again is the same section, and one of an older version is refused with what was typed.
    assert_eq!(post(&router, new, &owner, &form("Fiesta", "**Dance**", "", true)).await.1, page);
    let mut stale = form("Fiesta", "Other words", "", true);
    stale[2].1 = page.rsplit('/').next().unwrap();
    stale[3].1 = "1";
    let (status, _, body) = post(&router, &page, &owner, &stale).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("Other words</textarea>"), "{body}");
}
