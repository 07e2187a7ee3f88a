//! The main menu and the footer: made by the shop itself, or arranged by hand; on both databases.

use crate::support::outside::{clerk, owner};
use crate::support::{TestShop, a_product, both, events_of, number};
use backend::content::{self, ContentError};
use backend::{caches, catalog};
use domain::Locale;
use domain::id::{CategoryId, MenuEntryId, PageId, ProductId};
use domain::view::{
    CategoryDraft, CategoryTexts, LinkTarget, Menu, MenuEntryDraft, MenuEntryView, MenuLabel, MenuRowView, Move, PageDraft, PageTexts,
    TargetState,
};
use uuid::Uuid;

/// A category behind those that there are.
async fn a_category(shop: &TestShop, name: &str) -> CategoryId {
    let position = number(shop, "select count(*) from categories").await + 1;
    let text = |locale: &str, name: &str| CategoryTexts { locale: locale.into(), name: name.into(), ..CategoryTexts::default() };
    let texts = vec![text("en", name), text("fil", &format!("Mga {name}"))];
    let draft = CategoryDraft { published: true, position, texts, ..CategoryDraft::default() };
    catalog::save_category(shop, &shop.system(), Locale::En, draft).await.unwrap()
}

async fn hide(shop: &TestShop, id: CategoryId) {
    let draft = catalog::category_to_edit(shop, &shop.system(), id).await.unwrap().draft;
    let hidden = CategoryDraft { published: false, ..draft };
    catalog::save_category(shop, &shop.system(), Locale::En, hidden).await.unwrap();
}

async fn a_page(shop: &TestShop, title: &str) -> PageId {
    let text = PageTexts { locale: "en".into(), title: title.into(), body: "Words.".into(), ..PageTexts::default() };
    let draft = PageDraft { published: true, position: 20, texts: vec![text], ..PageDraft::default() };
    content::save_page(shop, &owner(shop), Locale::En, draft).await.unwrap()
}

/// A menu as text: `name(below, below) name`.
fn as_text(entries: &[MenuEntryView]) -> String {
    let entry = |entry: &MenuEntryView| {
        let below = entry.below.iter().map(|link| link.name.as_str()).collect::<Vec<_>>().join(", ");
        if below.is_empty() { entry.name.clone() } else { format!("{}({below})", entry.name) }
    };
    entries.iter().map(entry).collect::<Vec<_>>().join(" ")
}

async fn main_menu(shop: &TestShop, locale: Locale) -> String {
    as_text(&content::menus(shop, locale).await.unwrap().main)
}

async fn footer(shop: &TestShop, locale: Locale) -> String {
    as_text(&content::menus(shop, locale).await.unwrap().footer)
}

async fn rows(shop: &TestShop, menu: Menu) -> Vec<MenuRowView> {
    content::menu(shop, &owner(shop), Locale::En, menu).await.unwrap().rows
}

fn to(menu: Menu, target: LinkTarget, label: &str) -> MenuEntryDraft {
    let labels = if label.is_empty() { Vec::new() } else { vec![MenuLabel { locale: "en".into(), label: label.into() }] };
    MenuEntryDraft { menu, target, labels, ..MenuEntryDraft::default() }
}

async fn add(shop: &TestShop, draft: MenuEntryDraft) -> Result<MenuEntryId, ContentError> {
    content::save_menu_entry(shop, &owner(shop), Locale::En, draft).await
}

async fn shift(shop: &TestShop, id: MenuEntryId, way: Move) {
    content::move_menu_entry(shop, &owner(shop), id, way).await.unwrap();
}

fn fields(error: ContentError) -> Vec<String> {
    match error {
        ContentError::Invalid(fields) => fields.into_iter().map(|(field, _)| field).collect(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn menus_are_made_by_the_shop_until_they_are_arranged_and_begin_with_that() {
    both(async |shop| {
        a_category(shop, "Mats").await;
        a_page(shop, "Care").await;
        assert_eq!(main_menu(shop, Locale::Fil).await, "Mga Mats");
        let generated = "Shop(Mats) Help(Follow an order, All categories, Search) About the shop(Care)";
        assert_eq!(footer(shop, Locale::En).await, generated);
        let seen = content::menu(shop, &owner(shop), Locale::En, Menu::Footer).await.unwrap();
        assert!(!seen.is_arranged && seen.rows.is_empty() && as_text(&seen.generated) == generated);
        for menu in Menu::ALL {
            content::arrange_menu(shop, &owner(shop), menu).await.unwrap();
            content::arrange_menu(shop, &owner(shop), menu).await.unwrap();
        }
        assert_eq!(footer(shop, Locale::En).await, generated);
        assert_eq!(main_menu(shop, Locale::Fil).await, "Mga Mats");
        // What comes later is not in it by itself.
        a_category(shop, "Lamps").await;
        assert_eq!(main_menu(shop, Locale::En).await, "Mats");
        content::reset_menu(shop, &owner(shop), Menu::Main).await.unwrap();
        assert_eq!(main_menu(shop, Locale::En).await, "Mats Lamps");
        content::reset_menu(shop, &owner(shop), Menu::Footer).await.unwrap();
        assert_eq!(number(shop, "select (select count(*) from menu_entries) + (select count(*) from menu_labels)").await, 0);
        let told = "select count(*) from events where kind in ('menu.arranged', 'menu.reset')";
        assert_eq!(number(shop, told).await, 4, "what changes nothing is no event");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_added_moved_nested_and_removed() {
    both(async |shop| {
        let mats = a_category(shop, "Mats").await;
        content::arrange_menu(shop, &owner(shop), Menu::Main).await.unwrap();
        let variant = a_product().named("Lamp").make(shop).await;
        let product: ProductId = shop.db().fetch_scalar("select product_id from variants where id = $1", &[&variant]).await.unwrap();
        catalog::set_status(shop, &shop.system(), product, "draft").await.unwrap();
        catalog::set_status(shop, &shop.system(), product, "published").await.unwrap();
        let lamp = add(shop, to(Menu::Main, LinkTarget::Product(product), "")).await.unwrap();
        let page = add(shop, to(Menu::Main, LinkTarget::Page(a_page(shop, "Care").await), "Washing")).await.unwrap();
        let gifts = add(shop, to(Menu::Main, LinkTarget::Search("gift & box".into()), "")).await.unwrap();
        let maker = add(shop, to(Menu::Main, LinkTarget::Address("https://example.com/maker".into()), "Maker")).await.unwrap();
        let listed: Vec<String> = content::menus(shop, Locale::En).await.unwrap().main.into_iter().map(|entry| entry.href).collect();
        assert_eq!(listed[2..], ["/pages/care", "/search?q=gift+%26+box", "https://example.com/maker"]);
        assert!(listed[0] == "/c/mats" && listed[1].starts_with("/p/"), "{listed:?}");
        assert_eq!(main_menu(shop, Locale::En).await, "Mats Lamp Washing gift & box Maker");
        assert_eq!(main_menu(shop, Locale::Fil).await, "Mga Mats Lamp Care gift & box Maker", "a label is of its language");

        shift(shop, lamp, Move::Up).await;
        shift(shop, lamp, Move::Up).await;
        assert_eq!(main_menu(shop, Locale::En).await, "Lamp Mats Washing gift & box Maker");
        shift(shop, maker, Move::Up).await;
        shift(shop, maker, Move::In).await;
        shift(shop, gifts, Move::In).await;
        assert_eq!(main_menu(shop, Locale::En).await, "Lamp Mats Washing(Maker, gift & box)");
        // What others stand below cannot be nested itself.
        shift(shop, page, Move::In).await;
        shift(shop, gifts, Move::Up).await;
        shift(shop, page, Move::Up).await;
        assert_eq!(main_menu(shop, Locale::En).await, "Lamp Washing(gift & box, Maker) Mats");
        shift(shop, gifts, Move::Out).await;
        assert_eq!(main_menu(shop, Locale::En).await, "Lamp Washing(Maker) gift & box Mats");
        let told: Vec<String> = events_of(shop, gifts.0).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(told, ["menu_entry.added", "menu_entry.moved", "menu_entry.moved", "menu_entry.moved"]);

        content::remove_menu_entry(shop, &owner(shop), page).await.unwrap();
        assert_eq!(main_menu(shop, Locale::En).await, "Lamp gift & box Mats");
        let gone = content::move_menu_entry(shop, &owner(shop), maker, Move::Up).await;
        assert!(matches!(gone, Err(ContentError::Unknown)), "{gone:?}");
        assert!(rows(shop, Menu::Main).await.iter().any(|row| row.target == LinkTarget::Category(mats)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shoppers_cannot_see_vanishes_and_is_marked_for_managers() {
    both(async |shop| {
        let (mats, lamps) = (a_category(shop, "Mats").await, a_category(shop, "Lamps").await);
        let care = a_page(shop, "Care").await;
        content::arrange_menu(shop, &owner(shop), Menu::Main).await.unwrap();
        let above = rows(shop, Menu::Main).await[0].id;
        add(shop, MenuEntryDraft { parent: Some(above), ..to(Menu::Main, LinkTarget::Page(care), "") }).await.unwrap();
        assert_eq!(main_menu(shop, Locale::En).await, "Mats(Care) Lamps");
        let page = content::page_to_edit(shop, &owner(shop), care).await.unwrap();
        content::save_page(shop, &owner(shop), Locale::En, PageDraft { published: false, ..page }).await.unwrap();
        assert_eq!(main_menu(shop, Locale::En).await, "Mats Lamps");
        let states = async || {
            let rows = rows(shop, Menu::Main).await;
            rows.iter().flat_map(|row| std::iter::once(row.state).chain(row.below.iter().map(|row| row.state))).collect::<Vec<_>>()
        };
        assert_eq!(states().await, [TargetState::Shown, TargetState::NotShown, TargetState::Shown]);
        hide(shop, mats).await;
        catalog::remove_category(shop, &shop.system(), lamps).await.unwrap();
        content::delete_page(shop, &owner(shop), care).await.unwrap();
        assert_eq!(main_menu(shop, Locale::En).await, "");
        assert_eq!(states().await, [TargetState::NotShown, TargetState::Deleted, TargetState::Deleted]);
        // An entry that leads to what is deleted cannot be saved so.
        let rows = rows(shop, Menu::Main).await;
        let lost = content::menu_entry_to_edit(shop, &owner(shop), Locale::En, Menu::Main, rows[1].id).await.unwrap();
        assert_eq!(fields(add(shop, lost.draft).await.unwrap_err()), ["target"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_checked_and_of_two_editors_the_second_is_told() {
    both(async |shop| {
        a_category(shop, "Mats").await;
        for menu in Menu::ALL {
            content::arrange_menu(shop, &owner(shop), menu).await.unwrap();
        }
        let address = |address: &str, label: &str| to(Menu::Main, LinkTarget::Address(address.into()), label);
        for bad in ["", "//evil.example", "javascript:steal()", "http://example.com", "c/mats", "/\\evil.example"] {
            assert_eq!(fields(add(shop, address(bad, "Bad")).await.unwrap_err()), ["address"], "{bad}");
        }
        assert_eq!(fields(add(shop, address("/c", "")).await.unwrap_err()), ["label.en"]);
        assert_eq!(fields(add(shop, address("/c", &"x".repeat(61))).await.unwrap_err()), ["label.en"]);
        assert_eq!(fields(add(shop, to(Menu::Main, LinkTarget::Search(" ".into()), "")).await.unwrap_err()), ["words"]);
        let nobody = LinkTarget::Category(CategoryId(Uuid::from_u128(7)));
        assert_eq!(fields(add(shop, to(Menu::Main, nobody, "")).await.unwrap_err()), ["target"]);
        // In the footer a link stands below a column, and a column below nothing.
        let link = to(Menu::Footer, LinkTarget::Address("/c".into()), "All");
        assert_eq!(fields(add(shop, link.clone()).await.unwrap_err()), ["parent"]);
        let columns = rows(shop, Menu::Footer).await;
        let column = Some(columns[0].id);
        let link = add(shop, MenuEntryDraft { parent: column, ..link }).await.unwrap();
        let heading = MenuEntryDraft { parent: column, ..to(Menu::Footer, LinkTarget::Heading, "More") };
        assert_eq!(fields(add(shop, heading).await.unwrap_err()), ["parent"]);
        let below = MenuEntryDraft { parent: Some(link), ..to(Menu::Footer, LinkTarget::Address("/c".into()), "All") };
        assert_eq!(fields(add(shop, below).await.unwrap_err()), ["parent"], "nested once");
        let of_main = MenuEntryDraft { parent: column, ..address("/c", "All") };
        assert_eq!(fields(add(shop, of_main).await.unwrap_err()), ["parent"], "of another menu");

        let edit = async || content::menu_entry_to_edit(shop, &owner(shop), Locale::En, Menu::Footer, link).await.unwrap().draft;
        let (mut ana, mut ben) = (edit().await, edit().await);
        ana.labels[0].label = "Everything".into();
        ben.labels[0].label = "Goods".into();
        add(shop, ana).await.unwrap();
        assert!(matches!(add(shop, ben.clone()).await, Err(ContentError::Stale)));
        ben.version = edit().await.version;
        ben.parent = Some(columns[1].id);
        add(shop, ben).await.unwrap();
        let shown = footer(shop, Locale::En).await;
        assert!(shown.contains("Shop(Mats) ") && shown.contains("Search, Goods)"), "{shown}");

        for denied in [
            content::menu(shop, &clerk(shop), Locale::En, Menu::Main).await.map(drop),
            content::arrange_menu(shop, &clerk(shop), Menu::Main).await,
            content::reset_menu(shop, &clerk(shop), Menu::Main).await,
            content::move_menu_entry(shop, &clerk(shop), link, Move::Up).await,
            content::remove_menu_entry(shop, &clerk(shop), link).await,
            content::save_menu_entry(shop, &clerk(shop), Locale::En, address("/c", "All")).await.map(drop),
        ] {
            assert!(matches!(denied, Err(ContentError::Forbidden(_))), "{denied:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_adds_one_entry() {
    both(async |shop| {
        content::arrange_menu(shop, &owner(shop), Menu::Main).await.unwrap();
        let ctx = owner(shop).with_key("form-1");
        let draft = to(Menu::Main, LinkTarget::Address("/c".into()), "All");
        let first = content::save_menu_entry(shop, &ctx, Locale::En, draft.clone()).await.unwrap();
        assert_eq!(content::save_menu_entry(shop, &ctx, Locale::En, draft.clone()).await.unwrap(), first);
        let other = MenuEntryDraft { target: LinkTarget::Address("/search".into()), ..draft };
        assert!(matches!(content::save_menu_entry(shop, &ctx, Locale::En, other).await, Err(ContentError::Key(_))));
        assert_eq!(number(shop, "select count(*) from menu_entries").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn menus_are_in_memory_until_an_event_says_that_they_changed() {
    both(async |shop| {
        content::arrange_menu(shop, &owner(shop), Menu::Main).await.unwrap();
        let entry = add(shop, to(Menu::Main, LinkTarget::Address("/c".into()), "All")).await.unwrap();
        assert_eq!(main_menu(shop, Locale::En).await, "All");
        // As another node changes it, of which this one has not heard.
        shop.db().write(async |tx| tx.execute("update menu_labels set label = 'Goods'", &[]).await).await.unwrap();
        assert_eq!(main_menu(shop, Locale::En).await, "All");
        caches::invalidate(shop, &events_of(shop, entry.0).await);
        assert_eq!(main_menu(shop, Locale::En).await, "Goods");
    })
    .await;
}
