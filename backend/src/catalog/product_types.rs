//! What managers do with product types: list, write, archive. A type says which facts its products state, and has their size guide.

use std::collections::{HashMap, HashSet};

use domain::id::{ProductFieldId, ProductTypeId};
use domain::messages::t;
use domain::permission::Permission;
use domain::slug::{self, slug};
use domain::text::is_blank;
use domain::view::{
    FactProperty, ProductFieldDraft, ProductTypeChoiceView, ProductTypeDraft, ProductTypeRowView, ProductTypeTexts, size_rows,
};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::db::{Db, DbError, Flag, FromRow, Read, Tx};

use super::CatalogError;
use super::check::Checker;
use super::edit::with_id_suffix;
use super::events::{ProductTypeCreated, ProductTypeUpdated};
use crate::Shop;

/// Fields of a type, at most.
pub const MAX_FIELDS: usize = 30;
const MAX_NAME: usize = 80;
const MAX_SIZE_GUIDE: usize = 5_000;
const MAX_SIZE_NOTE: usize = 500;

/// All types by name, those that are offered first.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn product_types(shop: &Shop, ctx: &Context, locale: Locale) -> Result<Vec<ProductTypeRowView>, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    #[derive(FromRow)]
    struct Row {
        id: ProductTypeId,
        name: String,
        archived: Flag,
        fields: i64,
        products: i64,
    }
    let sql = "select y.id, coalesce(t.name, e.name, y.handle) as name, y.archived,
            (select count(*) from product_type_fields f where f.type_id = y.id) as fields,
            (select count(*) from products p where p.type_id = y.id) as products
         from product_types y
         left join product_type_texts t on t.type_id = y.id and t.locale = $1
         left join product_type_texts e on e.type_id = y.id and e.locale = 'en'
         order by y.archived, 2, y.id";
    let rows: Vec<Row> = shop.db().fetch_all(sql, &[&locale.code()]).await?;
    let view = |Row { id, name, archived, fields, products }| ProductTypeRowView { id, name, archived: archived.0, fields, products };
    Ok(rows.into_iter().map(view).collect())
}

#[derive(FromRow)]
struct FieldRow {
    id: ProductFieldId,
    type_id: ProductTypeId,
    key: String,
    property: FactProperty,
}

#[derive(FromRow)]
struct LabelRow {
    field_id: ProductFieldId,
    locale: String,
    label: String,
}

/// The fields of a type, or of all, in their order, each with its labels in the order of [`Locale::ALL`].
async fn fields(db: &mut impl Read, of: Option<ProductTypeId>) -> Result<Vec<(FieldRow, Vec<String>)>, CatalogError> {
    let sql = "select id, type_id, key, property from product_type_fields where $1 is null or type_id = $1 order by type_id, position, id";
    let fields: Vec<FieldRow> = db.fetch_all(sql, &[&of]).await?;
    let sql = "select t.field_id, t.locale, t.label from product_type_field_texts t join product_type_fields f on f.id = t.field_id
         where $1 is null or f.type_id = $1";
    let labels: Vec<LabelRow> = db.fetch_all(sql, &[&of]).await?;
    let label = |field: ProductFieldId, locale: Locale| {
        let found = labels.iter().find(|row| row.field_id == field && row.locale == locale.code());
        found.map(|row| row.label.clone()).unwrap_or_default()
    };
    Ok(fields.into_iter().map(|field| (Locale::ALL.map(|locale| label(field.id, locale)).to_vec(), field)).map(|(l, f)| (f, l)).collect())
}

/// The keys of the fields of each type, by its handle.
pub(super) async fn keys(db: &Db) -> Result<HashMap<String, HashSet<String>>, DbError> {
    #[derive(FromRow)]
    struct Row {
        handle: String,
        key: Option<String>,
    }
    let sql = "select y.handle, f.key from product_types y left join product_type_fields f on f.type_id = y.id";
    let rows: Vec<Row> = db.fetch_all(sql, &[]).await?;
    let mut types: HashMap<String, HashSet<String>> = HashMap::new();
    for Row { handle, key } in rows {
        types.entry(handle).or_default().extend(key);
    }
    Ok(types)
}

/// The types with their fields, for the form of a product.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn product_type_choices(shop: &Shop, ctx: &Context, locale: Locale) -> Result<Vec<ProductTypeChoiceView>, CatalogError> {
    let types = product_types(shop, ctx, locale).await?;
    let fields = fields(&mut shop.db(), None).await?;
    let at = Locale::ALL.iter().position(|known| *known == locale).unwrap_or_default();
    let label = |field: &FieldRow, labels: &[String]| {
        let named = [labels.get(at), labels.first(), Some(&field.key)].into_iter().flatten().find(|label| !label.is_empty());
        named.cloned().unwrap_or_default()
    };
    let choice = |row: ProductTypeRowView| {
        let own = fields.iter().filter(|(field, _)| field.type_id == row.id);
        ProductTypeChoiceView {
            id: row.id,
            name: row.name,
            archived: row.archived,
            fields: own.map(|(field, labels)| (field.id, label(field, labels))).collect(),
        }
    };
    Ok(types.into_iter().map(choice).collect())
}

/// A type as it is edited.
///
/// # Errors
/// [`CatalogError::Unknown`], not allowed, or the database's.
pub async fn product_type_to_edit(shop: &Shop, ctx: &Context, id: ProductTypeId) -> Result<ProductTypeDraft, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    #[derive(FromRow)]
    struct Head {
        archived: Flag,
        updated_at: Timestamp,
    }
    #[derive(FromRow)]
    struct TextRow {
        locale: String,
        name: String,
        size_guide: String,
        size_note: String,
    }
    let db = &mut shop.db();
    let head: Option<Head> = db.fetch_optional("select archived, updated_at from product_types where id = $1", &[&id]).await?;
    let head = head.ok_or(CatalogError::Unknown)?;
    let sql = "select locale, name, size_guide, size_note from product_type_texts where type_id = $1 order by locale";
    let texts: Vec<TextRow> = db.fetch_all(sql, &[&id]).await?;
    let text = |TextRow { locale, name, size_guide, size_note }| ProductTypeTexts { locale, name, size_guide, size_note };
    let fields = fields(db, Some(id)).await?;
    let field = |(row, labels): (FieldRow, Vec<String>)| ProductFieldDraft { id: Some(row.id), labels, property: row.property };
    Ok(ProductTypeDraft {
        id: Some(id),
        version: head.updated_at.millis(),
        archived: head.archived.0,
        texts: texts.into_iter().map(text).collect(),
        fields: fields.into_iter().map(field).collect(),
    })
}

/// Saves a type. A field that is left out goes, with what products state of it.
///
/// # Errors
/// [`CatalogError::Invalid`] by field (`name.en`, `size_guide.fil`, `size_note.en`, `label.0.en`, `fields`), [`CatalogError::Stale`] when
/// somebody else saved it since, [`CatalogError::Unknown`], not allowed.
pub async fn save_product_type(shop: &Shop, ctx: &Context, locale: Locale, draft: ProductTypeDraft) -> Result<ProductTypeId, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let checked = check(locale, &draft)?;
    let id = draft.id.unwrap_or_else(|| ProductTypeId(shop.id()));
    shop.write(ctx, async move |tx| write(tx, id, draft.id.is_some(), &checked).await).await?;
    shop.listings().cache.invalidate();
    Ok(id)
}

/// The draft as it is written: without empty texts and fields.
fn check(locale: Locale, draft: &ProductTypeDraft) -> Result<ProductTypeDraft, CatalogError> {
    let mut c = Checker { locale, errors: Vec::new() };
    let mut texts = Vec::new();
    for language in Locale::ALL {
        let typed = draft.texts_in(language);
        let field = |name: &str| format!("{name}.{}", language.code());
        let name = c.name(language, &typed.name, MAX_NAME);
        let size_guide = c.text(&field("size_guide"), &typed.size_guide.replace("\r\n", "\n"), MAX_SIZE_GUIDE);
        if size_rows(&size_guide).is_none() {
            c.wrong(field("size_guide"), t::ADMIN_TYPES_SIZE_GUIDE_WRONG.text(locale));
        }
        let size_note = c.text(&field("size_note"), &typed.size_note, MAX_SIZE_NOTE);
        if language == Locale::En || ![&name, &size_guide, &size_note].into_iter().all(String::is_empty) {
            texts.push(ProductTypeTexts { locale: language.code().to_owned(), name, size_guide, size_note });
        }
    }
    let mut seen = HashSet::new();
    let mut fields = Vec::new();
    for (at, typed) in draft.fields.iter().enumerate() {
        if typed.labels.iter().all(|label| is_blank(label)) {
            continue;
        }
        let labels: Vec<String> = Locale::ALL
            .into_iter()
            .enumerate()
            .map(|(n, language)| {
                let (field, label) = (format!("label.{at}.{}", language.code()), typed.labels.get(n).map_or("", String::as_str));
                if language == Locale::En { c.required(&field, label, MAX_NAME) } else { c.text(&field, label, MAX_NAME) }
            })
            .collect();
        if labels.first().is_some_and(|label| !label.is_empty() && !seen.insert(label.to_lowercase())) {
            c.wrong(format!("label.{at}.en"), t::FIELD_DUPLICATE.text(locale));
        }
        fields.push(ProductFieldDraft { labels, ..typed.clone() });
    }
    if fields.len() > MAX_FIELDS {
        c.wrong("fields", t::FIELD_NUMBER_RANGE.with(locale, &[("min", "0"), ("max", &MAX_FIELDS.to_string())]));
    }
    if c.errors.is_empty() { Ok(ProductTypeDraft { texts, fields, ..draft.clone() }) } else { Err(CatalogError::Invalid(c.errors)) }
}

async fn write(tx: &mut Tx, id: ProductTypeId, is_there: bool, draft: &ProductTypeDraft) -> Result<(), CatalogError> {
    let name = draft.texts_in(Locale::En).name;
    if is_there {
        update(tx, id, draft).await?;
        tx.execute("delete from product_type_texts where type_id = $1", &[&id]).await?;
    } else {
        insert(tx, id, draft, &name).await?;
    }
    for text in &draft.texts {
        let name = if text.name.is_empty() { &name } else { &text.name };
        let sql = "insert into product_type_texts (type_id, locale, name, size_guide, size_note) values ($1, $2, $3, $4, $5)";
        tx.execute(sql, &[&id, &text.locale, name, &text.size_guide, &text.size_note]).await?;
    }
    let (fields, removed) = write_fields(tx, id, &draft.fields).await?;
    if is_there {
        tx.record(id, ProductTypeUpdated { name, archived: draft.archived, fields, removed });
    } else {
        tx.record(id, ProductTypeCreated { name, fields });
    }
    Ok(())
}

/// Creates types that are called as their handles are, with fields that are called as their keys are. One that is there stays.
pub(super) async fn create_named(tx: &mut Tx, types: &[(String, Vec<String>)]) -> Result<(), CatalogError> {
    for (handle, keys) in types {
        let taken: Option<ProductTypeId> = tx.fetch_optional_scalar("select id from product_types where handle = $1", &[handle]).await?;
        if taken.is_some() {
            continue;
        }
        let field = |key: &String| ProductFieldDraft { labels: vec![key.clone()], ..ProductFieldDraft::default() };
        let english = ProductTypeTexts { locale: Locale::En.code().to_owned(), name: handle.clone(), ..ProductTypeTexts::default() };
        let draft = ProductTypeDraft { texts: vec![english], fields: keys.iter().map(field).collect(), ..ProductTypeDraft::default() };
        let id = ProductTypeId(tx.id());
        write(tx, id, false, &draft).await?;
    }
    Ok(())
}

async fn update(tx: &mut Tx, id: ProductTypeId, draft: &ProductTypeDraft) -> Result<(), CatalogError> {
    tx.lock("select 1 from product_types where id = $1 for update", &[&id]).await?;
    let saved: Option<Timestamp> = tx.fetch_optional_scalar("select updated_at from product_types where id = $1", &[&id]).await?;
    let saved = saved.ok_or(CatalogError::Unknown)?;
    if saved.millis() != draft.version {
        return Err(CatalogError::Stale);
    }
    // The time is the version, so two saves in one millisecond must differ.
    let at = tx.now().max(saved.plus_millis(1));
    tx.execute("update product_types set archived = $2, updated_at = $3 where id = $1", &[&id, &draft.archived, &at]).await?;
    Ok(())
}

async fn insert(tx: &mut Tx, id: ProductTypeId, draft: &ProductTypeDraft, name: &str) -> Result<(), CatalogError> {
    let handle = Some(slug(name)).filter(|handle| !handle.is_empty()).unwrap_or_else(|| format!("t-{}", id.0.simple()));
    let taken: Option<ProductTypeId> = tx.fetch_optional_scalar("select id from product_types where handle = $1", &[&handle]).await?;
    let handle = if taken.is_some() { with_id_suffix(&handle, id.0) } else { handle };
    let sql = "insert into product_types (id, handle, archived, created_at, updated_at) values ($1, $2, $3, $4, $4)";
    tx.execute(sql, &[&id, &handle, &draft.archived, &tx.now()]).await?;
    Ok(())
}

/// Writes the fields of a type in their order; the keys of those that it has now, and of those that went.
async fn write_fields(tx: &mut Tx, id: ProductTypeId, drafts: &[ProductFieldDraft]) -> Result<(Vec<String>, Vec<String>), CatalogError> {
    let before = fields(tx, Some(id)).await?;
    let kept: HashSet<ProductFieldId> = drafts.iter().filter_map(|draft| draft.id).collect();
    let mut removed = Vec::new();
    for (field, _) in before.iter().filter(|(field, _)| !kept.contains(&field.id)) {
        tx.execute("delete from product_facts where field_id = $1", &[&field.id]).await?;
        tx.execute("delete from product_type_field_texts where field_id = $1", &[&field.id]).await?;
        tx.execute("delete from product_type_fields where id = $1", &[&field.id]).await?;
        removed.push(field.key.clone());
    }
    let mut keys: Vec<String> = Vec::new();
    for (position, draft) in (1_i64..).zip(drafts) {
        let english = draft.labels.first().map_or("", String::as_str);
        let existing = draft.id.and_then(|id| before.iter().find(|(field, _)| field.id == id));
        let field = match existing {
            Some((field, _)) => {
                keys.push(field.key.clone());
                let sql = "update product_type_fields set position = $2, property = $3 where id = $1";
                tx.execute(sql, &[&field.id, &position, &draft.property.as_str()]).await?;
                tx.execute("delete from product_type_field_texts where field_id = $1", &[&field.id]).await?;
                field.id
            }
            None => {
                let is_taken = |key: &String| keys.contains(key) || before.iter().any(|(field, _)| field.key == *key);
                let key = Some(slug::key(english)).filter(|key| !is_taken(key)).unwrap_or_else(|| slug::key_apart(english));
                let field = ProductFieldId(tx.id());
                let sql = "insert into product_type_fields (id, type_id, key, position, property) values ($1, $2, $3, $4, $5)";
                tx.execute(sql, &[&field, &id, &key, &position, &draft.property.as_str()]).await?;
                keys.push(key);
                field
            }
        };
        for (locale, label) in Locale::ALL.into_iter().zip(&draft.labels).filter(|(_, label)| !label.is_empty()) {
            let sql = "insert into product_type_field_texts (field_id, locale, label) values ($1, $2, $3)";
            tx.execute(sql, &[&field, &locale.code(), label]).await?;
        }
    }
    Ok((keys, removed))
}
