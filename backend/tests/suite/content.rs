//! Pages that the owner writes: in each language, as drafts and published, in memory; on both databases.

use std::net::IpAddr;

use crate::support::outside::{both_worlds, clerk, owner};
use crate::support::{TestShop, both, events_of, guest, number, sqlite};
use backend::content::{self, ContentError};
use backend::{caches, seed};
use domain::Locale;
use domain::id::{ContactMessageId, PageId};
use domain::view::{ContactForm, PageAt, PageDraft, PageTexts};
use platform::Context;

fn texts(locale: &str, title: &str, body: &str) -> PageTexts {
    PageTexts { locale: locale.into(), title: title.into(), body: body.into(), ..PageTexts::default() }
}

fn titled(title: &str) -> PageDraft {
    PageDraft { published: true, position: 20, texts: vec![texts("en", title, "Words.")], ..PageDraft::default() }
}

async fn save(shop: &TestShop, draft: PageDraft) -> Result<PageId, ContentError> {
    content::save_page(shop, &owner(shop), Locale::En, draft).await
}

async fn draft(shop: &TestShop, id: PageId) -> PageDraft {
    content::page_to_edit(shop, &owner(shop), id).await.unwrap()
}

async fn shown(shop: &TestShop, locale: Locale, slug: &str) -> Option<String> {
    content::page(shop, locale, slug).await.unwrap().map(|page| page.title)
}

async fn linked(shop: &TestShop, locale: Locale) -> Vec<String> {
    let footer = content::menus(shop, locale).await.unwrap().footer;
    let links = footer.into_iter().flat_map(|column| column.below).filter(|link| link.href.starts_with("/pages/"));
    links.map(|link| link.name).collect()
}

fn fields(error: ContentError) -> Vec<String> {
    match error {
        ContentError::Invalid(fields) => fields.into_iter().map(|(field, _)| field).collect(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_shop_has_the_usual_pages_as_drafts_once() {
    both(async |shop| {
        let pages = content::pages(shop, &owner(shop), Locale::En).await.unwrap();
        let titles: Vec<&str> = pages.iter().map(|page| page.title.as_str()).collect();
        assert_eq!(titles, ["About us", "Contact us", "Delivery", "Returns and refunds", "Privacy", "Terms"]);
        assert!(pages.iter().all(|page| !page.published && page.languages == ["en", "fil"]));
        assert!(linked(shop, Locale::En).await.is_empty() && shown(shop, Locale::En, "about").await.is_none());
        content::delete_page(shop, &owner(shop), pages[5].id).await.unwrap();
        // On SQLite only one program may have the file.
        if shop.db().is_postgres() {
            let again = shop.open_again().await;
            assert_eq!(content::pages(&again, &owner(shop), Locale::En).await.unwrap().len(), 5, "what was deleted does not come back");
        }
        assert!(matches!(content::pages(shop, &clerk(shop), Locale::En).await, Err(ContentError::Forbidden(_))));
        assert!(matches!(content::save_page(shop, &clerk(shop), Locale::En, titled("X")).await, Err(ContentError::Forbidden(_))));
        assert!(matches!(content::delete_page(shop, &owner(shop), pages[1].id).await, Err(ContentError::Kept)), "the contact form's page");
        assert!(matches!(content::delete_page(shop, &guest(shop), pages[0].id).await, Err(ContentError::Forbidden(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_page_is_read_in_its_languages_and_in_english_otherwise() {
    both(async |shop| {
        let gifts = PageDraft { texts: vec![texts("en", "Gift wrapping", "# Paper\n\nWe *wrap*.")], ..titled("") };
        let id = save(shop, gifts).await.unwrap();
        let page = content::page(shop, Locale::Fil, "gift-wrapping").await.unwrap().unwrap();
        assert_eq!((page.title.as_str(), page.description.as_str()), ("Gift wrapping", "Paper We wrap."));
        assert!(page.html.contains("<h2>Paper</h2>") && page.html.contains("<em>wrap</em>") && !page.has_contact_form, "{}", page.html);
        let mut both = draft(shop, id).await;
        both.texts.push(PageTexts { description: "Balot".into(), ..texts("fil", "Pagbabalot", "Binabalot namin.") });
        save(shop, both).await.unwrap();
        let page = content::page(shop, Locale::Fil, "gift-wrapping").await.unwrap().unwrap();
        assert_eq!((page.slug.as_str(), page.title.as_str(), page.description.as_str()), ("pagbabalot", "Pagbabalot", "Balot"));
        assert_eq!(page.languages, [("en".into(), "gift-wrapping".into()), ("fil".into(), "pagbabalot".into())]);
        assert_eq!(shown(shop, Locale::En, "pagbabalot").await.as_deref(), Some("Gift wrapping"));
        assert_eq!(content::public_paths(shop).await.unwrap(), ["/pages/gift-wrapping", "/pages/pagbabalot"]);
        assert_eq!(
            (linked(shop, Locale::En).await, linked(shop, Locale::Fil).await),
            (vec!["Gift wrapping".into()], vec!["Pagbabalot".into()])
        );

        // What shoppers read is taken off first. As a draft it is nowhere, and deleted it is gone.
        assert!(matches!(content::delete_page(shop, &owner(shop), id).await, Err(ContentError::Kept)));
        save(shop, PageDraft { published: false, ..draft(shop, id).await }).await.unwrap();
        assert!(shown(shop, Locale::En, "gift-wrapping").await.is_none() && content::public_paths(shop).await.unwrap().is_empty());
        content::delete_page(shop, &owner(shop), id).await.unwrap();
        assert!(matches!(content::page_to_edit(shop, &owner(shop), id).await, Err(ContentError::Unknown)));
        assert!(matches!(content::delete_page(shop, &owner(shop), id).await, Err(ContentError::Unknown)));
        let told: Vec<String> = events_of(shop, id.0).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(told, ["page.created", "page.updated", "page.updated", "page.deleted"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn page_errors_name_their_field_and_an_address_is_used_once() {
    both(async |shop| {
        let mut bad = titled(" ");
        bad.position = -1;
        bad.texts[0].description = "x".repeat(301);
        bad.texts.push(PageTexts { slug: "!!!".into(), ..texts("fil", "", "Mga salita") });
        assert_eq!(fields(save(shop, bad).await.unwrap_err()), ["title.en", "description.en", "title.fil", "position"]);
        let mut half = titled("Care");
        half.texts.push(PageTexts { description: "Alaga".into(), ..texts("fil", "", "") });
        assert_eq!(fields(save(shop, half).await.unwrap_err()), ["title.fil"], "nothing that was typed is dropped");
        let mut bad = titled("Care");
        bad.texts[0].slug = "!!!".into();
        bad.texts[0].body = "x".repeat(50_001);
        assert_eq!(fields(save(shop, bad).await.unwrap_err()), ["body.en", "slug.en"]);
        save(shop, titled("Care")).await.unwrap();
        let second = save(shop, titled("Care")).await.unwrap();
        assert!(draft(shop, second).await.texts[0].slug.starts_with("care-"));
        let mut taken = titled("Washing");
        taken.texts[0].slug = "care".into();
        assert_eq!(fields(save(shop, taken).await.unwrap_err()), ["slug.en"]);
        let kanji = save(shop, titled("ランプ")).await.unwrap();
        assert!(draft(shop, kanji).await.texts[0].slug.starts_with("page-"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_editors_the_second_is_told_and_nothing_is_overwritten() {
    both(async |shop| {
        let id = save(shop, titled("Care")).await.unwrap();
        let (mut ana, mut ben) = (draft(shop, id).await, draft(shop, id).await);
        ana.texts[0].body = "Ana's words.".into();
        ben.texts[0].body = "Ben's words.".into();
        // The clock stands still: the version is another one all the same.
        save(shop, ana).await.unwrap();
        assert!(matches!(save(shop, ben.clone()).await, Err(ContentError::Stale)));
        assert_eq!(draft(shop, id).await.texts[0].body, "Ana's words.");
        ben.version = draft(shop, id).await.version;
        save(shop, ben).await.unwrap();
        assert_eq!(draft(shop, id).await.texts[0].body, "Ben's words.");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_in_memory_until_an_event_says_that_they_changed() {
    both(async |shop| {
        let id = save(shop, titled("Care")).await.unwrap();
        assert_eq!(linked(shop, Locale::En).await, ["Care"]);
        // As another node changes it, of which this one has not heard.
        shop.db().write(async |tx| tx.execute("update page_texts set title = 'Washing' where slug = 'care'", &[]).await).await.unwrap();
        assert_eq!(linked(shop, Locale::En).await, ["Care"]);
        caches::invalidate(shop, &events_of(shop, id.0).await);
        assert_eq!(linked(shop, Locale::En).await, ["Washing"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_shop_has_its_pages_published() {
    let shop = sqlite().await;
    seed::seed(&shop, Some(1), 1, &|_, _| {}).await.unwrap();
    assert_eq!(linked(&shop, Locale::Fil).await.len(), 6);
    let contact = content::page(&shop, Locale::En, "contact").await.unwrap().unwrap();
    assert!(contact.has_contact_form && !contact.html.contains('['), "{}", contact.html);
    assert!(content::page(&shop, Locale::En, "delivery").await.unwrap().unwrap().html.contains("href=\"/pages/contact\""));
    shop.close().await;
}

/// Publishes the page with the contact form, which a new shop has as a draft.
pub async fn publish_contact(shop: &TestShop) {
    let pages = content::pages(shop, &owner(shop), Locale::En).await.unwrap();
    let contact = pages.iter().find(|page| page.slug == "contact").unwrap().id;
    save(shop, PageDraft { published: true, ..draft(shop, contact).await }).await.unwrap();
}

fn written(message: &str) -> ContactForm {
    ContactForm { name: "Estrella Cruz".into(), email: "estrella@example.com".into(), order_number: String::new(), message: message.into() }
}

fn from(shop: &TestShop, client: u8) -> Context {
    guest(shop).from(Some(IpAddr::from([192, 0, 2, client])))
}

async fn listed(shop: &TestShop, handled: bool) -> Vec<(ContactMessageId, String)> {
    let list = content::messages(shop, &owner(shop), Locale::En, handled, &PageAt::default()).await.unwrap();
    list.messages.into_iter().map(|message| (message.id, message.form.message)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_sealed_until_it_is_handled_and_is_deleted_half_a_year_later() {
    both(async |shop| {
        assert!(matches!(content::receive(shop, &from(shop, 1), Locale::En, &written("Hello")).await, Err(ContentError::Unknown)));
        publish_contact(shop).await;
        for message in ["Where is my mug?\r\nIt is late.", "Thank you!"] {
            content::receive(shop, &from(shop, 1), Locale::En, &written(message)).await.unwrap();
            shop.clock.advance(1_000);
        }
        // As after a second press.
        let again = async || content::receive(shop, &from(shop, 1), Locale::En, &written("Thank you!")).await.unwrap();
        tokio::join!(again(), again());
        let waiting = listed(shop, false).await;
        assert_eq!(waiting.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>(), ["Thank you!", "Where is my mug?\nIt is late."]);
        let sealed: Vec<Vec<u8>> = shop.db().fetch_scalars("select sealed from contact_messages", &[]).await.unwrap();
        assert!(sealed.iter().all(|bytes| !bytes.windows(8).any(|part| part == b"Estrella")));

        let mug = waiting[1].0;
        content::set_handled(shop, &owner(shop), mug, true).await.unwrap();
        content::set_handled(shop, &owner(shop), mug, true).await.unwrap();
        assert_eq!((listed(shop, false).await.len(), listed(shop, true).await[0].0), (1, mug));
        content::set_handled(shop, &owner(shop), mug, false).await.unwrap();
        assert_eq!((listed(shop, false).await.len(), listed(shop, true).await.len()), (2, 0));
        content::set_handled(shop, &owner(shop), mug, true).await.unwrap();
        let told: Vec<String> = events_of(shop, mug.0).await.into_iter().map(|event| event.kind).collect();
        let [received, handled, reopened] = ["contact_message.received", "contact_message.handled", "contact_message.reopened"];
        assert_eq!(told, [received, handled, reopened, handled], "what changes nothing is no event");

        let day = 86_400_000;
        shop.clock.advance(180 * day - 1);
        assert_eq!(content::delete_handled(shop).await.unwrap(), 0);
        shop.clock.advance(1);
        assert_eq!(content::delete_handled(shop).await.unwrap(), 1);
        assert_eq!(number(shop, "select count(*) from contact_messages").await, 1, "what waits stays");
        assert!(matches!(content::set_handled(shop, &owner(shop), mug, false).await, Err(ContentError::Unknown)));
        for denied in [
            content::messages(shop, &clerk(shop), Locale::En, false, &PageAt::default()).await.map(drop),
            content::set_handled(shop, &clerk(shop), mug, true).await,
        ] {
            assert!(matches!(denied, Err(ContentError::Forbidden(_))), "{denied:?}");
        }
        again().await;
        assert_eq!(listed(shop, false).await.len(), 2, "the same message of another day");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_needs_a_name_an_address_and_words_and_a_client_may_send_twenty() {
    both(async |shop| {
        publish_contact(shop).await;
        let bad = ContactForm { name: " ".into(), email: "estrella".into(), order_number: "none".into(), message: "\u{200b}".into() };
        let refused = content::receive(shop, &from(shop, 1), Locale::En, &bad).await.unwrap_err();
        assert_eq!(fields(refused), ["name", "email", "order_number", "message"]);
        let long = written(&"x".repeat(content::MAX_MESSAGE + 1));
        assert_eq!(fields(content::receive(shop, &from(shop, 1), Locale::En, &long).await.unwrap_err()), ["message"]);
        for n in 0..20 {
            content::receive(shop, &from(shop, 1), Locale::En, &written(&format!("Hello {n}"))).await.unwrap();
        }
        let next = content::receive(shop, &from(shop, 1), Locale::En, &written("Hello")).await;
        assert!(matches!(next, Err(ContentError::Throttled)), "{next:?}");
        content::receive(shop, &from(shop, 2), Locale::En, &written("Hello from another")).await.unwrap();
        shop.clock.advance(60_001);
        content::receive(shop, &from(shop, 1), Locale::En, &written("Hello again")).await.unwrap();
        assert_eq!(number(shop, "select count(*) from contact_messages").await, 22);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_mailed_to_the_shops_address_to_be_answered_to_its_sender() {
    both_worlds(async |world| {
        publish_contact(&world.shop).await;
        let form = ContactForm { order_number: "tk4wx-9qpm".into(), ..written("Where is <b>my</b> mug?") };
        content::receive(world, &guest(world), Locale::Fil, &form).await.unwrap();
        world.work().await;
        assert!(world.mails().await.is_empty(), "the shop has no address yet");
        let settings = backend::settings::load(world).await.unwrap();
        let settings = domain::view::ShopSettings { contact_email: "hello@shop.example".into(), ..settings };
        backend::settings::save(world, &world.system(), settings).await.unwrap();
        let form = ContactForm { message: "Where is <b>my</b> mug? It is late.".into(), ..form };
        content::receive(world, &guest(world), Locale::Fil, &form).await.unwrap();
        world.work().await;
        let mails = world.mails().await;
        let [(subject, text, html)] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!(subject, "A message from Estrella Cruz");
        assert!(text.contains("Where is <b>my</b> mug?") && text.contains("TK4WX-9QPM") && text.contains("Filipino"), "{text}");
        assert!(html.contains("&lt;b&gt;my&lt;/b&gt;") && html.contains("/admin/content/messages"), "{html}");
        let raw = &world.raw_mails().await[0];
        let line = |name: &str| raw.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        assert!(line("To:").contains("hello@shop.example") && line("Reply-To:").contains("estrella@example.com"), "{raw}");
        // What the job keeps is the message's id.
        let payload: Vec<String> =
            world.db().fetch_scalars("select payload from jobs where kind = 'contact_mail.send'", &[]).await.unwrap();
        assert!(payload.iter().all(|payload| !payload.contains("strella")), "{payload:?}");
    })
    .await;
}
