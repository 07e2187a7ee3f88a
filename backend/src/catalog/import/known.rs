//! What the database has of the file's products, read for a batch at once.

use std::collections::HashMap;

use domain::Locale;
use domain::id::{CategoryId, PictureId, ProductId, VariantId};

use crate::catalog::write::NewText;
use crate::catalog::{CatalogError, store};
use crate::platform::db::Rows;
use crate::settings::shop_currency;

use super::rows::Listing;
use super::save::Importing;

/// What the database has of a product.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub id: Option<ProductId>,
    pub hash: Option<String>,
    pub status: String,
    pub featured: Option<i64>,
    pub category: Option<CategoryId>,
    pub slug: Option<String>,
    /// Its words in other languages.
    pub texts: Vec<NewText>,
    /// Names of options and values in other languages, by key: `size` and `size:l`.
    pub names: HashMap<String, Vec<(&'static str, String)>>,
    pub variants: Vec<KnownVariant>,
}

#[derive(Clone, Debug)]
pub(super) struct KnownVariant {
    pub id: VariantId,
    pub sku: String,
    pub cost: i64,
    pub archived: bool,
    pub price: i64,
    pub compare_at: Option<i64>,
    pub weight_g: i64,
    pub barcode: Option<String>,
    pub picture: Option<PictureId>,
    /// Option key, value key, value name.
    pub values: Vec<(String, String, String)>,
}

impl Importing<'_> {
    /// What is known of the handles.
    pub(super) async fn heads(&self, batch: &[Listing]) -> Result<HashMap<String, Known>, CatalogError> {
        let mut asked = Rows::new();
        for listing in batch {
            asked.row(&[&listing.handle]);
        }
        type Row = (String, ProductId, Option<String>, String, Option<i64>, Option<CategoryId>);
        let rows: Vec<Row> = self
            .shop
            .db()
            .fetch_all(
                "select p.handle, p.id, i.hash, p.status, p.featured, p.category_id
                 from (select value->>0 as handle from json_each($1)) j
                 join products p on p.handle = j.handle
                 left join product_imports i on i.product_id = p.id",
                &[&asked.end()],
            )
            .await?;
        let known = rows.into_iter().map(|(handle, id, hash, status, featured, category)| {
            (handle, Known { id: Some(id), hash, status, featured, category, ..Known::default() })
        });
        Ok(known.collect())
    }

    /// What an update must not lose: other languages, ids and costs of variants.
    pub(super) async fn details(
        &self,
        mut heads: HashMap<String, Known>,
        new: &[&Listing],
    ) -> Result<HashMap<String, Known>, CatalogError> {
        let of: HashMap<ProductId, String> = new.iter().filter_map(|l| Some((heads.get(&l.handle)?.id?, l.handle.clone()))).collect();
        if of.is_empty() {
            return Ok(heads);
        }
        let ids = store::id_rows(&of.keys().copied().collect::<Vec<_>>());
        let db = self.shop.db();
        type Text = (ProductId, String, String, String, String, String, String, String);
        let texts: Vec<Text> = db
            .fetch_all(
                "select t.product_id, t.locale, t.name, t.slug, t.summary, t.description, t.seo_title, t.seo_description
                 from (select unhex(value->>0) as id from json_each($1)) j join product_texts t on t.product_id = j.id",
                &[&ids],
            )
            .await?;
        for (product, locale, name, slug, summary, description, seo_title, seo_description) in texts {
            let (Some(known), Some(locale)) = (of.get(&product).and_then(|h| heads.get_mut(h)), Locale::parse(&locale)) else {
                continue;
            };
            if locale == Locale::En {
                known.slug = Some(slug);
            } else {
                known.texts.push(NewText { locale: locale.code(), name, slug, summary, description, seo_title, seo_description });
            }
        }
        let names: Vec<(ProductId, String, String, String, String, String)> = db
            .fetch_all(
                "select o.product_id, o.key, ov.key, vt.locale, coalesce(ot.name, ''), vt.name
                 from (select unhex(value->>0) as id from json_each($1)) j
                 join product_options o on o.product_id = j.id
                 join option_values ov on ov.option_id = o.id
                 join option_value_texts vt on vt.value_id = ov.id and vt.locale <> 'en'
                 left join product_option_texts ot on ot.option_id = o.id and ot.locale = vt.locale",
                &[&ids],
            )
            .await?;
        for (product, option, value, locale, option_name, value_name) in names {
            let (Some(known), Some(locale)) = (of.get(&product).and_then(|h| heads.get_mut(h)), Locale::parse(&locale)) else {
                continue;
            };
            known.names.entry(format!("{option}:{value}")).or_default().push((locale.code(), value_name));
            let of_option = known.names.entry(option).or_default();
            if !option_name.is_empty() && of_option.iter().all(|(known, _)| *known != locale.code()) {
                of_option.push((locale.code(), option_name));
            }
        }
        self.known_variants(&of, &ids, &mut heads).await?;
        Ok(heads)
    }

    async fn known_variants(
        &self,
        of: &HashMap<ProductId, String>,
        ids: &str,
        heads: &mut HashMap<String, Known>,
    ) -> Result<(), CatalogError> {
        type Row = (ProductId, VariantId, String, i64, i64, Option<i64>, Option<i64>, i64, Option<String>, Option<PictureId>);
        let rows: Vec<Row> = self
            .shop
            .db()
            .fetch_all(
                "select v.product_id, v.id, v.sku, v.cost, v.archived, r.amount, r.compare_at, v.weight_g, v.barcode, v.picture_id
                 from (select unhex(value->>0) as id from json_each($1)) j
                 join variants v on v.product_id = j.id
                 left join prices r on r.variant_id = v.id and r.price_list_id = (
                    select id from price_lists where currency = $2 and channel is null and valid_from is null and valid_to is null
                    order by position desc, id desc limit 1)
                 order by v.position, v.id",
                &[&ids, &shop_currency(self.shop)],
            )
            .await?;
        let values: Vec<(VariantId, String, String, String)> = self
            .shop
            .db()
            .fetch_all(
                "select vv.variant_id, o.key, ov.key, coalesce(vt.name, ov.key)
                 from (select unhex(value->>0) as id from json_each($1)) j
                 cross join variants v
                 cross join variant_values vv
                 join product_options o on o.id = vv.option_id
                 join option_values ov on ov.id = vv.value_id
                 left join option_value_texts vt on vt.value_id = ov.id and vt.locale = 'en'
                 where v.product_id = j.id and vv.variant_id = v.id
                 order by o.position",
                &[&ids],
            )
            .await?;
        let mut of_variant: HashMap<VariantId, Vec<(String, String, String)>> = HashMap::new();
        for (variant, option, value, name) in values {
            of_variant.entry(variant).or_default().push((option, value, name));
        }
        for (product, id, sku, cost, archived, price, compare_at, weight_g, barcode, picture) in rows {
            if let Some(known) = of.get(&product).and_then(|h| heads.get_mut(h)) {
                let values = of_variant.remove(&id).unwrap_or_default();
                let (archived, price) = (archived != 0, price.unwrap_or(0));
                known.variants.push(KnownVariant { id, sku, cost, archived, price, compare_at, weight_g, barcode, picture, values });
            }
        }
        Ok(())
    }
}
