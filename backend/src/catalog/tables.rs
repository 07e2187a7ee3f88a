//! The rows of many products, for one statement a table.

use std::collections::HashSet;

use domain::{Currency, Timestamp};
use platform::db::{DbError, Hex, JsonRows, Tx, hex};
use serde::Serialize;

use super::write::{NewProduct, ProductPriceList, StatedFact};

/// The rows of many products, table by table.
#[derive(Default)]
pub(super) struct Tables {
    pub products: JsonRows,
    texts: JsonRows,
    tags: JsonRows,
    pictures: JsonRows,
    options: JsonRows,
    option_texts: JsonRows,
    values: JsonRows,
    value_texts: JsonRows,
    variants: JsonRows,
    variant_values: JsonRows,
    prices: JsonRows,
    types: JsonRows,
    facts: JsonRows,
}

#[derive(Serialize)]
struct ProductRow<'a> {
    id: Hex<'a>,
    handle: &'a str,
    category: Option<Hex<'a>>,
    vendor: &'a str,
    tax_class: &'a str,
    status: &'a str,
    featured: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct TextRow<'a> {
    product: Hex<'a>,
    locale: &'a str,
    name: &'a str,
    slug: &'a str,
    summary: &'a str,
    description: &'a str,
    seo_title: &'a str,
    seo_description: &'a str,
}

#[derive(Serialize)]
struct TypeRow<'a> {
    product: Hex<'a>,
    product_type: &'a str,
}

#[derive(Serialize)]
struct FactRow<'a> {
    product: Hex<'a>,
    key: &'a str,
    locale: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct TagRow<'a> {
    product: Hex<'a>,
    tag: &'a str,
}

#[derive(Serialize)]
struct PictureRow<'a> {
    product: Hex<'a>,
    picture: Hex<'a>,
    position: i64,
}

/// An option of a product, or a value of an option.
#[derive(Serialize)]
struct ChildRow<'a> {
    id: Hex<'a>,
    parent: Hex<'a>,
    position: i64,
    key: &'a str,
}

#[derive(Serialize)]
struct NameRow<'a> {
    id: Hex<'a>,
    locale: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct VariantRow<'a> {
    id: Hex<'a>,
    product: Hex<'a>,
    sku: &'a str,
    position: i64,
    weight_g: i64,
    cost: i64,
    cost_currency: Currency,
    barcode: Option<&'a str>,
    picture: Option<Hex<'a>>,
    created_at: Timestamp,
}

#[derive(Serialize)]
struct VariantValueRow<'a> {
    variant: Hex<'a>,
    option: Hex<'a>,
    value: Hex<'a>,
}

#[derive(Serialize)]
struct PriceRow<'a> {
    variant: Hex<'a>,
    list: Hex<'a>,
    amount: i64,
    compare_at: Option<i64>,
}

impl Tables {
    pub fn of(products: &[NewProduct], list: ProductPriceList, at: Timestamp) -> Self {
        let mut tables = Self::default();
        for product in products {
            tables.add_product(product, at);
            tables.add_options(product);
            tables.add_variants(product, list, at);
            tables.add_facts(product);
        }
        tables
    }

    fn add_product(&mut self, p: &NewProduct, at: Timestamp) {
        let id = hex(&p.id);
        self.products.push(&ProductRow {
            id,
            handle: &p.handle,
            category: p.category.as_ref().map(hex),
            vendor: &p.vendor,
            tax_class: &p.tax_class,
            status: p.status,
            featured: p.featured,
            created_at: p.created_at,
            updated_at: at,
        });
        for text in &p.texts {
            self.texts.push(&TextRow {
                product: id,
                locale: text.locale,
                name: &text.name,
                slug: &text.slug,
                summary: &text.summary,
                description: &text.description,
                seo_title: &text.seo_title,
                seo_description: &text.seo_description,
            });
        }
        for tag in p.tags.iter().collect::<HashSet<_>>() {
            self.tags.push(&TagRow { product: id, tag });
        }
        let mut seen = HashSet::new();
        for (position, picture) in (0..).zip(p.pictures.iter().filter(|id| seen.insert(**id))) {
            self.pictures.push(&PictureRow { product: id, picture: hex(picture), position });
        }
    }

    fn add_options(&mut self, p: &NewProduct) {
        for (position, option) in (0..).zip(&p.options) {
            self.options.push(&ChildRow { id: hex(&option.id), parent: hex(&p.id), position, key: &option.key });
            for (locale, name) in &option.names {
                self.option_texts.push(&NameRow { id: hex(&option.id), locale, name });
            }
            for (position, value) in (0..).zip(&option.values) {
                self.values.push(&ChildRow { id: hex(&value.id), parent: hex(&option.id), position, key: &value.key });
                for (locale, name) in &value.names {
                    self.value_texts.push(&NameRow { id: hex(&value.id), locale, name });
                }
            }
        }
    }

    fn add_variants(&mut self, p: &NewProduct, list: ProductPriceList, at: Timestamp) {
        for (position, v) in (0..).zip(&p.variants) {
            let id = hex(&v.id);
            self.variants.push(&VariantRow {
                id,
                product: hex(&p.id),
                sku: &v.sku,
                position,
                weight_g: v.weight_g,
                cost: v.cost,
                cost_currency: list.currency,
                barcode: v.barcode.as_deref(),
                picture: v.picture.as_ref().map(hex),
                created_at: at,
            });
            for (option, value) in p.options.iter().zip(&v.values) {
                self.variant_values.push(&VariantValueRow { variant: id, option: hex(&option.id), value: hex(value) });
            }
            if let Some(amount) = v.price {
                self.prices.push(&PriceRow { variant: id, list: hex(&list.id), amount, compare_at: v.compare_at });
            }
        }
    }

    fn add_facts(&mut self, p: &NewProduct) {
        let Some(stated) = &p.stated else { return };
        self.types.push(&TypeRow { product: hex(&p.id), product_type: &stated.product_type });
        for StatedFact { key, locale, value } in &stated.facts {
            self.facts.push(&FactRow { product: hex(&p.id), key, locale, value });
        }
    }

    /// All but the products themselves.
    pub async fn insert_parts(self, tx: &mut Tx) -> Result<(), DbError> {
        for (rows, sql) in [
            (self.texts, INSERT_TEXTS),
            (self.tags, INSERT_TAGS),
            (self.pictures, INSERT_PRODUCT_PICTURES),
            (self.options, INSERT_OPTIONS),
            (self.option_texts, INSERT_OPTION_TEXTS),
            (self.values, INSERT_VALUES),
            (self.value_texts, INSERT_VALUE_TEXTS),
            (self.variants, UPSERT_VARIANTS),
            (self.variant_values, INSERT_VARIANT_VALUES),
            (self.prices, UPSERT_PRICES),
            (self.types.clone(), DELETE_FACTS),
            (self.types, SET_TYPES),
            (self.facts, INSERT_FACTS),
        ] {
            tx.write_rows(sql, rows).await?;
        }
        Ok(())
    }
}

const INSERT_TEXTS: &str = "insert into product_texts (product_id, locale, name, slug, summary, description, seo_title, seo_description)
     select unhex(value->>'product'), value->>'locale', value->>'name', value->>'slug', value->>'summary', value->>'description',
        value->>'seo_title', value->>'seo_description' from json_each($1)";
const DELETE_FACTS: &str = "delete from product_facts where product_id in (select unhex(value->>'product') from json_each($1))";
const SET_TYPES: &str = "update products set type_id = d.type_id
     from (select unhex(j.value->>'product') as product_id, y.id as type_id from json_each($1) j
           left join product_types y on y.handle = j.value->>'product_type') d
     where products.id = d.product_id";
/// Those of fields that the product's type does not have are left out.
const INSERT_FACTS: &str = "insert into product_facts (product_id, field_id, locale, value)
     select p.id, f.id, j.value->>'locale', j.value->>'value' from json_each($1) j
     join products p on p.id = unhex(j.value->>'product')
     join product_type_fields f on f.type_id = p.type_id and f.key = j.value->>'key'";
const INSERT_TAGS: &str = "insert into product_tags (product_id, tag) select unhex(value->>'product'), value->>'tag' from json_each($1)";
const INSERT_PRODUCT_PICTURES: &str = "insert into product_pictures (product_id, picture_id, position)
     select unhex(value->>'product'), unhex(value->>'picture'), cast(value->>'position' as bigint) from json_each($1)";
const INSERT_OPTIONS: &str = "insert into product_options (id, product_id, position, key)
     select unhex(value->>'id'), unhex(value->>'parent'), cast(value->>'position' as bigint), value->>'key' from json_each($1)";
const INSERT_OPTION_TEXTS: &str = "insert into product_option_texts (option_id, locale, name)
     select unhex(value->>'id'), value->>'locale', value->>'name' from json_each($1)";
const INSERT_VALUES: &str = "insert into option_values (id, option_id, position, key)
     select unhex(value->>'id'), unhex(value->>'parent'), cast(value->>'position' as bigint), value->>'key' from json_each($1)";
const INSERT_VALUE_TEXTS: &str = "insert into option_value_texts (value_id, locale, name)
     select unhex(value->>'id'), value->>'locale', value->>'name' from json_each($1)";
/// An existing variant keeps its id, its stock and its history.
const UPSERT_VARIANTS: &str = "insert into variants (id, product_id, sku, position, weight_g, cost, cost_currency, barcode, picture_id,
        created_at)
     select unhex(value->>'id'), unhex(value->>'product'), value->>'sku', cast(value->>'position' as bigint),
        cast(value->>'weight_g' as bigint), cast(value->>'cost' as bigint), value->>'cost_currency', value->>'barcode',
        unhex(value->>'picture'),
        cast(value->>'created_at' as bigint) from json_each($1) where true
     on conflict (id) do update set sku = excluded.sku, position = excluded.position, weight_g = excluded.weight_g,
        cost = excluded.cost, cost_currency = excluded.cost_currency, barcode = excluded.barcode, picture_id = excluded.picture_id, archived = 0,
        version = variants.version + 1";
const INSERT_VARIANT_VALUES: &str = "insert into variant_values (variant_id, option_id, value_id)
     select unhex(value->>'variant'), unhex(value->>'option'), unhex(value->>'value') from json_each($1)";
const UPSERT_PRICES: &str = "insert into prices (variant_id, price_list_id, amount, compare_at)
     select unhex(value->>'variant'), unhex(value->>'list'), cast(value->>'amount' as bigint), cast(value->>'compare_at' as bigint)
     from json_each($1) where true
     on conflict (variant_id, price_list_id) do update set amount = excluded.amount, compare_at = excluded.compare_at";
