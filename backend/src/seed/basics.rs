//! Everything but the products: settings, locations, taxes, delivery, discounts, categories, pictures, stories, pages, people.

use std::collections::HashMap;

use domain::Locale;
use domain::id::{CategoryId, LocationId, PictureId, PriceListId, RequestId};
use domain::view::ContactDetails;
use platform::db::{DbError, FromRow, Tx};
use platform::{Context, settings};
use uuid::Uuid;

use crate::Shop;
use crate::catalog::events::CatalogChanged;
use crate::catalog::{self, NewPicture, ProductPriceList, STORIES, StoredPicture, Story};
use crate::{contacts, content, identity, pricing};

use super::file::{LocalizedText, ShopFile, StoryEntry};
use super::rng::SeedRng;
use super::tables::Tables;
use super::{OPENED, PICTURES, SeedError};

/// What products refer to.
pub(super) struct Base {
    pub list: ProductPriceList,
    pub warehouse: LocationId,
    pub store: LocationId,
    /// Categories by slug.
    pub categories: HashMap<String, CategoryId>,
    /// Pictures by file name.
    pub pictures: HashMap<String, NewPicture>,
    /// Have the locations the ids of this seed, and not those of another that was stopped?
    pub is_of_seed: bool,
}

/// Code, name, kind and city.
const LOCATIONS: [(&str, &str, &str, &str); 3] = [
    ("WH-1", "Warehouse Pasig", "warehouse", "Pasig"),
    ("ST-1", "Store Makati", "store", "Makati"),
    ("ST-2", "Store Cebu", "store", "Cebu City"),
];

async fn write_settings(shop: &Shop, file: &ShopFile) -> Result<(), SeedError> {
    let mut settings = crate::settings::shop(shop);
    settings.name.clone_from(&file.shop.name);
    settings.currency.clone_from(&file.shop.currency);
    settings.country = "PH".into();
    settings.limits.cash_per_person = file.shop.cash_per_person;
    if settings.contact_email.is_empty() {
        settings.contact_email = "kumusta@example.com".into();
    }
    crate::settings::save(shop, &shop.system(), settings).await?;
    Ok(())
}

pub(super) async fn write(shop: &Shop, file: &ShopFile, seed: u64, step: &(dyn Fn(usize) + Sync)) -> Result<Base, SeedError> {
    write_settings(shop, file).await?;
    let mut rng = SeedRng::new(seed, u64::MAX);
    let mut id = || rng.id(OPENED);
    let locations = LOCATIONS.map(|l| (LocationId(id()), l));
    let list = ProductPriceList { id: PriceListId(id()), currency: crate::settings::shop_currency(shop) };
    let categories: HashMap<String, CategoryId> = file.category.iter().map(|c| (c.slug.clone(), CategoryId(id()))).collect();
    let pictures = pictures(shop, file, &mut id, step).await?;
    let base = Base { list, warehouse: locations[0].0, store: locations[1].0, categories, pictures, is_of_seed: true };
    let tables = Tables::of(file, &base, &locations, &mut id)?;
    let (stories, pages) = (stories(file, &base), file.page.clone());
    let all: Vec<NewPicture> = base.pictures.values().cloned().collect();
    let existing = shop
        .db()
        .write(async move |tx| {
            tx.execute(
                "insert into price_lists (id, name, currency, position) values ($1, 'Shop', $2, 100) on conflict (name) do nothing",
                &[&list.id, &list.currency],
            )
            .await?;
            catalog::insert_pictures(tx, OPENED, &all).await?;
            tables.insert(tx).await?;
            pricing::schedule_tax_rates(tx).await?;
            settings::put(tx, STORIES, &stories).await?;
            content::publish(tx, &pages).await?;
            tx.record(Uuid::nil(), CatalogChanged { seed });
            Existing::read(tx).await
        })
        .await?;
    shop.settings().forget();
    shop.content_cache().invalidate();
    crate::settings::load(shop).await?;
    Ok(existing.into_base(base))
}

fn stories(file: &ShopFile, base: &Base) -> Vec<Story> {
    let both = |text: &LocalizedText| text.rows().into_iter().map(|(language, text)| (language.to_owned(), text)).collect();
    let story = |s: &StoryEntry| Story {
        title: both(&s.title),
        body: both(&s.body),
        action: both(&s.action),
        alt: both(&s.alt),
        category: s.link.clone(),
        picture: base.pictures.get(&s.picture).map(|p| (p.id, p.width, p.height)),
    };
    file.story.iter().map(story).collect()
}

#[derive(FromRow)]
struct ExistingCategory {
    handle: String,
    id: CategoryId,
}

/// What is in the database after a seed: rows that existed before keep their ids.
struct Existing {
    list: ProductPriceList,
    warehouse: LocationId,
    store: LocationId,
    categories: Vec<ExistingCategory>,
}

impl Existing {
    async fn read(tx: &mut Tx) -> Result<Self, DbError> {
        Ok(Self {
            list: tx.fetch_one("select id, currency from price_lists where name = 'Shop'", &[]).await?,
            warehouse: tx.fetch_scalar("select id from stock_locations where code = 'WH-1'", &[]).await?,
            store: tx.fetch_scalar("select id from stock_locations where code = 'ST-1'", &[]).await?,
            categories: tx.fetch_all("select handle, id from categories", &[]).await?,
        })
    }

    fn into_base(self, base: Base) -> Base {
        let categories = self.categories.into_iter().map(|row| (row.handle, row.id)).collect();
        let is_of_seed = (self.warehouse, self.store) == (base.warehouse, base.store);
        Base { list: self.list, warehouse: self.warehouse, store: self.store, categories, is_of_seed, ..base }
    }
}

/// Stores the pictures that a product, a category or a story shows.
async fn pictures(
    shop: &Shop,
    file: &ShopFile,
    id: &mut impl FnMut() -> Uuid,
    step: &(dyn Fn(usize) + Sync),
) -> Result<HashMap<String, NewPicture>, SeedError> {
    let mut alts: HashMap<&str, &LocalizedText> = file.story.iter().map(|s| (s.picture.as_str(), &s.alt)).collect();
    alts.extend(file.product.iter().flat_map(|p| &p.pictures).map(|p| (p.file.as_str(), &p.alt)));
    let mut pictures = HashMap::new();
    for (done, bundled) in PICTURES.iter().enumerate() {
        step(done);
        let Some(alt) = alts.get(bundled.name) else { continue };
        let StoredPicture { hash, width, height } = catalog::store_bundled_picture(shop, bundled.original, bundled.forms).await?;
        pictures.insert(bundled.name.to_owned(), NewPicture { id: PictureId(id()), hash, width, height, alts: alt.rows() });
    }
    match alts.keys().find(|name| !pictures.contains_key(**name)) {
        Some(missing) => Err(SeedError::Data(format!("there is no picture {missing}"))),
        None => Ok(pictures),
    }
}

/// Staff and shoppers, whose accounts are marked as the demonstration's. Existing accounts stay as they are.
pub(super) async fn people(shop: &Shop, file: &ShopFile, step: &(dyn Fn(usize) + Sync)) -> Result<(), SeedError> {
    for (done, s) in file.staff.iter().enumerate() {
        step(done);
        let contact = ContactDetails { name: s.name.clone(), email: s.email.clone(), phone: String::new() };
        match identity::create_demo_account(shop, Locale::En, contact, Some(s.role), &s.password).await {
            Ok(_) | Err(identity::IdentityError::Invalid(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for (done, c) in file.customer.iter().enumerate() {
        step(file.staff.len() + done);
        let locale = Locale::parse(&c.locale).unwrap_or_default();
        let contact = ContactDetails { name: c.name.clone(), email: c.email.clone(), phone: c.phone.clone() };
        match identity::create_demo_account(shop, locale, contact, None, &c.password).await {
            Ok(user) => {
                let ctx = Context::customer(user, RequestId(shop.id()));
                contacts::save_address(shop, &ctx, locale, None, &c.address, true).await?;
            }
            Err(identity::IdentityError::Invalid(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
