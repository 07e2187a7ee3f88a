//! Everything but the goods: settings, houses, taxes, delivery, discounts, categories, photographs, stories, people.

use std::collections::HashMap;

use domain::id::{CategoryId, DiscountId, LocationId, PictureId, PriceListId, RequestId};
use domain::view::ContactDetails;
use domain::{Locale, Timestamp};
use uuid::Uuid;

use crate::Shop;
use crate::catalog::{self, NewPicture, STORIES, Story};
use crate::platform::Context;
use crate::platform::db::{DbError, Rows, Tx};
use crate::platform::events::{self, Event};
use crate::platform::settings;
use crate::{customers, identity};

use super::plan::Dice;
use super::{File, OPENED, PICTURES, SeedError, Words};

/// What the goods hang on.
pub(super) struct Base {
    pub list: PriceListId,
    pub warehouse: LocationId,
    pub store: LocationId,
    pub categories: HashMap<String, CategoryId>,
    pub pictures: HashMap<String, NewPicture>,
}

const LOCATIONS: [(&str, &str, &str); 3] =
    [("WH-1", "Warehouse Pasig", "warehouse"), ("ST-1", "Store Makati", "store"), ("ST-2", "Store Cebu", "store")];

pub(super) async fn write(shop: &Shop, file: &File, seed: u64, step: &(dyn Fn(usize) + Sync)) -> Result<Base, SeedError> {
    let mut known = crate::settings::shop(shop);
    known.name.clone_from(&file.shop.name);
    known.currency.clone_from(&file.shop.currency);
    known.country = "PH".into();
    known.limits.cash_per_person = file.shop.cash_per_person;
    if known.contact_email.is_empty() {
        known.contact_email = "kumusta@example.com".into();
    }
    crate::settings::save(shop, &shop.system(), known).await?;

    let mut dice = Dice::new(seed, u64::MAX);
    let mut id = || dice.id(OPENED);
    let locations = LOCATIONS.map(|l| (LocationId(id()), l));
    let list = PriceListId(id());
    let categories: HashMap<String, CategoryId> = file.category.iter().map(|c| (c.slug.clone(), CategoryId(id()))).collect();
    let pictures = pictures(shop, file, &mut id, step).await?;
    let mut base = Base { list, warehouse: locations[0].0, store: locations[1].0, categories, pictures };
    let mut tables = Tables::default();
    for (position, (id, (code, name, kind))) in (1_i64..).zip(&locations) {
        tables.locations.row(&[id, code, name, kind, &position]);
    }
    for rate in &file.tax_rate {
        let from = date(&rate.valid_from).ok_or_else(|| SeedError::Data(format!("{} is no date", rate.valid_from)))?;
        tables.rates.row(&[&id(), &rate.class, &rate.country, &rate.rate_bp, &from, &rate.source]);
    }
    for (position, m) in (1_i64..).zip(&file.delivery_method) {
        tables.methods.row(&[
            &m.code,
            &position,
            &m.fee,
            &m.per_kg_fee,
            &m.free_from,
            &m.days_min,
            &m.days_max,
            &m.cutoff,
            &m.regions.join(","),
            &i64::from(m.collects_cash),
        ]);
        for ((locale, name), (_, description)) in m.name.rows().iter().zip(&m.description.rows()) {
            tables.method_texts.row(&[&m.code, locale, name, description]);
        }
    }
    for code in &file.discount_code {
        let percent = code.percent.map(|p| p * 100);
        tables.codes.row(&[&DiscountId(id()), &code.code, &percent, &code.amount, &code.min_subtotal]);
    }
    for c in &file.category {
        let (Some(id), picture) = (base.categories.get(&c.slug), base.pictures.get(&c.picture).map(|p| p.id)) else {
            continue;
        };
        tables.categories.row(&[id, &c.slug, &c.position, &picture, &OPENED]);
        tables.category_texts.row(&[id, &"en", &c.name.en, &c.slug, &c.blurb.en]);
        tables.category_texts.row(&[id, &"fil", &c.name.fil, &c.local_slug.fil, &c.blurb.fil]);
    }
    let both = |words: &Words| HashMap::from([("en".to_owned(), words.en.clone()), ("fil".to_owned(), words.fil.clone())]);
    let stories: Vec<Story> = file
        .story
        .iter()
        .map(|s| Story {
            title: both(&s.title),
            body: both(&s.body),
            action: both(&s.action),
            alt: both(&s.alt),
            category: s.link.clone(),
            picture: base.pictures.get(&s.picture).map(|p| (p.id, p.width, p.height)),
        })
        .collect();
    let (own, all, currency) = (shop.clone(), base.pictures.values().cloned().collect::<Vec<_>>(), file.shop.currency.clone());
    (base.list, base.warehouse, base.store, base.categories) = shop
        .db()
        .write(async move |tx| {
            tables.insert(tx).await?;
            tx.execute(
                "insert into price_lists (id, name, currency, position) values ($1, 'Shop', $2, 100) on conflict (name) do nothing",
                &[&list, &currency],
            )
            .await?;
            catalog::insert_pictures(tx, OPENED, &all).await?;
            insert(
                tx,
                tables.categories.clone(),
                "insert into categories (id, handle, position, picture_id, created_at, updated_at)
                 select unhex(value->>0), value->>1, cast(value->>2 as bigint), unhex(value->>3), cast(value->>4 as bigint),
                    cast(value->>4 as bigint) from json_each($1) where true on conflict (handle) do nothing",
            )
            .await?;
            insert(
                tx,
                tables.category_texts.clone(),
                "insert into category_texts (category_id, locale, name, slug, blurb)
                 select unhex(value->>0), value->>1, value->>2, value->>3, value->>4 from json_each($1) j
                 join categories c on c.id = unhex(value->>0) where true on conflict (category_id, locale) do nothing",
            )
            .await?;
            settings::put(tx, STORIES, &stories, own.now()).await?;
            let event = Event::new("catalog.changed", Uuid::nil(), serde_json::json!({ "seed": seed }));
            events::append(tx, &own, &own.system(), own.now(), &[event]).await?;
            // What was there already keeps its id.
            let list: (PriceListId,) = tx.fetch_one("select id from price_lists where name = 'Shop'", &[]).await?;
            let warehouse: (LocationId,) = tx.fetch_one("select id from locations where code = 'WH-1'", &[]).await?;
            let store: (LocationId,) = tx.fetch_one("select id from locations where code = 'ST-1'", &[]).await?;
            let categories: Vec<(String, CategoryId)> = tx.fetch_all("select handle, id from categories", &[]).await?;
            Ok::<_, DbError>((list.0, warehouse.0, store.0, categories.into_iter().collect()))
        })
        .await?;
    shop.settings().forget();
    crate::settings::load(shop).await?;
    Ok(base)
}

#[derive(Clone, Default)]
struct Tables {
    locations: Rows,
    rates: Rows,
    methods: Rows,
    method_texts: Rows,
    codes: Rows,
    categories: Rows,
    category_texts: Rows,
}

impl Tables {
    /// What stands by itself. What is there already stays as it is.
    async fn insert(&self, tx: &mut Tx) -> Result<(), DbError> {
        insert(
            tx,
            self.locations.clone(),
            "insert into locations (id, code, name, kind, position)
             select unhex(value->>0), value->>1, value->>2, value->>3, cast(value->>4 as bigint)
             from json_each($1) where true on conflict (code) do nothing",
        )
        .await?;
        insert(
            tx,
            self.rates.clone(),
            "insert into tax_rates (id, class, country, rate_bp, valid_from, source)
             select unhex(value->>0), value->>1, value->>2, cast(value->>3 as bigint), cast(value->>4 as bigint), value->>5
             from json_each($1) where true on conflict (class, country, valid_from) do nothing",
        )
        .await?;
        insert(
            tx,
            self.methods.clone(),
            "insert into delivery_methods (code, position, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, collects_cash)
             select value->>0, cast(value->>1 as bigint), cast(value->>2 as bigint), cast(value->>3 as bigint), cast(value->>4 as bigint),
                cast(value->>5 as bigint), cast(value->>6 as bigint), cast(value->>7 as bigint), value->>8, cast(value->>9 as bigint)
             from json_each($1) where true on conflict (code) do nothing",
        )
        .await?;
        insert(
            tx,
            self.method_texts.clone(),
            "insert into delivery_method_texts (code, locale, name, description)
             select value->>0, value->>1, value->>2, value->>3 from json_each($1) where true on conflict (code, locale) do nothing",
        )
        .await?;
        insert(
            tx,
            self.codes.clone(),
            "insert into discount_codes (id, code, percent_bp, amount, min_subtotal)
             select unhex(value->>0), value->>1, cast(value->>2 as bigint), cast(value->>3 as bigint), cast(value->>4 as bigint)
             from json_each($1) where true on conflict (code) do nothing",
        )
        .await
    }
}

async fn insert(tx: &mut Tx, rows: Rows, sql: &'static str) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(sql, &[&rows.end()]).await?;
    Ok(())
}

/// Keeps the photographs that something shows.
async fn pictures(
    shop: &Shop,
    file: &File,
    id: &mut impl FnMut() -> Uuid,
    step: &(dyn Fn(usize) + Sync),
) -> Result<HashMap<String, NewPicture>, SeedError> {
    let mut alts: HashMap<&str, &Words> = file.story.iter().map(|s| (s.picture.as_str(), &s.alt)).collect();
    alts.extend(file.product.iter().flat_map(|p| &p.pictures).map(|p| (p.file.as_str(), &p.alt)));
    let mut kept = HashMap::new();
    for (done, photograph) in PICTURES.iter().enumerate() {
        step(done);
        let Some(alt) = alts.get(photograph.name) else { continue };
        let (hash, width, height) = catalog::keep_own_picture(shop, photograph.original, photograph.forms).await?;
        kept.insert(photograph.name.to_owned(), NewPicture { id: PictureId(id()), hash, width, height, alts: alt.rows() });
    }
    match alts.keys().find(|name| !kept.contains_key(**name)) {
        Some(missing) => Err(SeedError::Data(format!("there is no photograph {missing}"))),
        None => Ok(kept),
    }
}

/// Staff and shoppers, marked as the demonstration's. Who is known already is left alone.
pub(super) async fn people(shop: &Shop, file: &File, step: &(dyn Fn(usize) + Sync)) -> Result<(), SeedError> {
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
                let own = Context::customer(user, RequestId(shop.id()));
                customers::save_address(shop, &own, locale, None, &c.address, true).await?;
            }
            Err(identity::IdentityError::Invalid(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A day, `2006-02-01`, as its first moment in the Philippines. (Hinnant, days from civil.)
fn date(text: &str) -> Option<Timestamp> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(Timestamp::from_millis(days * Timestamp::DAY - 8 * 3_600_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_in_the_philippines() {
        assert_eq!(date("1970-01-02"), Some(Timestamp::from_millis(16 * 3_600_000)));
        assert_eq!(date("2006-02-01"), Some(Timestamp::from_millis(1_138_723_200_000)));
        assert_eq!(date("soon"), None);
    }
}
