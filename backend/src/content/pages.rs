//! What managers do with pages: list, write, publish, delete.

use domain::id::PageId;
use domain::messages::t;
use domain::permission::Permission;
use domain::slug::slug;
use domain::view::{PageDraft, PageRowView, PageTexts};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::db::{Flag, FromRow, Hex, JsonRows, Tx, hex};
use serde::Serialize;

use super::events::{PageCreated, PageDeleted, PageUpdated};
use super::{CONTACT, ContentError};
use crate::Shop;
use crate::catalog::{Checker, slug_of, with_id_suffix};

/// Characters of a page's text in one language.
const MAX_BODY: usize = 50_000;
const MAX_TITLE: usize = 120;
const MAX_DESCRIPTION: usize = 300;
const LAST_POSITION: i64 = 9_999;

/// All pages by their place, drafts too.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn pages(shop: &Shop, ctx: &Context, locale: Locale) -> Result<Vec<PageRowView>, ContentError> {
    ctx.require(Permission::ReadContent)?;
    #[derive(FromRow)]
    struct Row {
        id: PageId,
        published: Flag,
        updated_at: Timestamp,
        locale: String,
        slug: String,
        title: String,
    }
    let rows: Vec<Row> = shop
        .db()
        .fetch_all(
            "select p.id, p.published, p.updated_at, t.locale, t.slug, t.title
             from pages p join page_texts t on t.page_id = p.id order by p.position, p.id, t.locale",
            &[],
        )
        .await?;
    let mut pages: Vec<PageRowView> = Vec::new();
    for row in rows {
        let is_shown = row.locale == locale.code();
        match pages.last_mut().filter(|page| page.id == row.id) {
            Some(page) => {
                page.languages.push(row.locale);
                if is_shown {
                    (page.title, page.slug) = (row.title, row.slug);
                }
            }
            None => pages.push(PageRowView {
                id: row.id,
                title: row.title,
                slug: row.slug,
                published: row.published.0,
                languages: vec![row.locale],
                updated_at: row.updated_at,
            }),
        }
    }
    Ok(pages)
}

/// A page as it is edited.
///
/// # Errors
/// [`ContentError::Unknown`], not allowed, or the database's.
pub async fn page_to_edit(shop: &Shop, ctx: &Context, id: PageId) -> Result<PageDraft, ContentError> {
    ctx.require(Permission::ReadContent)?;
    #[derive(FromRow)]
    struct Head {
        position: i64,
        published: Flag,
        updated_at: Timestamp,
    }
    #[derive(FromRow)]
    struct TextRow {
        locale: String,
        slug: String,
        title: String,
        body: String,
        description: String,
    }
    let head: Option<Head> = shop.db().fetch_optional("select position, published, updated_at from pages where id = $1", &[&id]).await?;
    let head = head.ok_or(ContentError::Unknown)?;
    let sql = "select locale, slug, title, body, description from page_texts where page_id = $1 order by locale";
    let rows: Vec<TextRow> = shop.db().fetch_all(sql, &[&id]).await?;
    let text = |row: TextRow| {
        let TextRow { locale, slug, title, body, description } = row;
        PageTexts { locale, slug, title, body, description }
    };
    Ok(PageDraft {
        id: Some(id),
        version: head.updated_at.millis(),
        position: head.position,
        published: head.published.0,
        texts: rows.into_iter().map(text).collect(),
    })
}

/// Who changed a page last, as events name them, and when; none where nobody did since it was made.
///
/// # Errors
/// The database's.
pub async fn last_page_change(shop: &Shop, id: PageId) -> Result<Option<(String, Timestamp)>, ContentError> {
    Ok(platform::events::last::<PageUpdated>(shop.db(), id).await?)
}

/// Saves a page. The handle of a new one is made from its English title and never changes.
///
/// # Errors
/// [`ContentError::Invalid`] by field (`title.en`, `slug.fil`, `body.en`, `description.en`, `position`), [`ContentError::Stale`] when
/// somebody else saved it since, [`ContentError::Unknown`], not allowed.
pub async fn save_page(shop: &Shop, ctx: &Context, locale: Locale, draft: PageDraft) -> Result<PageId, ContentError> {
    ctx.require(Permission::WriteContent)?;
    let mut texts = check(locale, &draft)?;
    let id = draft.id.unwrap_or_else(|| PageId(shop.id()));
    for text in &mut texts {
        text.slug = or_id(std::mem::take(&mut text.slug), id);
    }
    shop.write(ctx, async move |tx| write(tx, locale, id, &draft, texts.clone()).await).await?;
    shop.content_cache().invalidate();
    Ok(id)
}

fn check(locale: Locale, draft: &PageDraft) -> Result<Vec<PageTexts>, ContentError> {
    let mut c = Checker { locale, errors: Vec::new() };
    let none = PageTexts::default();
    let mut texts = Vec::new();
    for text_locale in Locale::ALL {
        let code = text_locale.code();
        let text = draft.texts.iter().find(|text| text.locale == code).unwrap_or(&none);
        let field = |name: &str| format!("{name}.{code}");
        let body = c.text(&field("body"), &text.body.replace("\r\n", "\n"), MAX_BODY);
        // English stands in for the others, which are left out as a whole or have a title.
        let is_empty = [&body, &text.slug, &text.description].iter().all(|text| text.trim().is_empty());
        let is_needed = text_locale == Locale::En || !is_empty;
        let title =
            if is_needed { c.required(&field("title"), &text.title, MAX_TITLE) } else { c.text(&field("title"), &text.title, MAX_TITLE) };
        let description = c.text(&field("description"), &text.description, MAX_DESCRIPTION);
        if title.is_empty() {
            continue;
        }
        let slug = slug_of(&mut c, &field("slug"), &text.slug, &title);
        texts.push(PageTexts { locale: code.to_owned(), slug, title, body, description });
    }
    c.range("position", draft.position, LAST_POSITION);
    if c.errors.is_empty() { Ok(texts) } else { Err(ContentError::Invalid(c.errors)) }
}

/// The slug, or one made from the id where the title has no letter of which a slug could be made.
fn or_id(word: String, id: PageId) -> String {
    if word.is_empty() { format!("page-{}", id.0.simple()) } else { word }
}

async fn write(tx: &mut Tx, locale: Locale, id: PageId, draft: &PageDraft, mut texts: Vec<PageTexts>) -> Result<(), ContentError> {
    // Slugs and handles that are free must stay so.
    tx.lock("select pg_advisory_xact_lock(7220151, 2)", &[]).await?;
    free_slugs(tx, locale, id, draft, &mut texts).await?;
    let (title, published) = (texts.first().map(|text| text.title.clone()).unwrap_or_default(), draft.published);
    if draft.id.is_some() {
        update(tx, id, draft).await?;
        tx.execute("delete from page_texts where page_id = $1", &[&id]).await?;
        tx.record(id, PageUpdated { title, published });
    } else {
        insert(tx, id, draft, &title).await?;
        tx.record(id, PageCreated { title, published });
    }
    insert_texts(tx, id, &texts).await
}

async fn update(tx: &mut Tx, id: PageId, draft: &PageDraft) -> Result<(), ContentError> {
    tx.lock("select 1 from pages where id = $1 for update", &[&id]).await?;
    let saved: Option<Timestamp> = tx.fetch_optional_scalar("select updated_at from pages where id = $1", &[&id]).await?;
    let saved = saved.ok_or(ContentError::Unknown)?;
    if saved.millis() != draft.version {
        return Err(ContentError::Stale);
    }
    // The time is the version, so two saves in one millisecond must differ.
    let at = tx.now().max(saved.plus_millis(1));
    let sql = "update pages set position = $2, published = $3, updated_at = $4 where id = $1";
    tx.execute(sql, &[&id, &draft.position, &draft.published, &at]).await?;
    Ok(())
}

async fn insert(tx: &mut Tx, id: PageId, draft: &PageDraft, title: &str) -> Result<(), ContentError> {
    let handle = or_id(slug(title), id);
    let taken: Option<PageId> = tx.fetch_optional_scalar("select id from pages where handle = $1", &[&handle]).await?;
    let handle = if taken.is_some() { with_id_suffix(&handle, id.0) } else { handle };
    tx.execute(
        "insert into pages (id, handle, position, published, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
        &[&id, &handle, &draft.position, &draft.published, &tx.now()],
    )
    .await?;
    Ok(())
}

async fn insert_texts(tx: &mut Tx, id: PageId, texts: &[PageTexts]) -> Result<(), ContentError> {
    #[derive(Serialize)]
    struct Row<'a> {
        page: Hex<'a>,
        locale: &'a str,
        slug: &'a str,
        title: &'a str,
        body: &'a str,
        description: &'a str,
    }
    let mut rows = JsonRows::new();
    for PageTexts { locale, slug, title, body, description } in texts {
        rows.push(&Row { page: hex(&id), locale, slug, title, body, description });
    }
    tx.write_rows(
        "insert into page_texts (page_id, locale, slug, title, body, description)
         select unhex(value->>'page'), value->>'locale', value->>'slug', value->>'title', value->>'body', value->>'description'
         from json_each($1)",
        rows,
    )
    .await?;
    Ok(())
}

/// A slug is one page's in all languages: one that was typed must be free, one made from the title gets a suffix where it is taken.
async fn free_slugs(tx: &mut Tx, locale: Locale, id: PageId, draft: &PageDraft, texts: &mut [PageTexts]) -> Result<(), ContentError> {
    for text in texts {
        let sql = "select page_id from page_texts where slug = $1 and page_id <> $2 limit 1";
        let taken: Option<PageId> = tx.fetch_optional_scalar(sql, &[&text.slug, &id]).await?;
        if taken.is_none() {
            continue;
        }
        if draft.texts.iter().any(|typed| typed.locale == text.locale && !typed.slug.trim().is_empty()) {
            let message = t::ADMIN_CONTENT_SLUG_TAKEN.text(locale).to_owned();
            return Err(ContentError::Invalid(vec![(format!("slug.{}", text.locale), message)]));
        }
        text.slug = with_id_suffix(&text.slug, id.0);
    }
    Ok(())
}

/// Deletes a page.
///
/// # Errors
/// [`ContentError::Kept`] of a published page and of that with the contact form, [`ContentError::Unknown`], not allowed, or the database's.
pub async fn delete_page(shop: &Shop, ctx: &Context, id: PageId) -> Result<(), ContentError> {
    #[derive(FromRow)]
    struct Head {
        handle: String,
        published: Flag,
    }
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        tx.lock("select 1 from pages where id = $1 for update", &[&id]).await?;
        let head: Option<Head> = tx.fetch_optional("select handle, published from pages where id = $1", &[&id]).await?;
        let Head { handle, published } = head.ok_or(ContentError::Unknown)?;
        if published.0 || handle == CONTACT {
            return Err(ContentError::Kept);
        }
        tx.execute("delete from page_texts where page_id = $1", &[&id]).await?;
        tx.execute("delete from pages where id = $1", &[&id]).await?;
        tx.record(id, PageDeleted { handle });
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}
