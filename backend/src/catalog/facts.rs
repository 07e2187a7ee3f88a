//! What a product states by the fields of its type, as it is edited and as shoppers read it, and the size guide of its type.

use domain::Locale;
use domain::id::{ProductFieldId, ProductId, ProductTypeId};
use domain::messages::t;
use domain::slug;
use domain::view::{FactProperty, FactView, ProductFact, SizeGuideView, size_rows};
use platform::db::{Db, DbError, FromRow, Tx};

use super::CatalogError;
use super::check::Checker;

/// Characters of a value.
pub(super) const MAX_VALUE: usize = 2_000;

#[derive(FromRow)]
struct FactRow {
    field_id: ProductFieldId,
    locale: String,
    value: String,
}

/// The type of a product, and what it states.
pub(super) async fn read(db: &Db, product: ProductId) -> Result<(Option<ProductTypeId>, Vec<ProductFact>), DbError> {
    let product_type: Option<Option<ProductTypeId>> =
        db.fetch_all::<(Option<ProductTypeId>,)>("select type_id from products where id = $1", &[&product]).await?.pop().map(|(id,)| id);
    let sql = "select field_id, locale, value from product_facts where product_id = $1 order by field_id, locale";
    let rows: Vec<FactRow> = db.fetch_all(sql, &[&product]).await?;
    let facts = rows.into_iter().map(|FactRow { field_id, locale, value }| ProductFact { field: field_id, locale, value });
    Ok((product_type.flatten(), facts.collect()))
}

/// The facts as they are written: without empty ones, in the order in which [`read`] gives them. What is too long is an error at
/// `fact.<field>.<language>`.
pub(super) fn check(locale: Locale, facts: &[ProductFact]) -> Result<Vec<ProductFact>, CatalogError> {
    let mut c = Checker { locale, errors: Vec::new() };
    let mut checked = Vec::new();
    for fact in facts.iter().filter(|fact| Locale::parse(&fact.locale).is_some()) {
        let value = c.text(&format!("fact.{}.{}", fact.field, fact.locale), &fact.value.replace("\r\n", "\n"), MAX_VALUE);
        if !value.is_empty() {
            checked.push(ProductFact { value, ..fact.clone() });
        }
    }
    checked.sort();
    checked.dedup_by(|second, first| second.field == first.field && second.locale == first.locale);
    if c.errors.is_empty() { Ok(checked) } else { Err(CatalogError::Invalid(c.errors)) }
}

/// Facts as a file has them in one cell: `key: value`, a line each. Further lines of a value begin with two spaces.
pub(super) fn to_cell<'a>(facts: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let line = |(key, value): (&str, &str)| format!("{key}: {}", value.replace('\n', "\n  "));
    facts.map(line).collect::<Vec<_>>().join("\n")
}

/// Reads what [`to_cell`] writes.
///
/// # Errors
/// The first line that neither names a field nor belongs to one before.
pub(super) fn of_cell(cell: &str) -> Result<Vec<(String, String)>, String> {
    let mut facts: Vec<(String, String)> = Vec::new();
    for line in cell.lines() {
        match (line.split_once(':'), facts.last_mut()) {
            (_, Some((_, value))) if line.starts_with([' ', '\t']) || line.is_empty() => {
                value.push('\n');
                value.push_str(line.strip_prefix("  ").or_else(|| line.strip_prefix([' ', '\t'])).unwrap_or(line));
            }
            (Some((key, value)), _) if !key.trim().is_empty() => {
                facts.push((slug::key(key), value.strip_prefix(' ').unwrap_or(value).to_owned()));
            }
            _ if line.trim().is_empty() => {}
            _ => return Err(line.to_owned()),
        }
    }
    facts.iter_mut().for_each(|(_, value)| *value = value.trim().to_owned());
    facts.retain(|(_, value)| !value.is_empty());
    Ok(facts)
}

/// Writes the type of a product and what it states of the fields of this type; other facts go.
pub(super) async fn write(
    tx: &mut Tx,
    locale: Locale,
    product: ProductId,
    product_type: Option<ProductTypeId>,
    facts: &[ProductFact],
) -> Result<(), CatalogError> {
    if let Some(id) = product_type {
        // A type whose fields are changed meanwhile waits.
        tx.lock("select 1 from product_types where id = $1 for share", &[&id]).await?;
        let sql = "select id from product_types where id = $1";
        if tx.fetch_optional_scalar::<ProductTypeId>(sql, &[&id]).await?.is_none() {
            return Err(CatalogError::Invalid(vec![("product_type".into(), t::FIELD_CHOOSE.text(locale).into())]));
        }
    }
    tx.execute("update products set type_id = $2 where id = $1", &[&product, &product_type]).await?;
    tx.execute("delete from product_facts where product_id = $1", &[&product]).await?;
    for ProductFact { field, locale, value } in facts {
        let sql = "insert into product_facts (product_id, field_id, locale, value)
             select $1, f.id, $3, $4 from product_type_fields f where f.id = $2 and f.type_id = $5";
        tx.execute(sql, &[&product, field, locale, value, &product_type]).await?;
    }
    Ok(())
}

/// What the page of a product states, in a language, in English where it has none.
pub(super) async fn shown(db: &Db, product: ProductId, locale: Locale) -> Result<Vec<FactView>, DbError> {
    #[derive(FromRow)]
    struct Row {
        label: String,
        value: String,
        property: FactProperty,
    }
    let sql = "select coalesce(t.label, e.label, f.key) as label, coalesce(v.value, w.value) as value, f.property
         from products p
         join product_type_fields f on f.type_id = p.type_id
         left join product_facts v on v.product_id = p.id and v.field_id = f.id and v.locale = $2
         left join product_facts w on w.product_id = p.id and w.field_id = f.id and w.locale = 'en'
         left join product_type_field_texts t on t.field_id = f.id and t.locale = $2
         left join product_type_field_texts e on e.field_id = f.id and e.locale = 'en'
         where p.id = $1 and coalesce(v.value, w.value) is not null order by f.position, f.id";
    let rows: Vec<Row> = db.fetch_all(sql, &[&product, &locale.code()]).await?;
    Ok(rows.into_iter().map(|Row { label, value, property }| FactView { label, value, property }).collect())
}

/// The size guide of a product's type, in a language, in English where it has none; none for a type without one.
pub(super) async fn size_guide(db: &Db, product: ProductId, locale: Locale) -> Result<Option<SizeGuideView>, DbError> {
    #[derive(FromRow)]
    struct Row {
        size_guide: String,
        size_note: String,
    }
    let sql = "select coalesce(nullif(t.size_guide, ''), e.size_guide, '') as size_guide,
            coalesce(nullif(t.size_note, ''), e.size_note, '') as size_note
         from products p
         left join product_type_texts t on t.type_id = p.type_id and t.locale = $2
         left join product_type_texts e on e.type_id = p.type_id and e.locale = 'en'
         where p.id = $1";
    let row: Option<Row> = db.fetch_optional(sql, &[&product, &locale.code()]).await?;
    Ok(row.and_then(|row| {
        let rows = size_rows(&row.size_guide).filter(|rows| !rows.is_empty())?;
        Some(SizeGuideView { rows, note: row.size_note })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_go_into_a_cell_and_come_out_of_it() {
        let facts = [("ingredients", "Mango, sugar: 20% \n\n - May contain nuts"), ("origin", "Guimaras")];
        let cell = to_cell(facts.into_iter());
        assert_eq!(cell, "ingredients: Mango, sugar: 20% \n  \n   - May contain nuts\norigin: Guimaras");
        let back = of_cell(&cell).unwrap();
        assert_eq!(back.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>(), facts);
        assert_eq!(of_cell("Origin : Guimaras\n\ncare:\n").unwrap(), [("origin".to_owned(), "Guimaras".to_owned())]);
        assert_eq!(of_cell("").unwrap(), []);
        assert_eq!(of_cell("origin: Cebu\nwithout a key"), Err("without a key".to_owned()));
    }
}
