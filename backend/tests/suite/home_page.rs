//! The sections of the home page: as every shop has them, or arranged by hand, dated, previewed; on both databases.

use crate::support::outside::{clerk, owner};
use crate::support::{START, TestShop, a_product, both, events_of, number, sqlite};
use backend::content::{self, ContentError};
use backend::{caches, catalog, jobs, seed};
use domain::id::{CategoryId, HomeSectionId, ProductId};
use domain::view::{
    CategoryDraft, CategoryTexts, HomeSectionDraft, HomeSectionView, LinkTarget, Move, SectionKind, SectionState, SectionTexts, TargetState,
};
use domain::{Locale, Timestamp};

const HOUR: i64 = 3_600_000;

/// A section as text: its kind, its title, and what it shows.
fn as_text(section: &HomeSectionView) -> String {
    match section {
        HomeSectionView::Banner(story) => format!("banner {} to {}", story.title, story.link),
        HomeSectionView::Products { title, products, .. } => {
            format!("products {title}: {}", products.iter().map(|card| card.name.as_str()).collect::<Vec<_>>().join(", "))
        }
        HomeSectionView::Text { html, .. } => format!("text {}", html.trim()),
        HomeSectionView::Categories { .. } => "categories".into(),
        HomeSectionView::Promises { .. } => "promises".into(),
    }
}

async fn home(shop: &TestShop, locale: Locale) -> Vec<String> {
    content::home(shop, locale).await.unwrap().sections.iter().map(as_text).collect()
}

async fn preview(shop: &TestShop, at: Timestamp, hidden: bool, typed: Option<&HomeSectionDraft>) -> Vec<String> {
    let page = content::preview_home(shop, &owner(shop), Locale::En, at, hidden, typed).await.unwrap();
    page.sections.iter().map(as_text).collect()
}

async fn save(shop: &TestShop, draft: HomeSectionDraft) -> Result<HomeSectionId, ContentError> {
    content::save_home_section(shop, &owner(shop), Locale::En, draft).await
}

async fn draft(shop: &TestShop, id: HomeSectionId) -> HomeSectionDraft {
    content::home_section_to_edit(shop, &owner(shop), Locale::En, id).await.unwrap().draft
}

fn titled(kind: SectionKind, title: &str, body: &str) -> HomeSectionDraft {
    let text = SectionTexts { locale: "en".into(), title: title.into(), body: body.into(), ..SectionTexts::default() };
    HomeSectionDraft { kind, texts: vec![text], ..HomeSectionDraft::default() }
}

/// The home page arranged by hand, without the sections that it begins with.
async fn arranged(shop: &TestShop) {
    content::arrange_home(shop, &owner(shop)).await.unwrap();
    for row in content::home_sections(shop, &owner(shop), Locale::En).await.unwrap().unwrap() {
        content::remove_home_section(shop, &owner(shop), row.id).await.unwrap();
    }
}

async fn a_category(shop: &TestShop, name: &str) -> CategoryId {
    let texts = vec![CategoryTexts { locale: "en".into(), name: name.into(), ..CategoryTexts::default() }];
    let draft = CategoryDraft { published: true, texts, ..CategoryDraft::default() };
    catalog::save_category(shop, &shop.system(), Locale::En, draft).await.unwrap()
}

/// A published product in this category.
async fn a_product_in(shop: &TestShop, category: CategoryId, name: &str) -> ProductId {
    let variant = a_product().named(name).make(shop).await;
    let product: ProductId = shop.db().fetch_scalar("select product_id from variants where id = $1", &[&variant]).await.unwrap();
    let mut draft = catalog::admin_product(shop, &shop.system(), product).await.unwrap().draft;
    draft.category = Some(category);
    catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    product
}

fn fields(error: ContentError) -> Vec<String> {
    match error {
        ContentError::Invalid(fields) => fields.into_iter().map(|(field, _)| field).collect(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arranged_by_hand_the_home_page_begins_as_every_shop_has_it() {
    let shop = sqlite().await;
    seed::seed(&shop, Some(1), 40, &|_, _| {}).await.unwrap();
    let of_shop = [content::home(&shop, Locale::En).await.unwrap(), content::home(&shop, Locale::Fil).await.unwrap()];
    let kinds: Vec<String> = of_shop[0].sections.iter().map(|s| as_text(s).split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["banner", "categories", "products", "promises", "banner", "banner", "products"]);
    content::arrange_home(&shop, &owner(&shop)).await.unwrap();
    let by_hand = [content::home(&shop, Locale::En).await.unwrap(), content::home(&shop, Locale::Fil).await.unwrap()];
    assert_eq!(by_hand, of_shop);
    content::reset_home(&shop, &owner(&shop)).await.unwrap();
    assert_eq!(content::home(&shop, Locale::Fil).await.unwrap(), of_shop[1]);
    assert_eq!(number(&shop, "select count(*) from home_sections").await, 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sections_are_added_moved_hidden_changed_and_removed() {
    both(async |shop| {
        let mats = a_category(shop, "Mats").await;
        let (red, blue) = (a_product_in(shop, mats, "Red mat").await, a_product_in(shop, mats, "Blue mat").await);
        arranged(shop).await;
        let banner = HomeSectionDraft { link: LinkTarget::Category(mats), ..titled(SectionKind::Banner, "Weave", "Words.") };
        let banner = save(shop, banner).await.unwrap();
        let text = save(shop, titled(SectionKind::Text, "", "**Hello** <script>steal()</script>")).await.unwrap();
        save(shop, HomeSectionDraft { category: Some(mats), ..titled(SectionKind::Products, "", "") }).await.unwrap();
        let picked = save(shop, titled(SectionKind::Picked, "Ours", "")).await.unwrap();
        let products = home(shop, Locale::En).await;
        assert_eq!(products[..2], ["banner Weave to /c/mats", "text <p><strong>Hello</strong> </p>"]);
        assert!(products[2].starts_with("products Mats: ") && products.len() == 3, "what has no product is not shown: {products:?}");

        for product in [red, blue, red] {
            content::pick_product(shop, &owner(shop), Locale::En, picked, product).await.unwrap();
        }
        content::move_picked(shop, &owner(shop), picked, blue, Move::Up).await.unwrap();
        assert_eq!(home(shop, Locale::En).await[3], "products Ours: Blue mat, Red mat");
        content::take_out_picked(shop, &owner(shop), picked, blue).await.unwrap();
        assert_eq!(home(shop, Locale::En).await[3], "products Ours: Red mat");

        content::move_home_section(shop, &owner(shop), text, Move::Up).await.unwrap();
        content::move_home_section(shop, &owner(shop), text, Move::Up).await.unwrap();
        assert!(home(shop, Locale::En).await[0].starts_with("text"));
        save(shop, HomeSectionDraft { hidden: true, ..draft(shop, text).await }).await.unwrap();
        assert!(home(shop, Locale::En).await[0].starts_with("banner"));
        content::remove_home_section(shop, &owner(shop), banner).await.unwrap();
        assert!(home(shop, Locale::En).await[0].starts_with("products Mats"));

        // What its products come from is hidden.
        let hidden = catalog::category_to_edit(shop, &shop.system(), mats).await.unwrap().draft;
        catalog::save_category(shop, &shop.system(), Locale::En, CategoryDraft { published: false, ..hidden }).await.unwrap();
        assert_eq!(home(shop, Locale::En).await, ["products Ours: Red mat"]);
        let rows = content::home_sections(shop, &owner(shop), Locale::En).await.unwrap().unwrap();
        let states: Vec<_> = rows.iter().map(|row| (row.kind, row.state, row.target)).collect();
        assert_eq!(
            states,
            [
                (SectionKind::Text, SectionState::Hidden, TargetState::Shown),
                (SectionKind::Products, SectionState::Shown, TargetState::NotShown),
                (SectionKind::Picked, SectionState::Shown, TargetState::Shown),
            ]
        );
        let told: Vec<String> = events_of(shop, text.0).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(told, ["home_section.added", "home_section.moved", "home_section.updated"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dated_section_begins_and_ends_at_its_moments_and_each_node_is_told() {
    both(async |shop| {
        arranged(shop).await;
        let (from, until) = (START.plus_millis(HOUR), START.plus_millis(3 * HOUR));
        let dated = HomeSectionDraft { visible_from: Some(from), visible_until: Some(until), ..titled(SectionKind::Banner, "Fiesta", "") };
        let id = save(shop, dated).await.unwrap();
        let handlers = jobs::handlers();
        let told = async || -> Vec<String> { events_of(shop, id.0).await.into_iter().map(|event| event.kind).skip(1).collect() };
        assert_eq!(home(shop, Locale::En).await.len(), 0);
        shop.clock.advance(HOUR - 1);
        jobs::run_due(shop, &handlers).await.unwrap();
        assert_eq!((home(shop, Locale::En).await.len(), told().await.len()), (0, 0));
        shop.clock.advance(1);
        jobs::run_due(shop, &handlers).await.unwrap();
        assert_eq!((home(shop, Locale::En).await.len(), told().await), (1, vec!["home_section.began".to_owned()]));
        // It ends later than was planned: what was enqueued for the former moment says nothing.
        let later = until.plus_millis(HOUR);
        save(shop, HomeSectionDraft { visible_until: Some(later), ..draft(shop, id).await }).await.unwrap();
        shop.clock.advance(2 * HOUR);
        jobs::run_due(shop, &handlers).await.unwrap();
        assert_eq!((home(shop, Locale::En).await.len(), told().await.len()), (1, 2));
        shop.clock.advance(HOUR);
        jobs::run_due(shop, &handlers).await.unwrap();
        assert_eq!(home(shop, Locale::En).await.len(), 0);
        assert_eq!(told().await[2], "home_section.ended");
        let rows = content::home_sections(shop, &owner(shop), Locale::En).await.unwrap().unwrap();
        assert_eq!(rows[0].state, SectionState::Ended);
        // Pages are dropped after such an event, wherever it was recorded.
        let is_followed = |kind: &&str| content::events::PAGE_CHANGES.contains(kind);
        assert!(["home_section.began", "home_section.ended"].iter().all(is_followed));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_a_moment_to_come_hidden_sections_and_what_is_typed_to_staff_alone() {
    both(async |shop| {
        arranged(shop).await;
        let christmas = START.plus_millis(30 * Timestamp::DAY);
        let now = save(shop, HomeSectionDraft { visible_until: Some(christmas), ..titled(SectionKind::Banner, "Now", "") }).await.unwrap();
        save(shop, HomeSectionDraft { visible_from: Some(christmas), ..titled(SectionKind::Banner, "Christmas", "") }).await.unwrap();
        save(shop, HomeSectionDraft { hidden: true, ..titled(SectionKind::Banner, "Secret", "") }).await.unwrap();
        assert_eq!(preview(shop, START, false, None).await, ["banner Now to "]);
        assert_eq!(preview(shop, christmas, false, None).await, ["banner Christmas to "]);
        assert_eq!(preview(shop, christmas, true, None).await, ["banner Christmas to ", "banner Secret to "]);
        let typed = HomeSectionDraft { texts: titled(SectionKind::Banner, "Changed", "").texts, ..draft(shop, now).await };
        assert_eq!(preview(shop, START, false, Some(&typed)).await, ["banner Changed to "]);
        let new = titled(SectionKind::Text, "", "*New* <script>steal()</script>");
        assert_eq!(preview(shop, START, false, Some(&new)).await, ["banner Now to ", "text <p><em>New</em> </p>"]);
        assert_eq!(home(shop, Locale::En).await, ["banner Now to "], "nothing is saved");
        let denied = content::preview_home(shop, &clerk(shop), Locale::En, START, false, None).await;
        assert!(matches!(denied, Err(ContentError::Forbidden(_))), "{denied:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_is_checked_and_of_two_editors_the_second_is_told() {
    both(async |shop| {
        arranged(shop).await;
        assert_eq!(fields(save(shop, titled(SectionKind::Banner, " ", "")).await.unwrap_err()), ["title.en"]);
        assert_eq!(fields(save(shop, titled(SectionKind::Text, "", " ")).await.unwrap_err()), ["body.en"]);
        assert_eq!(fields(save(shop, titled(SectionKind::Products, "Mats", "")).await.unwrap_err()), ["category"]);
        let bad = HomeSectionDraft { link: LinkTarget::Address("javascript:steal()".into()), ..titled(SectionKind::Banner, "Sale", "") };
        assert_eq!(fields(save(shop, bad).await.unwrap_err()), ["address"]);
        let backwards =
            HomeSectionDraft { visible_from: Some(START), visible_until: Some(START), ..titled(SectionKind::Banner, "Sale", "") };
        assert_eq!(fields(save(shop, backwards).await.unwrap_err()), ["visible_until"]);

        let id = save(shop, titled(SectionKind::Banner, "Sale", "")).await.unwrap();
        let (ana, ben) = (draft(shop, id).await, draft(shop, id).await);
        let by_ana = HomeSectionDraft { texts: titled(SectionKind::Banner, "By Ana", "").texts, ..ana };
        // The clock stands still: the version is another one all the same.
        save(shop, by_ana).await.unwrap();
        assert!(matches!(save(shop, ben).await, Err(ContentError::Stale)));
        assert_eq!(home(shop, Locale::En).await, ["banner By Ana to "]);
        for denied in [
            content::home_sections(shop, &clerk(shop), Locale::En).await.map(drop),
            content::arrange_home(shop, &clerk(shop)).await,
            content::reset_home(shop, &clerk(shop)).await,
            content::move_home_section(shop, &clerk(shop), id, Move::Up).await,
            content::remove_home_section(shop, &clerk(shop), id).await,
            content::set_section_picture(shop, &clerk(shop), id, None).await,
            content::save_home_section(shop, &clerk(shop), Locale::En, titled(SectionKind::Banner, "No", "")).await.map(drop),
        ] {
            assert!(matches!(denied, Err(ContentError::Forbidden(_))), "{denied:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sections_are_in_memory_until_an_event_says_that_they_changed() {
    both(async |shop| {
        arranged(shop).await;
        let id = save(shop, titled(SectionKind::Banner, "Sale", "")).await.unwrap();
        assert_eq!(home(shop, Locale::En).await, ["banner Sale to "]);
        // As another node changes it, of which this one has not heard.
        shop.db().write(async |tx| tx.execute("update home_section_texts set title = 'Fiesta'", &[]).await).await.unwrap();
        assert_eq!(home(shop, Locale::En).await, ["banner Sale to "]);
        caches::invalidate(shop, &events_of(shop, id.0).await);
        assert_eq!(home(shop, Locale::En).await, ["banner Fiesta to "]);
    })
    .await;
}
