//! The published pages as shoppers read them, in memory until one changes, and what else the content keeps in memory.

use std::sync::Arc;
use std::time::Duration;

use domain::Locale;
use domain::id::PageId;
use domain::view::{ContentPageView, PageLinkView};
use platform::cache::Cache;
use platform::clock::Clock;
use platform::db::{DbError, FromRow};

use super::home::Home;
use super::menus::Menus;
use super::{CONTACT, markdown};
use crate::Shop;

/// After this time the copy is read again, in case an event has not arrived yet.
const MAX_AGE: Duration = Duration::from_secs(5);
/// Characters of a description that is the beginning of its page.
const DESCRIPTION: usize = 160;

/// A published page in one language.
struct Text {
    locale: Locale,
    slug: String,
    title: String,
    html: String,
    description: String,
}

struct Page {
    id: PageId,
    handle: String,
    /// English first, which stands in for the languages that it is not written in.
    texts: Vec<Text>,
}

impl Page {
    fn text(&self, locale: Locale) -> Option<&Text> {
        self.texts.iter().find(|text| text.locale == locale).or_else(|| self.texts.first())
    }

    /// The slugs by language code; none where one is that of two languages, which says nothing about any of them. No other page has it.
    fn languages(&self) -> Vec<(String, String)> {
        let is_shared = |text: &Text| self.texts.iter().filter(|other| other.slug == text.slug).count() > 1;
        if self.texts.iter().any(is_shared) {
            return Vec::new();
        }
        self.texts.iter().map(|text| (text.locale.code().to_owned(), text.slug.clone())).collect()
    }
}

/// What the owner wrote and arranged, in memory: the published pages by their place, the menus, the sections of the home page.
pub struct ContentCache {
    pages: Cache<(), Arc<Vec<Page>>>,
    pub(super) menus: Cache<(), Arc<Menus>>,
    pub(super) home: Cache<(), Arc<Home>>,
}

impl ContentCache {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        let clock = || Arc::clone(clock);
        Self {
            pages: Cache::new(1).with_max_age(MAX_AGE, clock()),
            menus: Cache::new(1).with_max_age(MAX_AGE, clock()),
            home: Cache::new(1).with_max_age(MAX_AGE, clock()),
        }
    }

    /// What is shown next goes by the pages, menus and sections as they are then.
    pub(crate) fn invalidate(&self) {
        self.pages.invalidate();
        self.menus.invalidate();
        self.home.invalidate();
    }
}

async fn published(shop: &Shop) -> Result<Arc<Vec<Page>>, DbError> {
    let reading = async { read(shop).await.map(|pages| Some(Arc::new(pages))) };
    Ok(shop.content_cache().pages.get_or_read((), reading).await?.unwrap_or_default())
}

async fn read(shop: &Shop) -> Result<Vec<Page>, DbError> {
    #[derive(FromRow)]
    struct Row {
        id: PageId,
        handle: String,
        locale: String,
        slug: String,
        title: String,
        body: String,
        description: String,
    }
    let rows: Vec<Row> = shop
        .db()
        .fetch_all(
            "select p.id, p.handle, t.locale, t.slug, t.title, t.body, t.description
             from pages p join page_texts t on t.page_id = p.id where p.published = 1 order by p.position, p.id, t.locale",
            &[],
        )
        .await?;
    let mut pages: Vec<Page> = Vec::new();
    for row in rows {
        let Some(locale) = Locale::parse(&row.locale) else { continue };
        let description = if row.description.is_empty() { markdown::beginning(&row.body, DESCRIPTION) } else { row.description };
        let text = Text { locale, slug: row.slug, title: row.title, html: markdown::to_html(&row.body), description };
        match pages.last_mut().filter(|page| page.handle == row.handle) {
            Some(page) => page.texts.push(text),
            None => pages.push(Page { id: row.id, handle: row.handle, texts: vec![text] }),
        }
    }
    Ok(pages)
}

/// A published page by its slug in any language, in this language or, where it is not written in it, in English.
///
/// # Errors
/// The database's.
pub async fn page(shop: &Shop, locale: Locale, slug: &str) -> Result<Option<ContentPageView>, DbError> {
    let pages = published(shop).await?;
    let view = |page: &Page| {
        let text = page.text(locale)?;
        Some(ContentPageView {
            slug: text.slug.clone(),
            languages: page.languages(),
            title: text.title.clone(),
            description: text.description.clone(),
            html: text.html.clone(),
            has_contact_form: page.handle == CONTACT,
        })
    };
    Ok(pages.iter().find(|page| page.texts.iter().any(|text| text.slug == slug)).and_then(view))
}

/// The language of a published page's slug; none of one that it has in several languages, or that no page has.
///
/// # Errors
/// The database's.
pub async fn language_of_page(shop: &Shop, slug: &str) -> Result<Option<Locale>, DbError> {
    let pages = published(shop).await?;
    let mut languages = pages.iter().flat_map(|page| &page.texts).filter(|text| text.slug == slug).map(|text| text.locale);
    Ok(languages.next().filter(|_| languages.next().is_none()))
}

/// Links to the published pages with their ids, by their place.
pub(super) async fn links(shop: &Shop, locale: Locale) -> Result<Vec<(PageId, PageLinkView)>, DbError> {
    let pages = published(shop).await?;
    let link = |page: &Page| page.text(locale).map(|text| (page.id, PageLinkView { slug: text.slug.clone(), title: text.title.clone() }));
    Ok(pages.iter().filter_map(link).collect())
}

/// Has a published page the contact form?
pub(super) async fn has_contact_form(shop: &Shop) -> Result<bool, DbError> {
    Ok(published(shop).await?.iter().any(|page| page.handle == CONTACT))
}

/// The paths of the published pages in every language, for search engines.
///
/// # Errors
/// The database's.
pub async fn public_paths(shop: &Shop) -> Result<Vec<String>, DbError> {
    let pages = published(shop).await?;
    let mut paths: Vec<String> = pages.iter().flat_map(|page| &page.texts).map(|text| format!("/pages/{}", text.slug)).collect();
    // One slug for two languages is one address.
    paths.dedup();
    Ok(paths)
}
