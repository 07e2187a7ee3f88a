//! The products of the file, then variations of them.

use domain::id::{MovementId, PictureId, ProductId, VariantId};
use domain::slug::slug;
use domain::stock::StockReason;
use domain::{Money, Timestamp};
use platform::db::Tx;

use crate::Shop;
use crate::catalog::events::{ImportedStatus, ProductCreated};
use crate::catalog::{self, CatalogError, NewOption, NewProduct, NewText, NewValue, NewVariant, ProductPriceList, StatedFact, StatedFacts};
use crate::inventory::{self, Movement, Source};
use crate::pricing::{HomeMarket, home_market};

use super::basics::Base;
use super::file::{FactEntry, LocalizedText, OptionEntry, ProductEntry, ShopFile, ValueEntry, VariantEntry};
use super::rng::SeedRng;
use super::{Beginning, OPENED, SeedError, past};

/// Products in one transaction.
const BATCH: usize = 500;
/// Products were created over this time, so that “newest first” has an effect.
pub(super) const CREATED_OVER_DAYS: i64 = 150;
/// Of the price without tax.
const COST_PERCENT: i64 = 55;

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

/// Returns the number of variants.
pub(super) async fn write(
    shop: &Shop,
    file: &ShopFile,
    base: &Base,
    (products, seed): (usize, u64),
    beginning: &Beginning,
    step: &(dyn Fn(usize) + Sync),
) -> Result<usize, SeedError> {
    if file.product.is_empty() {
        return Ok(0);
    }
    // The file is in the order of its categories, which should not be the order of creation.
    let order = SeedRng::new(seed, u64::MAX - 1).shuffled(products);
    let mut written = 0;
    let mut variants = 0;
    for batch in order.chunks(BATCH) {
        let mut seeded = Vec::with_capacity(batch.len());
        for (position, index) in batch.iter().enumerate() {
            let at = (written + position) as i64 * (CREATED_OVER_DAYS * Timestamp::DAY / products as i64);
            let mut product = seeded_product(file, base, *index, seed, OPENED.plus_millis(at))?;
            product.product.created_at = beginning.opened.plus_millis(at);
            seeded.push(product);
        }
        let batch = Batch::new(base, seeded);
        variants += batch.products.iter().map(|p| p.variants.len()).sum::<usize>();
        written += batch.products.len();
        let (list, home) = (base.list, HomeMarket { currency: base.list.currency, ..home_market(shop) });
        // With the last products comes the past, or neither.
        let past = beginning.past.clone().filter(|_| written == products);
        let inner = shop.clone();
        let wrote = shop.db().write(async move |tx| {
            batch.write(tx, list, &home).await?;
            match &past {
                Some((past, last_day)) => past::insert(&inner, tx, past, *last_day).await,
                None => Ok::<_, SeedError>(()),
            }
        });
        wrote.await?;
        step(written);
    }
    Ok(variants)
}

struct Batch {
    products: Vec<NewProduct>,
    movements: Vec<Movement>,
}

impl Batch {
    fn new(base: &Base, seeded: Vec<SeededProduct>) -> Self {
        let (mut products, mut movements) = (Vec::with_capacity(seeded.len()), Vec::new());
        for SeededProduct { product, id_at, stock, mut rng } in seeded {
            for (variant, units) in product.variants.iter().zip(stock) {
                // Of large stocks a fifth is in the store.
                let in_store = if units >= 40 { units / 5 } else { 0 };
                for (location, units) in [(base.warehouse, units - in_store), (base.store, in_store)] {
                    if units > 0 || location == base.warehouse {
                        movements.push(Movement {
                            id: MovementId(rng.id(id_at)),
                            variant: variant.id,
                            location,
                            kind: "received",
                            units,
                            value: Money::new(variant.cost * units, base.list.currency),
                            reason: StockReason::Opening,
                            note: String::new(),
                            source: Some(Source::Product(product.id)),
                            at: product.created_at,
                        });
                    }
                }
            }
            products.push(product);
        }
        Self { products, movements }
    }

    async fn write(&self, tx: &mut Tx, list: ProductPriceList, home: &HomeMarket) -> Result<(), CatalogError> {
        catalog::insert_products(tx, list, &self.products).await?;
        inventory::receive(tx, &self.movements).await?;
        let ids: Vec<ProductId> = self.products.iter().map(|p| p.id).collect();
        catalog::refresh(tx, home, &ids).await?;
        for product in &self.products {
            let imported = ImportedStatus { status: Some(product.status.to_owned()), ..ImportedStatus::default() };
            tx.record(product.id, ProductCreated { handle: product.handle.clone(), imported });
        }
        Ok(())
    }
}

struct SeededProduct {
    product: NewProduct,
    /// The time in its ids, whenever the shop was opened.
    id_at: Timestamp,
    /// Opening stock of each variant, in their order.
    stock: Vec<i64>,
    /// With which the product was made, and its movements will be.
    rng: SeedRng,
}

/// The product of this index: one of the file, or beyond its end a variation of one.
fn seeded_product(file: &ShopFile, base: &Base, index: usize, seed: u64, at: Timestamp) -> Result<SeededProduct, SeedError> {
    let mut rng = SeedRng::new(seed, index as u64);
    let count = file.product.len();
    let original = &file.product[index % count];
    let varied;
    let entry = if index < count {
        original
    } else {
        varied = vary(original, index, count, &mut rng);
        &varied
    };
    let category = *base.categories.get(&entry.category).ok_or_else(|| missing(entry, "category"))?;
    let picture = |name: &str| base.pictures.get(name).map(|p| p.id);
    let options = options(entry, at, &mut rng);
    let variants = variants(entry, base, &options, at, &mut rng)?;
    let text = |locale: &'static str, pick: fn(&LocalizedText) -> &String, slug: &str| NewText {
        locale,
        name: pick(&entry.name).clone(),
        slug: slug.to_owned(),
        summary: pick(&entry.summary).clone(),
        description: pick(&entry.description).trim().to_owned(),
        seo_title: String::new(),
        seo_description: String::new(),
    };
    let product = NewProduct {
        id: ProductId(rng.id(at)),
        handle: entry.slug.clone(),
        category: Some(category),
        vendor: entry.vendor.clone(),
        tax_class: entry.tax_class.clone(),
        status: if entry.published { "published" } else { "draft" },
        featured: entry.featured,
        created_at: at,
        texts: vec![text("en", |t| &t.en, &entry.slug), text("fil", |t| &t.fil, &entry.local_slug.fil)],
        tags: entry.tags.clone(),
        pictures: entry.pictures.iter().filter_map(|p| picture(&p.file)).collect::<Vec<PictureId>>(),
        options,
        variants,
        stated: (!entry.product_type.is_empty()).then(|| stated_facts(entry)),
    };
    Ok(SeededProduct { product, id_at: at, stock: entry.variant.iter().map(|v| v.stock).collect(), rng })
}

fn stated_facts(entry: &ProductEntry) -> StatedFacts {
    let fact = |fact: &FactEntry| {
        fact.value.rows().into_iter().map(|(locale, value)| StatedFact { key: fact.key.clone(), locale, value }).collect::<Vec<_>>()
    };
    StatedFacts { product_type: entry.product_type.clone(), facts: entry.facts.iter().flat_map(fact).collect() }
}

fn missing(entry: &ProductEntry, what: &str) -> SeedError {
    SeedError::Data(format!("{}: there is no {what}", entry.slug))
}

fn options(entry: &ProductEntry, at: Timestamp, rng: &mut SeedRng) -> Vec<NewOption> {
    let mut options = Vec::with_capacity(entry.options.len());
    for option in &entry.options {
        let id = rng.id(at);
        let value = |v: &ValueEntry| NewValue { id: rng.id(at), key: v.key.clone(), names: v.name.rows() };
        let values = option.values.iter().map(value).collect();
        options.push(NewOption { id, key: slug(&option.name.en), names: option.name.rows(), values });
    }
    options
}

fn variants(
    entry: &ProductEntry,
    base: &Base,
    options: &[NewOption],
    at: Timestamp,
    rng: &mut SeedRng,
) -> Result<Vec<NewVariant>, SeedError> {
    let mut variants = Vec::with_capacity(entry.variant.len());
    for v in &entry.variant {
        let values = options.iter().zip(&v.options).filter_map(|(o, key)| o.values.iter().find(|value| value.key == *key).map(|v| v.id));
        let values: Vec<_> = values.collect();
        if values.len() != options.len() {
            return Err(missing(entry, "such option value"));
        }
        let net = if entry.tax_class == "standard" { v.price * 100 / 112 } else { v.price };
        variants.push(NewVariant {
            id: VariantId(rng.id(at)),
            sku: v.sku.clone(),
            values,
            price: Some(v.price),
            compare_at: v.compare_at,
            cost: net * COST_PERCENT / 100,
            weight_g: v.weight_g,
            barcode: v.barcode.clone().filter(|b| !b.is_empty()),
            picture: v.picture.as_deref().and_then(|name| base.pictures.get(name)).map(|p| p.id),
        });
    }
    Ok(variants)
}

/// Another product with the same pictures.
fn vary(original: &ProductEntry, index: usize, count: usize, rng: &mut SeedRng) -> ProductEntry {
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
            recolour(option, &mut product.variant, rng);
        }
    }
    // Half of the variations with several variants lack one.
    if product.variant.len() > 2 && rng.below(2) == 0 {
        let gone = rng.below(product.variant.len());
        product.variant.remove(gone);
        let used: Vec<String> = product.variant.iter().flat_map(|v| v.options.clone()).collect();
        for option in &mut product.options {
            option.values.retain(|v| used.contains(&v.key));
        }
    }
    let percent = rng.range(14, 30) * 5;
    let sale = rng.below(8) == 0;
    for variant in &mut product.variant {
        variant.sku = format!("{}-{}", variant.sku, short.to_uppercase());
        variant.barcode = None;
        variant.price = (variant.price * percent / 100 / 500 * 500).max(500);
        variant.compare_at = sale.then(|| (variant.price * 118 / 100 / 500 + 1) * 500);
        variant.stock = if rng.below(12) == 0 { 0 } else { rng.range(1, 120) };
    }
    product
}

fn recolour(option: &mut OptionEntry, variants: &mut [VariantEntry], rng: &mut SeedRng) {
    let from = rng.below(COLOURS.len());
    for (position, value) in option.values.iter_mut().enumerate() {
        let (key, en, fil) = COLOURS[(from + position) % COLOURS.len()];
        let new = ValueEntry { key: format!("{key}~"), name: LocalizedText { en: en.into(), fil: fil.into() } };
        for chosen in variants.iter_mut().flat_map(|v| &mut v.options).filter(|chosen| **chosen == value.key) {
            chosen.clone_from(&new.key);
        }
        *value = new;
    }
    // The mark kept new keys from being taken for old ones.
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
