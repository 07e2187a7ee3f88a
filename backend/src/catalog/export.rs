//! All products as the CSV that an import reads. Read into an empty shop it makes the same products, read into the same shop it
//! changes nothing. See `docs/products.md` for what it holds.

use std::collections::HashMap;
use std::path::Path;

use domain::id::{PictureId, ProductId};
use domain::permission::Permission;
use domain::{Locale, Money};
use platform::db::FromRow;
use platform::{Context, csv};

use crate::Shop;
use crate::settings::shop_currency;

use super::CatalogError;
use super::facts;
use super::full_product::{self, FullProduct};
use super::import::columns::{Column, TextPart, all};
use super::import::html::html;
use super::write::{NewOption, NewValue, NewVariant};

/// Products that are read together.
const BATCH: usize = 200;

/// The file with all products, in the order of their handles.
pub struct ProductExport {
    shop: Shop,
    columns: Vec<(Column, String)>,
    left: std::vec::IntoIter<ProductId>,
    begun: bool,
    /// The files of pictures that were written into a folder, by the pictures' hashes.
    written: HashMap<String, String>,
}

impl ProductExport {
    /// # Errors
    /// Not allowed, or the database's.
    pub async fn begin(shop: &Shop, ctx: &Context) -> Result<Self, CatalogError> {
        ctx.require(Permission::ReadProducts)?;
        #[derive(FromRow)]
        struct Row {
            handle: String,
            id: ProductId,
        }
        let mut rows: Vec<Row> = shop.db().fetch_all("select handle, id from products", &[]).await?;
        // Sorted here, for databases differ in their collations.
        rows.sort_unstable_by(|a, b| a.handle.cmp(&b.handle));
        let left = rows.into_iter().map(|row| row.id).collect::<Vec<_>>().into_iter();
        Ok(Self { shop: shop.clone(), columns: all(), left, begun: false, written: HashMap::new() })
    }

    /// The next lines of the file; none at its end.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CatalogError> {
        let shop = &self.shop.clone();
        let batch: Vec<ProductId> = self.left.by_ref().take(BATCH).collect();
        if batch.is_empty() && self.begun {
            return Ok(None);
        }
        let mut rows: Vec<Vec<String>> = Vec::new();
        if !self.begun {
            self.begun = true;
            rows.push(self.columns.iter().map(|(_, name)| name.clone()).collect());
        }
        let found = full_product::read(shop, &batch).await?;
        for full in batch.iter().filter_map(|id| found.get(id)) {
            let pictures = full.pictures.iter().map(|(id, picture)| {
                let from = picture.source.clone().filter(|source| source.starts_with("http://") || source.starts_with("https://"));
                let served = || format!("{}/pictures/{id}/1280.webp", shop.config().public_url);
                (*id, self.written.get(&picture.hash).cloned().or(from).unwrap_or_else(served))
            });
            let product = Exported { shop, full, pictures: pictures.collect() };
            let lines = full.product.variants.len().max(full.product.pictures.len()).max(1);
            rows.extend((0..lines).map(|line| self.columns.iter().map(|(column, _)| product.cell(*column, line)).collect()));
        }
        Ok(Some(csv::lines(rows)))
    }

    /// Writes the whole file, and the original pictures into a folder when one is given.
    ///
    /// # Errors
    /// The database's, [`CatalogError::Files`], or [`CatalogError::Output`].
    pub async fn write(mut self, file: &mut (dyn std::io::Write + Send), pictures: Option<&Path>) -> Result<(), CatalogError> {
        let failed = |error: std::io::Error| CatalogError::Output(error.to_string());
        if let Some(folder) = pictures {
            std::fs::create_dir_all(folder).map_err(failed)?;
            let hashes: Vec<String> = self
                .shop
                .db()
                .fetch_scalars(
                    "select distinct p.hash from pictures p where p.id in (select picture_id from product_pictures)
                        or p.id in (select picture_id from variants where picture_id is not null)",
                    &[],
                )
                .await?;
            for hash in hashes {
                let bytes = self.shop.files().get(&hash).await?;
                let name = file_name(&hash, &bytes);
                std::fs::write(folder.join(&name), bytes).map_err(failed)?;
                self.written.insert(hash, name);
            }
        }
        while let Some(lines) = self.next().await? {
            file.write_all(&lines).map_err(failed)?;
        }
        file.flush().map_err(failed)
    }
}

/// The name of a picture's file outside of the shop.
fn file_name(hash: &str, bytes: &[u8]) -> String {
    let ending = image::guess_format(bytes).ok().and_then(|format| format.extensions_str().first().copied()).unwrap_or("jpg");
    format!("{hash}.{ending}")
}

struct Exported<'a> {
    shop: &'a Shop,
    full: &'a FullProduct,
    /// Addresses or file names.
    pictures: HashMap<PictureId, String>,
}

fn named(names: &[(&'static str, String)], locale: Locale) -> String {
    names.iter().find(|(code, _)| *code == locale.code()).map(|(_, name)| name.clone()).unwrap_or_default()
}

fn flag(yes: bool) -> String {
    if yes { "TRUE" } else { "FALSE" }.to_owned()
}

impl Exported<'_> {
    /// The text of a column in the product's line of this number, from 0.
    fn cell(&self, column: Column, line: usize) -> String {
        if column == Column::Handle {
            return self.full.product.handle.clone();
        }
        let product = (line == 0).then(|| self.of_product(column)).flatten();
        let variant = || self.full.product.variants.get(line).and_then(|variant| self.of_variant(column, variant));
        product.or_else(variant).or_else(|| self.of_picture(column, line)).unwrap_or_default()
    }

    /// What stands in the first line alone.
    fn of_product(&self, column: Column) -> Option<String> {
        let product = &self.full.product;
        Some(match column {
            Column::Text(locale, part) => {
                let text = product.texts.iter().find(|text| text.locale == locale.code())?;
                match part {
                    TextPart::Title => text.name.clone(),
                    TextPart::Slug => text.slug.clone(),
                    TextPart::Summary => text.summary.clone(),
                    TextPart::Body => html(&text.description),
                    TextPart::SeoTitle => text.seo_title.clone(),
                    TextPart::SeoDescription => text.seo_description.clone(),
                }
            }
            Column::Vendor => product.vendor.clone(),
            Column::Type => self.full.category.clone(),
            Column::Tags => product.tags.join(", "),
            Column::Published => flag(product.status == "published"),
            Column::Status => match product.status {
                "published" => "Active",
                "archived" => "Archived",
                _ => "Draft",
            }
            .to_owned(),
            Column::OptionName(0, Locale::En) if product.options.is_empty() => "Title".to_owned(),
            Column::OptionName(n, locale) => named(&product.options.get(n)?.names, locale),
            Column::TaxClass => product.tax_class.clone(),
            // Products of the tax class `none` are not exported as gift cards.
            Column::GiftCard => flag(false),
            Column::Featured => product.featured.map(|place| place.to_string())?,
            Column::ProductType => product.stated.as_ref()?.product_type.clone(),
            Column::Facts(locale) => {
                let of_language = product.stated.iter().flat_map(|stated| &stated.facts).filter(|fact| fact.locale == locale.code());
                facts::to_cell(of_language.map(|fact| (fact.key.as_str(), fact.value.as_str())))
            }
            _ => return None,
        })
    }

    fn of_variant(&self, column: Column, variant: &NewVariant) -> Option<String> {
        let product = &self.full.product;
        let money = |minor: i64| Money::new(minor, shop_currency(self.shop)).decimal();
        let value = |n: usize| -> Option<&NewValue> {
            let option: &NewOption = product.options.get(n)?;
            let id = variant.values.get(n)?;
            option.values.iter().find(|value| value.id == *id)
        };
        Some(match column {
            Column::OptionValue(0, Locale::En) if product.options.is_empty() => "Default Title".to_owned(),
            Column::OptionValue(n, locale) => named(&value(n)?.names, locale),
            Column::Sku => variant.sku.clone(),
            Column::Price => money(variant.price?),
            Column::CompareAt => money(variant.compare_at?),
            Column::Cost => money(variant.cost),
            Column::Taxable => flag(!matches!(product.tax_class.as_str(), "none" | "exempt")),
            Column::Quantity => self.full.on_hand.get(&variant.id).copied().unwrap_or(0).to_string(),
            Column::Grams => variant.weight_g.to_string(),
            // The import takes one apostrophe before a code away, as spreadsheets write one.
            Column::Barcode => {
                variant.barcode.as_ref().map(|code| if code.starts_with('\'') { format!("'{code}") } else { code.clone() })?
            }
            Column::VariantStatus => "active".to_owned(),
            Column::VariantImage => self.pictures.get(&variant.picture?)?.clone(),
            _ => return None,
        })
    }

    fn of_picture(&self, column: Column, line: usize) -> Option<String> {
        let id = self.full.product.pictures.get(line)?;
        Some(match column {
            Column::Image => self.pictures.get(id)?.clone(),
            Column::ImagePosition => (line + 1).to_string(),
            // A picture without a description is described by its product's name, as an import does.
            Column::ImageAlt(locale) => {
                let alt = named(&self.full.pictures.get(id)?.alts, locale);
                let title = || self.of_product(Column::Text(Locale::En, TextPart::Title)).unwrap_or_default();
                if alt.is_empty() && locale == Locale::En { title() } else { alt }
            }
            _ => return None,
        })
    }
}
