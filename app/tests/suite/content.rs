//! Pages and the contact form, without a script.

use domain::permission::Role;
use http::StatusCode;

use crate::a_shop;
use crate::browser::{get, holds, pages, post, token};

/// The form of a page, with one language.
fn form<'a>(id: &'a str, seen: &'a str, title: &'a str, body: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("to", "/api/admin/content/page/save"),
        ("form[id]", id),
        ("form[seen]", seen),
        ("form[position]", "1"),
        ("form[texts][0][locale]", "en"),
        ("form[texts][0][title]", title),
        ("form[texts][0][slug]", ""),
        ("form[texts][0][body]", body),
        ("form[texts][0][description]", ""),
        ("form[texts][1][locale]", "fil"),
        ("form[texts][1][title]", ""),
        ("form[texts][1][slug]", ""),
        ("form[texts][1][body]", ""),
        ("form[texts][1][description]", ""),
        ("form[published]", "true"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_written_previewed_published_and_deleted_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let new = "/admin/content/pages/new";
    let (status, _, body) = post(&router, new, &owner, &form("", "", "", "Words")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"title.en-error\"") && body.contains("Words</textarea>"), "{body}");

    // A preview shows what is typed, and saves nothing.
    let typed = "## Wash by hand\n\n<script>steal()</script>\n\n[link](javascript:steal())";
    let look = [form("", "", "Care", typed), vec![("step", "look")]].concat();
    let (status, _, body) = post(&router, new, &owner, &look).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("<h2>Wash by hand</h2>") && holds(&body, "form[texts][0][title]", "Care"), "{body}");
    assert!(!body.contains("<script>steal()") && !body.contains("href=\"javascript:"), "{body}");
    assert_eq!(get(&router, "/pages/care", "").await.0, StatusCode::NOT_FOUND);

    let (status, page, _) = post(&router, new, &owner, &form("", "", "Care", typed)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, _, body) = get(&router, "/pages/care", "").await;
    assert!(body.contains("<h2>Wash by hand</h2>") && !body.contains("<script>steal()") && !body.contains("javascript:"), "{body}");
    assert!(
        body.contains("rel=\"canonical\"") && body.contains("href=\"http://127.0.0.1:3000/pages/care\"") && body.contains("<title>Care · "),
        "{body}"
    );
    assert!(!body.contains("name=\"message\""), "only the contact page has the form");
    assert!(get(&router, "/", "").await.2.contains("href=\"/pages/care\""), "the footer links to it");
    assert!(get(&router, "/sitemap.xml", "").await.2.contains("/pages/care<"));

    // What somebody else saved meanwhile is not replaced unseen, and what was typed stays.
    let id = page.rsplit('/').next().unwrap();
    let edited = || async { backend::content::page_to_edit(&shop, &shop.system(), id.parse().unwrap()).await.unwrap() };
    let before = edited().await;
    let mut by_another = before.clone();
    by_another.texts[0].title = "Care at home".to_owned();
    backend::content::save_page(&shop, &shop.system(), domain::Locale::En, by_another).await.unwrap();
    let seen = serde_json::to_string(&before).unwrap();
    let (status, _, body) = post(&router, &page, &owner, &form(id, &seen, "Caring", typed)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("Someone else changed this") && holds(&body, "form[texts][0][title]", "Caring"), "{body}");
    assert!(body.contains("id=\"title.en-error\"") && body.contains("Care at home") && !body.contains("id=\"body.en-error\""), "{body}");
    // What shoppers read is taken off before it is deleted.
    let delete = [("to", "/api/admin/content/page/delete"), ("page", id)];
    assert_eq!(post(&router, &page, &owner, &delete).await.0, StatusCode::CONFLICT);
    let off = id.parse().unwrap();
    let draft = backend::content::page_to_edit(&shop, &shop.system(), off).await.unwrap();
    let draft = domain::view::PageDraft { published: false, ..draft };
    backend::content::save_page(&shop, &shop.system(), domain::Locale::En, draft).await.unwrap();
    let (status, to, _) = post(&router, &page, &owner, &delete).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/admin/content"));
    assert_eq!(get(&router, "/pages/care", "").await.0, StatusCode::NOT_FOUND);
}

/// Publishes the page with the contact form, which a new shop has as a draft.
pub async fn publish_contact(shop: &backend::Shop) {
    let list = backend::content::pages(shop, &shop.system(), domain::Locale::En).await.unwrap();
    let contact = list.iter().find(|page| page.slug == "contact").unwrap().id;
    let draft = backend::content::page_to_edit(shop, &shop.system(), contact).await.unwrap();
    let draft = domain::view::PageDraft { published: true, ..draft };
    backend::content::save_page(shop, &shop.system(), domain::Locale::En, draft).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_and_handled_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    publish_contact(&shop).await;

    let (_, _, body) = get(&router, "/pages/contact", "").await;
    assert!(body.contains("name=\"message\"") && body.contains("method=\"post\""), "{body}");
    let mut form = [("name", "Ana Reyes"), ("email", "ana"), ("order_number", ""), ("message", "Where is my mug?")];
    let (status, _, body) = post(&router, "/pages/contact", "", &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        body.contains("id=\"email-error\"") && holds(&body, "name", "Ana Reyes") && body.contains("Where is my mug?</textarea>"),
        "{body}"
    );
    form[1].1 = "ana@example.com";
    let (status, to, _) = post(&router, "/pages/contact", "", &form).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/contact/sent"));
    assert!(get(&router, &to, "").await.2.contains("Your message is with us"));

    let (_, _, body) = get(&router, "/admin/content/messages", &owner).await;
    assert!(body.contains("Where is my mug?") && body.contains("mailto:ana@example.com"), "{body}");
    let id = &body[body.find("msg_").unwrap()..][..36];
    let mark = [("to", "/api/admin/messages/handled"), ("message", id), ("handled", "true")];
    assert_eq!(post(&router, "/admin/content/messages", &owner, &mark).await.0, StatusCode::SEE_OTHER);
    assert!(get(&router, "/admin/content/messages", &owner).await.2.contains("No message is waiting"));
    let (_, _, body) = get(&router, "/admin/content/messages?list=handled", &owner).await;
    assert!(body.contains("Where is my mug?") && body.contains("Handled by owner"), "{body}");
}
