//! What managers do with categories: list, write, order, show or hide, give a picture, remove.

use domain::id::{CategoryId, PictureId, ProductId};
use domain::messages::t;
use domain::permission::Permission;
use domain::slug::slug;
use domain::view::{CategoryDraft, CategoryEditView, CategoryRowView, CategoryRule, CategoryTexts};
use domain::{Currency, Locale, Timestamp};
use platform::Context;
use platform::db::{DbError, Flag, FromRow, Hex, JsonRows, Tx, hex};
use serde::Serialize;

use crate::Shop;
use crate::settings::shop_currency;

use super::browse::new_since;
use super::check::{Checker, MAX_TAG, slug_of};
use super::edit::with_id_suffix;
use super::events::{CategoryCreated, CategoryRemoved, CategoryUpdated};
use super::former_slugs::{self, NewSlug};
use super::{CatalogError, store};

/// All categories in the order of the shop's menu, hidden ones too, with the number of products in each, whatever their state.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn category_list(shop: &Shop, ctx: &Context, locale: Locale) -> Result<Vec<CategoryRowView>, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    #[derive(FromRow)]
    struct Count {
        category: CategoryId,
        products: i64,
    }
    let sql = "select category_id as category, count(*) as products from products where category_id is not null group by category_id";
    let counts: Vec<Count> = shop.db().fetch_all(sql, &[]).await?;
    let categories = store::categories(shop.db(), true).await?;
    let snapshot = shop.listings().current(shop).await?;
    let row = |category: store::Category| {
        let view = category.view(locale);
        let by_rule = category.rule.as_ref().map(|rule| snapshot.count_of(rule, new_since(shop, rule)));
        CategoryRowView {
            id: category.id,
            name: view.name,
            slug: view.slug,
            picture: view.picture,
            published: category.published,
            by_rule: by_rule.is_some(),
            products: by_rule
                .unwrap_or_else(|| counts.iter().find(|count| count.category == category.id).map_or(0, |count| count.products)),
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
    #[derive(FromRow)]
    struct Head {
        position: i64,
        published: Flag,
        rule: Option<String>,
        updated_at: Timestamp,
        products: i64,
        picture: Option<PictureId>,
        width: Option<i64>,
        height: Option<i64>,
    }
    #[derive(FromRow)]
    struct TextRow {
        locale: String,
        name: String,
        slug: String,
        blurb: String,
    }
    let head: Option<Head> = shop
        .db()
        .fetch_optional(
            "select c.position, c.published, c.rule, c.updated_at, (select count(*) from products p where p.category_id = c.id) as products,
                i.id as picture, i.width, i.height
             from categories c left join pictures i on i.id = c.picture_id where c.id = $1",
            &[&id],
        )
        .await?;
    let head = head.ok_or(CatalogError::Unknown)?;
    let sql = "select locale, name, slug, blurb from category_texts where category_id = $1 order by locale";
    let rows: Vec<TextRow> = shop.db().fetch_all(sql, &[&id]).await?;
    let texts = rows.into_iter().map(|row| CategoryTexts { locale: row.locale, name: row.name, slug: row.slug, blurb: row.blurb });
    let texts = texts.collect();
    let rule: Option<CategoryRule> = head.rule.as_deref().map(serde_json::from_str).transpose().map_err(DbError::from)?;
    let products = match &rule {
        Some(rule) => shop.listings().current(shop).await?.count_of(rule, new_since(shop, rule)),
        None => head.products,
    };
    Ok(CategoryEditView {
        draft: CategoryDraft {
            id: Some(id),
            version: head.updated_at.millis(),
            position: head.position,
            published: head.published.0,
            texts,
            rule,
        },
        picture: store::picture(head.picture, head.width, head.height, None),
        products,
    })
}

/// Who changed a category last, as events name them, and when; none where nobody did since it was made.
///
/// # Errors
/// The database's.
pub async fn last_category_change(shop: &Shop, id: CategoryId) -> Result<Option<(String, Timestamp)>, CatalogError> {
    Ok(platform::events::last::<CategoryUpdated>(shop.db(), id).await?)
}

/// Saves a category at the position of its draft. The handle of a new one is made from its English name and never changes.
///
/// # Errors
/// [`CatalogError::Invalid`] by field (`name.en`, `slug.fil`, `blurb.en`, `position`, and of a rule `tag`, `price_min`, `price_max`,
/// `new_days`), [`CatalogError::InUse`] for a rule where products were put into it by hand, [`CatalogError::Stale`] when somebody
/// else saved it since, [`CatalogError::Unknown`], not allowed.
pub async fn save_category(shop: &Shop, ctx: &Context, locale: Locale, mut draft: CategoryDraft) -> Result<CategoryId, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    tidy(&mut draft);
    let mut texts = check(locale, shop_currency(shop), &draft)?;
    let id = draft.id.unwrap_or_else(|| CategoryId(shop.id()));
    for text in &mut texts {
        text.slug = or_id(std::mem::take(&mut text.slug), id);
    }
    shop.write(ctx, async move |tx| write(tx, locale, id, &draft, texts.clone()).await).await?;
    shop.listings().invalidate_all();
    Ok(id)
}

fn check_rule(c: &mut Checker, currency: Currency, rule: &CategoryRule) {
    if rule.is_empty() {
        c.wrong("tag", t::ADMIN_CATEGORIES_RULE_EMPTY.text(c.locale));
    }
    c.text("tag", &rule.tag, MAX_TAG);
    for (field, price) in [("price_min", rule.price_min), ("price_max", rule.price_max)] {
        if let Some(price) = price {
            c.amount(field, price, currency);
        }
    }
    if let (Some(min), Some(max)) = (rule.price_min, rule.price_max)
        && max < min
    {
        c.wrong("price_max", t::ADMIN_CATEGORIES_RULE_PRICES.text(c.locale));
    }
    if rule.new_days.is_some_and(|days| !(1..=CategoryRule::MOST_DAYS).contains(&days)) {
        let most = c.locale.number(CategoryRule::MOST_DAYS);
        c.wrong("new_days", t::FIELD_NUMBER_RANGE.with(c.locale, &[("min", "1"), ("max", &most)]));
    }
}

/// Tags are kept in small letters.
fn tidy(draft: &mut CategoryDraft) {
    if let Some(rule) = &mut draft.rule {
        rule.tag = rule.tag.trim().to_lowercase();
    }
}

fn check(locale: Locale, currency: Currency, draft: &CategoryDraft) -> Result<Vec<CategoryTexts>, CatalogError> {
    const LAST: i64 = 9_999;
    let mut c = Checker { locale, errors: Vec::new() };
    let none = CategoryTexts::default();
    let mut texts = Vec::new();
    for text_locale in Locale::ALL {
        let code = text_locale.code();
        let text = draft.texts.iter().find(|text| text.locale == code).unwrap_or(&none);
        let field = |name: &str| format!("{name}.{code}");
        let name = c.name(text_locale, &text.name, 80);
        let blurb = c.text(&field("blurb"), &text.blurb, 500);
        if name.is_empty() {
            continue;
        }
        let slug = slug_of(&mut c, &field("slug"), &text.slug, &name);
        texts.push(CategoryTexts { locale: code.to_owned(), name, slug, blurb });
    }
    c.range("position", draft.position, LAST);
    if let Some(rule) = &draft.rule {
        check_rule(&mut c, currency, rule);
    }
    if c.errors.is_empty() { Ok(texts) } else { Err(CatalogError::Invalid(c.errors)) }
}

async fn write(
    tx: &mut Tx,
    locale: Locale,
    id: CategoryId,
    draft: &CategoryDraft,
    mut texts: Vec<CategoryTexts>,
) -> Result<(), CatalogError> {
    free_slugs(tx, locale, id, draft, &mut texts).await?;
    let rule = draft.rule.as_ref().map(serde_json::to_string).transpose().map_err(DbError::from)?;
    let english = texts.first().map(|text| text.name.clone()).unwrap_or_default();
    let (name, position, published) = (Some(english.clone()), Some(draft.position), Some(draft.published));
    let slugs: Vec<NewSlug<'_>> = texts.iter().map(|text| NewSlug { id: hex(&id), locale: &text.locale, slug: &text.slug }).collect();
    if draft.id.is_some() {
        update(tx, id, draft, &rule).await?;
        former_slugs::keep_of_category(tx, &slugs).await?;
        tx.execute("delete from category_texts where category_id = $1", &[&id]).await?;
        tx.record(id, CategoryUpdated { name, position, published, rule: draft.rule.clone(), picture: None });
    } else {
        insert(tx, id, draft, &english, &rule).await?;
        tx.record(id, CategoryCreated { name, position, published, rule: draft.rule.clone(), handle: None });
    }
    insert_texts(tx, id, &texts).await?;
    Ok(former_slugs::category_has(tx, &slugs).await?)
}

/// `rule` is the draft's as JSON.
async fn update(tx: &mut Tx, id: CategoryId, draft: &CategoryDraft, rule: &Option<String>) -> Result<(), CatalogError> {
    tx.lock("select 1 from categories where id = $1 for update", &[&id]).await?;
    let saved: Option<Timestamp> = tx.fetch_optional_scalar("select updated_at from categories where id = $1", &[&id]).await?;
    let saved = saved.ok_or(CatalogError::Unknown)?;
    if saved.millis() != draft.version {
        return Err(CatalogError::Stale);
    }
    let sql = "select id from products where category_id = $1 limit 1";
    if rule.is_some() && tx.fetch_optional_scalar::<ProductId>(sql, &[&id]).await?.is_some() {
        return Err(CatalogError::InUse);
    }
    // The time is the version, so two saves in one millisecond must differ.
    let at = tx.now().max(saved.plus_millis(1));
    let sql = "update categories set position = $2, published = $3, updated_at = $4, rule = $5 where id = $1";
    tx.execute(sql, &[&id, &draft.position, &draft.published, &at, rule]).await?;
    Ok(())
}

async fn insert(tx: &mut Tx, id: CategoryId, draft: &CategoryDraft, english: &str, rule: &Option<String>) -> Result<(), CatalogError> {
    let handle = or_id(slug(english), id);
    let taken: Option<CategoryId> = tx.fetch_optional_scalar("select id from categories where handle = $1", &[&handle]).await?;
    let handle = if taken.is_some() { with_id_suffix(&handle, id.0) } else { handle };
    tx.execute(
        "insert into categories (id, handle, position, published, created_at, updated_at, rule) values ($1, $2, $3, $4, $5, $5, $6)",
        &[&id, &handle, &draft.position, &draft.published, &tx.now(), rule],
    )
    .await?;
    Ok(())
}

async fn insert_texts(tx: &mut Tx, id: CategoryId, texts: &[CategoryTexts]) -> Result<(), CatalogError> {
    #[derive(Serialize)]
    struct Row<'a> {
        category: Hex<'a>,
        locale: &'a str,
        name: &'a str,
        slug: &'a str,
        blurb: &'a str,
    }
    let mut rows = JsonRows::new();
    for CategoryTexts { locale, name, slug, blurb } in texts {
        rows.push(&Row { category: hex(&id), locale, name, slug, blurb });
    }
    tx.write_rows(
        "insert into category_texts (category_id, locale, name, slug, blurb)
         select unhex(value->>'category'), value->>'locale', value->>'name', value->>'slug', value->>'blurb' from json_each($1)",
        rows,
    )
    .await?;
    Ok(())
}

/// The slug, or one made from the id where the name has no letter of which a slug could be made.
fn or_id(word: String, id: CategoryId) -> String {
    if word.is_empty() { format!("c-{}", id.0.simple()) } else { word }
}

/// A slug is one category's in all languages: one that was typed must be free, one made from the name gets a suffix where it is taken.
async fn free_slugs(
    tx: &mut Tx,
    locale: Locale,
    id: CategoryId,
    draft: &CategoryDraft,
    texts: &mut [CategoryTexts],
) -> Result<(), CatalogError> {
    for text in texts {
        let sql = "select category_id from category_texts where slug = $1 and category_id <> $2 limit 1";
        let taken: Option<CategoryId> = tx.fetch_optional_scalar(sql, &[&text.slug, &id]).await?;
        if taken.is_none() {
            continue;
        }
        if draft.texts.iter().any(|typed| typed.locale == text.locale && !typed.slug.trim().is_empty()) {
            let message = t::FIELD_SLUG_TAKEN.text(locale).to_owned();
            return Err(CatalogError::Invalid(vec![(format!("slug.{}", text.locale), message)]));
        }
        text.slug = with_id_suffix(&text.slug, id.0);
    }
    Ok(())
}

/// Gives a category a picture that is stored (see [`super::add_picture`]), or none.
///
/// # Errors
/// [`CatalogError::Unknown`] category or picture, not allowed.
pub async fn set_category_picture(shop: &Shop, ctx: &Context, id: CategoryId, picture: Option<PictureId>) -> Result<(), CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    shop.write(ctx, async move |tx| {
        let sql = "update categories set picture_id = $2
            where id = $1 and ($2 is null or exists (select 1 from pictures where id = $2))";
        if tx.execute(sql, &[&id, &picture]).await? == 0 {
            return Err(CatalogError::Unknown);
        }
        tx.record(id, CategoryUpdated { picture: Some(picture), ..CategoryUpdated::default() });
        Ok(())
    })
    .await?;
    shop.listings().invalidate_all();
    Ok(())
}

/// Removes a category that no product is in, archived ones included.
///
/// # Errors
/// [`CatalogError::InUse`], [`CatalogError::Unknown`], not allowed.
pub async fn remove_category(shop: &Shop, ctx: &Context, id: CategoryId) -> Result<(), CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    shop.write(ctx, async move |tx| {
        // A transaction that puts a product into it waits for this one, and then finds it gone.
        tx.lock("select 1 from categories where id = $1 for update", &[&id]).await?;
        let handle: Option<String> = tx.fetch_optional_scalar("select handle from categories where id = $1", &[&id]).await?;
        let handle = handle.ok_or(CatalogError::Unknown)?;
        let sql = "select id from products where category_id = $1 limit 1";
        if tx.fetch_optional_scalar::<ProductId>(sql, &[&id]).await?.is_some() {
            return Err(CatalogError::InUse);
        }
        tx.execute("delete from category_texts where category_id = $1", &[&id]).await?;
        tx.execute("delete from former_category_slugs where category_id = $1", &[&id]).await?;
        tx.execute("delete from categories where id = $1", &[&id]).await?;
        tx.record(id, CategoryRemoved { handle });
        Ok(())
    })
    .await?;
    shop.listings().invalidate_all();
    Ok(())
}
