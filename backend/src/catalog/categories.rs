//! What managers do with categories: list, write, order, show or hide, give a photograph, remove.

use domain::id::{CategoryId, PictureId};
use domain::messages::t;
use domain::permission::Permission;
use domain::slug::slug;
use domain::view::{CategoryDraft, CategoryEditView, CategoryRowView, CategoryTexts};
use domain::{Locale, Timestamp};
use serde_json::json;

use crate::Shop;
use crate::platform::Context;
use crate::platform::db::{Rows, Tx};
use crate::platform::events::{self, Event};
use crate::rows;

use super::check::{Checker, slug_of};
use super::edit::told_apart;
use super::{CatalogError, store};

rows! {
    struct Head {
        position: i64,
        published: bool,
        updated_at: Timestamp,
        products: i64,
        picture: Option<PictureId>,
        width: Option<i64>,
        height: Option<i64>,
    }
}

/// All categories in the order of the shop's menu, hidden ones too, with the number of products in each, whatever their state.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn category_list(shop: &Shop, ctx: &Context, locale: Locale) -> Result<Vec<CategoryRowView>, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let counts: Vec<(CategoryId, i64)> =
        shop.db().fetch_all("select category_id, count(*) from products where category_id is not null group by category_id", &[]).await?;
    let categories = store::categories(shop.db(), true).await?;
    let row = |category: store::Category| {
        let view = category.view(locale);
        CategoryRowView {
            id: category.id,
            name: view.name,
            slug: view.slug,
            picture: view.picture,
            published: category.published,
            products: counts.iter().find(|(id, _)| *id == category.id).map_or(0, |(_, count)| *count),
        }
    };
    Ok(categories.into_iter().map(row).collect())
}

/// A category as it is edited.
///
/// # Errors
/// [`CatalogError::Unknown`], not allowed, or the database's.
pub async fn category_to_edit(shop: &Shop, ctx: &Context, id: CategoryId) -> Result<CategoryEditView, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let head: Option<Head> = shop
        .db()
        .fetch_optional(
            "select c.position, c.published, c.updated_at, (select count(*) from products p where p.category_id = c.id),
                i.id, i.width, i.height
             from categories c left join pictures i on i.id = c.picture_id where c.id = $1",
            &[&id],
        )
        .await?;
    let head = head.ok_or(CatalogError::Unknown)?;
    let texts: Vec<(String, String, String, String)> =
        shop.db().fetch_all("select locale, name, slug, blurb from category_texts where category_id = $1 order by locale", &[&id]).await?;
    let texts = texts.into_iter().map(|(locale, name, slug, blurb)| CategoryTexts { locale, name, slug, blurb }).collect();
    Ok(CategoryEditView {
        draft: CategoryDraft { id: Some(id), version: head.updated_at.millis(), position: head.position, published: head.published, texts },
        picture: store::picture(head.picture, head.width, head.height, None),
        products: head.products,
    })
}

/// Saves a category; a new one takes the place its draft names, and its handle is made from its English name and stays.
///
/// # Errors
/// [`CatalogError::Invalid`] by field (`name.en`, `slug.fil`, `blurb.en`, `position`), [`CatalogError::Stale`] when somebody
/// else saved it since, [`CatalogError::Unknown`], not allowed.
pub async fn save_category(shop: &Shop, ctx: &Context, locale: Locale, draft: CategoryDraft) -> Result<CategoryId, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let mut texts = check(locale, &draft)?;
    let id = draft.id.unwrap_or_else(|| CategoryId(shop.id()));
    for text in &mut texts {
        text.slug = or_id(std::mem::take(&mut text.slug), id);
    }
    let (own, ctx) = (shop.clone(), ctx.clone());
    shop.db().write(async move |tx| write(tx, &own, &ctx, locale, id, &draft, texts.clone()).await).await?;
    shop.shelf().touch_all();
    Ok(id)
}

fn check(locale: Locale, draft: &CategoryDraft) -> Result<Vec<CategoryTexts>, CatalogError> {
    const LAST: i64 = 9_999;
    let mut c = Checker { locale, errors: Vec::new() };
    let none = CategoryTexts::default();
    let mut texts = Vec::new();
    for known in Locale::ALL {
        let code = known.code();
        let text = draft.texts.iter().find(|text| text.locale == code).unwrap_or(&none);
        let field = |name: &str| format!("{name}.{code}");
        let name = c.name(known, &text.name, 80);
        let blurb = c.text(&field("blurb"), &text.blurb, 500);
        if name.is_empty() {
            continue;
        }
        let slug = slug_of(&mut c, &field("slug"), &text.slug, &name);
        texts.push(CategoryTexts { locale: code.to_owned(), name, slug, blurb });
    }
    c.range("position", draft.position, LAST);
    if c.errors.is_empty() { Ok(texts) } else { Err(CatalogError::Invalid(c.errors)) }
}

async fn write(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    id: CategoryId,
    draft: &CategoryDraft,
    mut texts: Vec<CategoryTexts>,
) -> Result<(), CatalogError> {
    free_slugs(tx, locale, id, draft, &mut texts).await?;
    let english = texts.first().map(|text| text.name.clone()).unwrap_or_default();
    let now = shop.now();
    let kind = if draft.id.is_some() {
        tx.lock("select 1 from categories where id = $1 for update", &[&id]).await?;
        let saved: Option<(Timestamp,)> = tx.fetch_optional("select updated_at from categories where id = $1", &[&id]).await?;
        let (saved,) = saved.ok_or(CatalogError::Unknown)?;
        if saved.millis() != draft.version {
            return Err(CatalogError::Stale);
        }
        // Two saves in one millisecond are told apart as well.
        let at = now.max(saved.plus_millis(1));
        tx.execute(
            "update categories set position = $2, published = $3, updated_at = $4 where id = $1",
            &[&id, &draft.position, &draft.published, &at],
        )
        .await?;
        tx.execute("delete from category_texts where category_id = $1", &[&id]).await?;
        "category.updated"
    } else {
        let handle = or_id(slug(&english), id);
        let taken: Option<(i64,)> = tx.fetch_optional("select 1 from categories where handle = $1", &[&handle]).await?;
        let handle = if taken.is_some() { told_apart(&handle, id.0) } else { handle };
        tx.execute(
            "insert into categories (id, handle, position, published, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
            &[&id, &handle, &draft.position, &draft.published, &now],
        )
        .await?;
        "category.created"
    };
    let mut rows = Rows::new();
    for text in &texts {
        rows.row(&[&id, &text.locale, &text.name, &text.slug, &text.blurb]);
    }
    tx.execute(
        "insert into category_texts (category_id, locale, name, slug, blurb)
         select unhex(value->>0), value->>1, value->>2, value->>3, value->>4 from json_each($1)",
        &[&rows.end()],
    )
    .await?;
    let said = json!({ "name": english, "position": draft.position, "published": draft.published });
    Ok(events::append(tx, shop, ctx, now, &[Event::new(kind, id.0, said)]).await?)
}

/// A word for addresses; a name of which none can be made goes by its id.
fn or_id(word: String, id: CategoryId) -> String {
    if word.is_empty() { format!("c-{}", id.0.simple()) } else { word }
}

/// An address leads to one category, in whichever language: one that was typed must be free, one made from the name is told apart.
async fn free_slugs(
    tx: &mut Tx,
    locale: Locale,
    id: CategoryId,
    draft: &CategoryDraft,
    texts: &mut [CategoryTexts],
) -> Result<(), CatalogError> {
    for text in texts {
        let taken: Option<(i64,)> =
            tx.fetch_optional("select 1 from category_texts where slug = $1 and category_id <> $2 limit 1", &[&text.slug, &id]).await?;
        if taken.is_none() {
            continue;
        }
        if draft.texts.iter().any(|typed| typed.locale == text.locale && !typed.slug.trim().is_empty()) {
            let said = t::FIELD_SLUG_TAKEN.text(locale).to_owned();
            return Err(CatalogError::Invalid(vec![(format!("slug.{}", text.locale), said)]));
        }
        text.slug = told_apart(&text.slug, id.0);
    }
    Ok(())
}

/// Gives a category a photograph that was kept (see [`super::add_picture`]), or none.
///
/// # Errors
/// [`CatalogError::Unknown`] category or photograph, not allowed.
pub async fn set_category_picture(shop: &Shop, ctx: &Context, id: CategoryId, picture: Option<PictureId>) -> Result<(), CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let (own, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let set = tx
                .execute(
                    "update categories set picture_id = $2 where id = $1 and ($2 is null or exists (select 1 from pictures where id = $2))",
                    &[&id, &picture],
                )
                .await?;
            if set == 0 {
                return Err(CatalogError::Unknown);
            }
            let event = Event::new("category.updated", id.0, json!({ "picture": picture }));
            Ok(events::append(tx, &own, &ctx, own.now(), &[event]).await?)
        })
        .await?;
    shop.shelf().touch_all();
    Ok(())
}

/// Removes a category that no product is in, archived ones included.
///
/// # Errors
/// [`CatalogError::InUse`], [`CatalogError::Unknown`], not allowed.
pub async fn remove_category(shop: &Shop, ctx: &Context, id: CategoryId) -> Result<(), CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let (own, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            // Whoever puts a product into it meanwhile waits for this, and finds it gone.
            tx.lock("select 1 from categories where id = $1 for update", &[&id]).await?;
            let known: Option<(String,)> = tx.fetch_optional("select handle from categories where id = $1", &[&id]).await?;
            let (handle,) = known.ok_or(CatalogError::Unknown)?;
            let used: Option<(i64,)> = tx.fetch_optional("select 1 from products where category_id = $1 limit 1", &[&id]).await?;
            if used.is_some() {
                return Err(CatalogError::InUse);
            }
            tx.execute("delete from category_texts where category_id = $1", &[&id]).await?;
            tx.execute("delete from categories where id = $1", &[&id]).await?;
            let event = Event::new("category.removed", id.0, json!({ "handle": handle }));
            Ok(events::append(tx, &own, &ctx, own.now(), &[event]).await?)
        })
        .await?;
    shop.shelf().touch_all();
    Ok(())
}
