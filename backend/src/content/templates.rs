//! The pages that every shop has: a new one gets templates as drafts, with a place for each thing that only its owner can say.

use domain::Locale;
use domain::id::PageId;
use platform::db::{Db, DbError, Flag, Hex, JsonRows, Tx, hex};
use platform::settings;
use serde::{Deserialize, Serialize};

const FILE: &str = include_str!("templates.toml");

/// The key in the settings by which a shop that had its templates is known: one that was deleted does not come back.
const GIVEN: &str = "content.templates";

/// A page of the templates or of the demonstration.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NewPage {
    pub handle: String,
    pub en: NewPageText,
    pub fil: NewPageText,
}

/// A page in one language.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NewPageText {
    pub slug: String,
    pub title: String,
    #[serde(default)]
    pub description: String,
    pub body: String,
}

#[derive(Deserialize)]
struct Templates {
    page: Vec<NewPage>,
}

impl NewPage {
    fn texts(&self) -> [(Locale, &NewPageText); Locale::ALL.len()] {
        [(Locale::En, &self.en), (Locale::Fil, &self.fil)]
    }
}

/// Gives a shop the templates, once.
///
/// # Errors
/// The database's.
pub(crate) async fn open_pages(db: &Db) -> Result<(), DbError> {
    let sql = "select key from settings where key = $1";
    if db.fetch_optional_scalar::<String>(sql, &[&GIVEN]).await?.is_some() {
        return Ok(());
    }
    let Ok(Templates { page: pages }) = toml::from_str(FILE) else {
        tracing::error!("the templates of pages cannot be read");
        return Ok(());
    };
    db.write(async move |tx| {
        insert(tx, &pages, false).await?;
        settings::put(tx, GIVEN, &true).await
    })
    .await
}

/// Publishes these pages in place of the templates.
///
/// # Errors
/// The database's.
pub(crate) async fn publish(tx: &mut Tx, pages: &[NewPage]) -> Result<(), DbError> {
    for page in pages {
        let sql = "delete from page_texts where page_id in (select id from pages where handle = $1 and published = 0)";
        tx.execute(sql, &[&page.handle]).await?;
        tx.execute("delete from pages where handle = $1 and published = 0", &[&page.handle]).await?;
    }
    insert(tx, pages, true).await
}

/// Writes pages in their order; those whose handle is there stay as they are.
async fn insert(tx: &mut Tx, pages: &[NewPage], published: bool) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        handle: &'a str,
        position: usize,
    }
    #[derive(Serialize)]
    struct TextRow<'a> {
        page: Hex<'a>,
        locale: &'a str,
        slug: &'a str,
        title: &'a str,
        body: &'a str,
        description: &'a str,
    }
    let ids: Vec<PageId> = pages.iter().map(|_| PageId(tx.id())).collect();
    let (mut rows, mut texts) = (JsonRows::new(), JsonRows::new());
    for ((at, page), id) in pages.iter().enumerate().zip(&ids) {
        rows.push(&Row { id: hex(id), handle: &page.handle, position: at + 1 });
        for (locale, NewPageText { slug, title, body, description }) in page.texts() {
            texts.push(&TextRow { page: hex(id), locale: locale.code(), slug, title, body: body.trim(), description });
        }
    }
    let now = tx.now();
    tx.execute(
        "insert into pages (id, handle, position, published, created_at, updated_at)
         select unhex(value->>'id'), value->>'handle', cast(value->>'position' as bigint), $2, $3, $3
         from json_each($1) where true on conflict (handle) do nothing",
        &[&rows.finish(), &Flag(published), &now],
    )
    .await?;
    tx.execute(
        "insert into page_texts (page_id, locale, slug, title, body, description)
         select p.id, value->>'locale', value->>'slug', value->>'title', value->>'body', value->>'description'
         from json_each($1) j join pages p on p.id = unhex(value->>'page') where true on conflict do nothing",
        &[&texts.finish()],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_the_pages_that_every_shop_has() -> Result<(), toml::de::Error> {
        let Templates { page: pages } = toml::from_str(FILE)?;
        let handles: Vec<&str> = pages.iter().map(|page| page.handle.as_str()).collect();
        assert_eq!(handles, ["about", "contact", "delivery", "returns", "privacy", "terms"]);
        for page in &pages {
            for (_, text) in page.texts() {
                assert!(domain::slug::is_slug(&text.slug) && !text.title.is_empty() && !text.body.trim().is_empty(), "{text:?}");
            }
        }
        Ok(())
    }
}
