//! The goods: those of the file, then variations of them.

use domain::id::{MovementId, PictureId, ProductId, VariantId};
use domain::slug::slug;
use serde_json::json;

use domain::Timestamp;

use crate::Shop;
use crate::catalog::{self, CatalogError, NewOption, NewProduct, NewText, NewValue, NewVariant};
use crate::inventory::{self, Movement};
use crate::platform::events::{self, Event};
use crate::{accounting, settings};

use super::parts::Base;
use super::plan::Dice;
use super::{File, OPENED, OptionFile, Product, SeedError, ValueFile, Words};

/// Products in one transaction.
const BATCH: usize = 500;
/// The goods came in over this time, so that “newest first” means something.
const DAYS: i64 = 150;
/// What the goods cost the shop, percent of the price without tax.
const COST: i64 = 55;

const SERIES: [&str; 16] = [
    "Amihan",
    "Habagat",
    "Sinag",
    "Tala",
    "Bituin",
    "Luntian",
    "Dagat",
    "Buwan",
    "Bulaklak",
    "Hardin",
    "Pista",
    "Silangan",
    "Bahaghari",
    "Ulap",
    "Kislap",
    "Lakbay",
];
const PLACES: [&str; 30] = [
    "Batanes",
    "Vigan",
    "Sagada",
    "Baler",
    "Bulacan",
    "Pampanga",
    "Tagaytay",
    "Lipa",
    "Paete",
    "Taal",
    "Mindoro",
    "Marinduque",
    "Romblon",
    "Palawan",
    "Bicol",
    "Sorsogon",
    "Samar",
    "Leyte",
    "Bohol",
    "Cebu",
    "Siquijor",
    "Negros",
    "Iloilo",
    "Guimaras",
    "Antique",
    "Camiguin",
    "Bukidnon",
    "Davao",
    "Cotabato",
    "Sulu",
];
/// Key, English, Filipino.
const COLOURS: [(&str, &str, &str); 12] = [
    ("oat", "Oat", "Kulay-oat"),
    ("clay", "Clay", "Kulay-luwad"),
    ("palm", "Palm green", "Berdeng palma"),
    ("indigo", "Indigo", "Indigo"),
    ("sand", "Sand", "Kulay-buhangin"),
    ("charcoal", "Charcoal", "Kulay-uling"),
    ("coral", "Coral", "Koral"),
    ("mango", "Mango yellow", "Dilaw-mangga"),
    ("sea", "Sea blue", "Asul-dagat"),
    ("rice", "Rice white", "Puting-bigas"),
    ("ube", "Ube purple", "Lila-ube"),
    ("cacao", "Cacao brown", "Kayumangging-kakaw"),
];

/// Writes them; says how many variants.
pub(super) async fn write(
    shop: &Shop,
    file: &File,
    base: &Base,
    products: usize,
    seed: u64,
    step: &(dyn Fn(usize) + Sync),
) -> Result<usize, SeedError> {
    if file.product.is_empty() {
        return Ok(0);
    }
    // The file is in the order of its categories; the shop got its goods in another order.
    let order = Dice::new(seed, u64::MAX - 1).shuffled(products);
    let mut written = 0;
    let mut variants = 0;
    for batch in order.chunks(BATCH) {
        let mut made = Vec::with_capacity(batch.len());
        for (place, index) in batch.iter().enumerate() {
            let at = (written + place) as i64 * (DAYS * Timestamp::DAY / products as i64);
            made.push(one(file, base, *index, seed, OPENED.plus_millis(at))?);
        }
        let batch = Batch::of(base, made);
        variants += batch.products.iter().map(|p| p.variants.len()).sum::<usize>();
        written += batch.products.len();
        let (own, list) = (shop.clone(), base.list);
        shop.db().write(async move |tx| batch.write(tx, &own, list).await).await?;
        step(written);
    }
    Ok(variants)
}

struct Batch {
    products: Vec<NewProduct>,
    movements: Vec<Movement>,
    value: i64,
}

impl Batch {
    fn of(base: &Base, made: Vec<(NewProduct, Vec<i64>, Dice)>) -> Self {
        let (mut products, mut movements, mut value) = (Vec::with_capacity(made.len()), Vec::new(), 0);
        for (product, stock, mut dice) in made {
            for (variant, units) in product.variants.iter().zip(stock) {
                value += variant.cost * units;
                // A part of what there is much of stands in the store.
                let shown = if units >= 40 { units / 5 } else { 0 };
                for (location, units) in [(base.warehouse, units - shown), (base.store, shown)] {
                    if units > 0 || location == base.warehouse {
                        movements.push(Movement {
                            id: MovementId(dice.id(product.created_at)),
                            variant: variant.id,
                            location,
                            kind: "received",
                            units,
                            reason: "opening stock".into(),
                            order: None,
                            at: product.created_at,
                        });
                    }
                }
            }
            products.push(product);
        }
        Self { products, movements, value }
    }

    async fn write(&self, tx: &mut crate::platform::db::Tx, shop: &Shop, list: domain::id::PriceListId) -> Result<(), CatalogError> {
        let (at, currency) = (shop.now(), settings::shop_currency(shop));
        catalog::insert_products(tx, list, at, &self.products).await?;
        inventory::receive(tx, &self.movements).await?;
        let ids: Vec<ProductId> = self.products.iter().map(|p| p.id).collect();
        catalog::refresh(tx, currency, at, &ids).await?;
        if self.value > 0 {
            let postings = [("inventory", self.value), ("inventory_adjustment", -self.value)];
            let reference = self.movements.first().map_or_else(|| shop.id(), |m| m.id.0);
            accounting::post(tx, "stock.received", None, reference, currency, &postings)
                .await
                .map_err(|e| CatalogError::Books(e.to_string()))?;
        }
        let events: Vec<Event> = self
            .products
            .iter()
            .map(|p| Event::new("product.created", p.id.0, json!({ "handle": p.handle, "status": p.status })))
            .collect();
        events::append(tx, shop, &shop.system(), at, &events).await?;
        Ok(())
    }
}

/// The product at this place of all, its stock by variant, and the dice it was made with.
fn one(file: &File, base: &Base, index: usize, seed: u64, at: Timestamp) -> Result<(NewProduct, Vec<i64>, Dice), SeedError> {
    let mut dice = Dice::new(seed, index as u64);
    let count = file.product.len();
    let original = &file.product[index % count];
    let varied;
    let product = if index < count {
        original
    } else {
        varied = vary(original, index, count, &mut dice);
        &varied
    };
    let missing = |what: &str| SeedError::Data(format!("{}: there is no {what}", product.slug));
    let category = *base.categories.get(&product.category).ok_or_else(|| missing("category"))?;
    let picture = |name: &str| base.pictures.get(name).map(|p| p.id);
    let options: Vec<NewOption> = product
        .options
        .iter()
        .map(|o| NewOption {
            id: dice.id(at),
            key: slug(&o.name.en),
            names: o.name.rows(),
            values: o
                .values
                .iter()
                .map(|v| NewValue { id: dice.id(at), key: v.key.clone(), names: vec![("en", v.en.clone()), ("fil", v.fil.clone())] })
                .collect(),
        })
        .collect();
    let mut variants = Vec::with_capacity(product.variant.len());
    for v in &product.variant {
        let values = options.iter().zip(&v.options).filter_map(|(o, key)| o.values.iter().find(|value| value.key == *key).map(|v| v.id));
        let values: Vec<_> = values.collect();
        if values.len() != options.len() {
            return Err(missing("such option value"));
        }
        let net = if product.tax_class == "standard" { v.price * 100 / 112 } else { v.price };
        variants.push(NewVariant {
            id: VariantId(dice.id(at)),
            sku: v.sku.clone(),
            values,
            price: Some(v.price),
            compare_at: v.compare_at,
            cost: net * COST / 100,
            weight_g: v.weight_g,
            barcode: v.barcode.clone().filter(|b| !b.is_empty()),
            picture: v.picture.as_deref().and_then(picture),
        });
    }
    let text = |locale: &'static str, pick: fn(&Words) -> &String, slug: &str| NewText {
        locale,
        name: pick(&product.name).clone(),
        slug: slug.to_owned(),
        summary: pick(&product.summary).clone(),
        description: pick(&product.description).trim().to_owned(),
        seo_title: String::new(),
        seo_description: String::new(),
    };
    let new = NewProduct {
        id: ProductId(dice.id(at)),
        handle: product.slug.clone(),
        category: Some(category),
        vendor: product.vendor.clone(),
        tax_class: product.tax_class.clone(),
        status: if product.published { "published" } else { "draft" },
        featured: product.featured,
        created_at: at,
        texts: vec![text("en", |w| &w.en, &product.slug), text("fil", |w| &w.fil, &product.local_slug.fil)],
        tags: product.tags.clone(),
        pictures: product.pictures.iter().filter_map(|p| picture(&p.file)).collect::<Vec<PictureId>>(),
        options,
        variants,
    };
    Ok((new, product.variant.iter().map(|v| v.stock).collect(), dice))
}

/// Another product after the same picture.
fn vary(original: &Product, index: usize, count: usize, dice: &mut Dice) -> Product {
    let mut product = original.clone();
    let round = index / count - 1;
    let (series, place) = (SERIES[round % SERIES.len()], PLACES[(round / SERIES.len()) % PLACES.len()]);
    let number = round / (SERIES.len() * PLACES.len()) + 1;
    let (en, fil) = if number > 1 { (format!(" No. {number}"), format!(" Blg. {number}")) } else { (String::new(), String::new()) };
    product.name.en = format!("{}, {series} of {place}{en}", original.name.en);
    product.name.fil = format!("{}, {series} ng {place}{fil}", original.name.fil);
    let short = base36(index);
    product.slug = format!("{}-{}-{}-{short}", original.slug, slug(series), slug(place));
    product.local_slug.fil = format!("{}-{}-{}-{short}", original.local_slug.fil, slug(series), slug(place));
    product.vendor = format!("{series} {place}");
    product.tags.push(series.to_lowercase());
    product.tags.push(place.to_lowercase());
    product.featured = None;
    for option in &mut product.options {
        if matches!(option.name.en.as_str(), "Colour" | "Glaze") {
            recolour(option, &mut product.variant, dice);
        }
    }
    // Not every size of everything.
    if product.variant.len() > 2 && dice.below(2) == 0 {
        let gone = dice.below(product.variant.len());
        product.variant.remove(gone);
        let used: Vec<String> = product.variant.iter().flat_map(|v| v.options.clone()).collect();
        for option in &mut product.options {
            option.values.retain(|v| used.contains(&v.key));
        }
    }
    let percent = dice.range(14, 30) * 5;
    let sale = dice.below(8) == 0;
    for variant in &mut product.variant {
        variant.sku = format!("{}-{}", variant.sku, short.to_uppercase());
        variant.barcode = None;
        variant.price = (variant.price * percent / 100 / 500 * 500).max(500);
        variant.compare_at = sale.then(|| (variant.price * 118 / 100 / 500 + 1) * 500);
        variant.stock = if dice.below(12) == 0 { 0 } else { dice.range(1, 120) };
    }
    product
}

fn recolour(option: &mut OptionFile, variants: &mut [super::Variant], dice: &mut Dice) {
    let from = dice.below(COLOURS.len());
    for (place, value) in option.values.iter_mut().enumerate() {
        let (key, en, fil) = COLOURS[(from + place) % COLOURS.len()];
        let new = ValueFile { key: format!("{key}~"), en: en.into(), fil: fil.into() };
        for chosen in variants.iter_mut().flat_map(|v| &mut v.options).filter(|chosen| **chosen == value.key) {
            chosen.clone_from(&new.key);
        }
        *value = new;
    }
    // The mark kept new keys apart from old ones that were still to be replaced.
    for value in &mut option.values {
        value.key = value.key.trim_end_matches('~').to_owned();
    }
    for chosen in variants.iter_mut().flat_map(|v| &mut v.options) {
        *chosen = chosen.trim_end_matches('~').to_owned();
    }
}

fn base36(mut n: usize) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[n % 36]);
        n /= 36;
        if n == 0 {
            break;
        }
    }
    digits.reverse();
    String::from_utf8(digits).unwrap_or_default()
}
