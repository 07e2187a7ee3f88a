//! The rows of everything but products, table by table. Existing rows stay as they are.

use domain::id::{CategoryId, DiscountId, LocationId, ProductFieldId, ProductTypeId};
use domain::view::FactProperty;
use domain::{Currency, Date, TimeZone, Timestamp};
use platform::db::{DbError, Flag, Hex, JsonRows, Tx, hex};
use serde::Serialize;
use uuid::Uuid;

use super::basics::Base;
use super::file::{CategoryEntry, DeliveryEntry, FieldEntry, LocalizedText, ProductTypeEntry, ShopFile, TaxRateEntry};
use super::{OPENED, SeedError};

/// A location with its code, name, kind and city.
pub(super) type Location = (LocationId, (&'static str, &'static str, &'static str, &'static str));

#[derive(Default)]
pub(super) struct Tables {
    locations: JsonRows,
    rates: JsonRows,
    methods: JsonRows,
    method_texts: JsonRows,
    codes: JsonRows,
    categories: JsonRows,
    category_texts: JsonRows,
    types: JsonRows,
    type_texts: JsonRows,
    fields: JsonRows,
    field_texts: JsonRows,
}

#[derive(Serialize)]
struct LocationRow<'a> {
    id: Hex<'a>,
    code: &'a str,
    name: &'a str,
    kind: &'a str,
    city: &'a str,
    position: i64,
}

#[derive(Serialize)]
struct RateRow<'a> {
    id: Hex<'a>,
    class: &'a str,
    country: &'a str,
    province: &'a str,
    rate_bp: i64,
    valid_from: Timestamp,
    source: &'a str,
}

#[derive(Serialize)]
struct MethodRow<'a> {
    code: &'a str,
    position: i64,
    currency: Currency,
    fee: i64,
    per_kg_fee: i64,
    free_from: Option<i64>,
    days_min: i64,
    days_max: i64,
    cutoff: Option<i64>,
    regions: String,
    collects_cash: Flag,
}

#[derive(Serialize)]
struct MethodTextRow<'a> {
    code: &'a str,
    locale: &'a str,
    name: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
struct CodeRow<'a> {
    id: Hex<'a>,
    code: &'a str,
    currency: Currency,
    percent_bp: Option<i64>,
    amount: Option<i64>,
    min_subtotal: i64,
}

#[derive(Serialize)]
struct CategoryRow<'a> {
    id: Hex<'a>,
    handle: &'a str,
    position: i64,
    picture: Option<Hex<'a>>,
    at: Timestamp,
}

#[derive(Serialize)]
struct CategoryTextRow<'a> {
    category: Hex<'a>,
    locale: &'a str,
    name: &'a str,
    slug: &'a str,
    blurb: &'a str,
}

#[derive(Serialize)]
struct TypeRow<'a> {
    id: Hex<'a>,
    handle: &'a str,
    at: Timestamp,
}

#[derive(Serialize)]
struct TypeTextRow<'a> {
    product_type: Hex<'a>,
    locale: &'a str,
    name: &'a str,
    size_guide: &'a str,
    size_note: &'a str,
}

#[derive(Serialize)]
struct FieldRow<'a> {
    id: Hex<'a>,
    product_type: Hex<'a>,
    key: &'a str,
    position: i64,
    property: FactProperty,
}

#[derive(Serialize)]
struct FieldTextRow<'a> {
    field: Hex<'a>,
    locale: &'a str,
    label: &'a str,
}

impl Tables {
    pub fn of(file: &ShopFile, base: &Base, locations: &[Location], mut id: impl FnMut() -> Uuid) -> Result<Self, SeedError> {
        let mut tables = Self::default();
        for (position, (id, (code, name, kind, city))) in (1..).zip(locations) {
            tables.locations.push(&LocationRow { id: hex(id), code, name, kind, city, position });
        }
        for rate in &file.tax_rate {
            let day = Date::parse(&rate.valid_from).ok_or_else(|| SeedError::Data(format!("{} is no date", rate.valid_from)))?;
            let valid_from = TimeZone::DEFAULT.start_of(day);
            let TaxRateEntry { class, country, province, rate_bp, source, .. } = rate;
            tables.rates.push(&RateRow { id: hex(&id()), class, country, province, rate_bp: *rate_bp, valid_from, source });
        }
        for (position, method) in (1..).zip(&file.delivery_method) {
            tables.add_method(method, position, base.list.currency);
        }
        for code in &file.discount_code {
            tables.codes.push(&CodeRow {
                id: hex(&DiscountId(id())),
                code: &code.code,
                currency: base.list.currency,
                percent_bp: code.percent.map(|percent| percent * 100),
                amount: code.amount,
                min_subtotal: code.min_subtotal,
            });
        }
        for category in &file.category {
            if let Some(id) = base.categories.get(&category.slug) {
                tables.add_category(category, *id, base);
            }
        }
        for product_type in &file.product_type {
            tables.add_type(product_type, &mut id);
        }
        Ok(tables)
    }

    fn add_method(&mut self, method: &DeliveryEntry, position: i64, currency: Currency) {
        self.methods.push(&MethodRow {
            code: &method.code,
            position,
            currency,
            fee: method.fee,
            per_kg_fee: method.per_kg_fee,
            free_from: method.free_from,
            days_min: method.days_min,
            days_max: method.days_max,
            cutoff: method.cutoff,
            regions: method.regions.join(","),
            collects_cash: Flag(method.collects_cash),
        });
        for (locale, pick) in LocalizedText::LANGUAGES {
            let (name, description) = (pick(&method.name), pick(&method.description));
            self.method_texts.push(&MethodTextRow { code: &method.code, locale, name, description });
        }
    }

    fn add_category(&mut self, category: &CategoryEntry, id: CategoryId, base: &Base) {
        let picture = base.pictures.get(&category.picture).map(|picture| picture.id);
        self.categories.push(&CategoryRow {
            id: hex(&id),
            handle: &category.slug,
            position: category.position,
            picture: picture.as_ref().map(hex),
            at: OPENED,
        });
        for (locale, pick) in LocalizedText::LANGUAGES {
            let slug = if locale == "en" { &category.slug } else { &category.local_slug.fil };
            let (name, blurb) = (pick(&category.name), pick(&category.blurb));
            self.category_texts.push(&CategoryTextRow { category: hex(&id), locale, name, slug, blurb });
        }
    }

    fn add_type(&mut self, entry: &ProductTypeEntry, mut id: impl FnMut() -> Uuid) {
        let ProductTypeEntry { handle, name, fields, size_guide, size_note } = entry;
        let type_id = ProductTypeId(id());
        self.types.push(&TypeRow { id: hex(&type_id), handle, at: OPENED });
        for (locale, pick) in LocalizedText::LANGUAGES {
            let (name, size_guide, size_note) = (pick(name), pick(size_guide).trim(), pick(size_note).trim());
            self.type_texts.push(&TypeTextRow { product_type: hex(&type_id), locale, name, size_guide, size_note });
        }
        for (position, FieldEntry { key, property, label }) in (1..).zip(fields) {
            let field = ProductFieldId(id());
            self.fields.push(&FieldRow { id: hex(&field), product_type: hex(&type_id), key, position, property: *property });
            for (locale, pick) in LocalizedText::LANGUAGES {
                self.field_texts.push(&FieldTextRow { field: hex(&field), locale, label: pick(label) });
            }
        }
    }

    /// Categories refer to pictures, which must be written before.
    pub async fn insert(&self, tx: &mut Tx) -> Result<(), DbError> {
        for (rows, sql) in [
            (&self.locations, INSERT_LOCATIONS),
            (&self.rates, INSERT_RATES),
            (&self.methods, INSERT_METHODS),
            (&self.method_texts, INSERT_METHOD_TEXTS),
            (&self.codes, INSERT_CODES),
            (&self.categories, INSERT_CATEGORIES),
            (&self.category_texts, INSERT_CATEGORY_TEXTS),
            (&self.types, INSERT_TYPES),
            (&self.type_texts, INSERT_TYPE_TEXTS),
            (&self.fields, INSERT_FIELDS),
            (&self.field_texts, INSERT_FIELD_TEXTS),
        ] {
            tx.write_rows(sql, rows.clone()).await?;
        }
        Ok(())
    }
}

const INSERT_LOCATIONS: &str = "insert into stock_locations (id, code, name, kind, city, country, position)
     select unhex(value->>'id'), value->>'code', value->>'name', value->>'kind', value->>'city', 'PH', cast(value->>'position' as bigint)
     from json_each($1) where true on conflict (code) do nothing";
const INSERT_RATES: &str = "insert into tax_rates (id, class, country, province, rate_bp, valid_from, source)
     select unhex(value->>'id'), value->>'class', value->>'country', value->>'province', cast(value->>'rate_bp' as bigint),
        cast(value->>'valid_from' as bigint), value->>'source'
     from json_each($1) where true on conflict (class, country, province, valid_from) do nothing";
const INSERT_METHODS: &str = "insert into delivery_methods
        (code, position, currency, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, collects_cash)
     select value->>'code', cast(value->>'position' as bigint), value->>'currency', cast(value->>'fee' as bigint),
        cast(value->>'per_kg_fee' as bigint),
        cast(value->>'free_from' as bigint), cast(value->>'days_min' as bigint), cast(value->>'days_max' as bigint),
        cast(value->>'cutoff' as bigint), value->>'regions', cast(value->>'collects_cash' as bigint)
     from json_each($1) where true on conflict (code) do nothing";
const INSERT_METHOD_TEXTS: &str = "insert into delivery_method_texts (code, locale, name, description)
     select value->>'code', value->>'locale', value->>'name', value->>'description'
     from json_each($1) where true on conflict (code, locale) do nothing";
const INSERT_CODES: &str = "insert into discount_codes (id, code, currency, percent_bp, amount, min_subtotal)
     select unhex(value->>'id'), value->>'code', value->>'currency', cast(value->>'percent_bp' as bigint), cast(value->>'amount' as bigint),
        cast(value->>'min_subtotal' as bigint)
     from json_each($1) where true on conflict (code) do nothing";
const INSERT_CATEGORIES: &str = "insert into categories (id, handle, position, picture_id, created_at, updated_at)
     select unhex(value->>'id'), value->>'handle', cast(value->>'position' as bigint), unhex(value->>'picture'),
        cast(value->>'at' as bigint), cast(value->>'at' as bigint) from json_each($1) where true on conflict (handle) do nothing";
/// Of categories that were written just now; existing ones have other ids.
const INSERT_CATEGORY_TEXTS: &str = "insert into category_texts (category_id, locale, name, slug, blurb)
     select unhex(value->>'category'), value->>'locale', value->>'name', value->>'slug', value->>'blurb' from json_each($1) j
     join categories c on c.id = unhex(value->>'category') where true on conflict (category_id, locale) do nothing";
const INSERT_TYPES: &str = "insert into product_types (id, handle, created_at, updated_at)
     select unhex(value->>'id'), value->>'handle', cast(value->>'at' as bigint), cast(value->>'at' as bigint) from json_each($1)
     where true on conflict (handle) do nothing";
/// Of types that were written just now; existing ones have other ids.
const INSERT_TYPE_TEXTS: &str = "insert into product_type_texts (type_id, locale, name, size_guide, size_note)
     select y.id, value->>'locale', value->>'name', value->>'size_guide', value->>'size_note' from json_each($1) j
     join product_types y on y.id = unhex(value->>'product_type') where true on conflict (type_id, locale) do nothing";
const INSERT_FIELDS: &str = "insert into product_type_fields (id, type_id, key, position, property)
     select unhex(value->>'id'), y.id, value->>'key', cast(value->>'position' as bigint), value->>'property' from json_each($1) j
     join product_types y on y.id = unhex(value->>'product_type') where true on conflict (type_id, key) do nothing";
const INSERT_FIELD_TEXTS: &str = "insert into product_type_field_texts (field_id, locale, label)
     select f.id, value->>'locale', value->>'label' from json_each($1) j
     join product_type_fields f on f.id = unhex(value->>'field') where true on conflict (field_id, locale) do nothing";
