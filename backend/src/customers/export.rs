//! Customers as a CSV file, page by page. Its columns are described in `docs/orders.md`.

use std::collections::{BTreeMap, HashMap};

use domain::id::{AddressId, ContactId};
use domain::permission::Permission;
use domain::view::Preferences;
use domain::{Currency, Money, Timestamp, iso_minute};

use crate::orders::is_sale;
use crate::platform::db::{Db, DbError, Rows};
use crate::platform::handover::Handover;
use crate::platform::{Context, csv};
use crate::{Shop, settings};
use ::platform::events::Event;
use domain::id::UserId;
use serde::{Deserialize, Serialize};

use super::{CustomerError, open_addresses, unseal_contact};

/// The columns, in their order; in place of `spent` there is one for each currency, as `spent_php`.
pub const CUSTOMER_COLUMNS: [&str; 20] = [
    "name",
    "email",
    "phone",
    "language",
    "account",
    "news_by_email",
    "orders",
    "spent",
    "first_order",
    "last_order",
    "recipient",
    "line1",
    "line2",
    "barangay",
    "city",
    "province",
    "region",
    "postal_code",
    "country",
    "known_since",
];

/// People on a page.
const PAGE: usize = 200;

/// Where the next page begins: people are one by their e-mail; those without one follow.
enum Next {
    Email(Vec<u8>),
    Without(ContactId),
    Nowhere,
}

/// A file of customers is begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomersExportBegun {}

impl Event for CustomersExportBegun {
    const KIND: &'static str = "customers.export_begun";
    type Subject = UserId;
}

/// A file of customers left the shop, or the part of it until it was broken off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomersExported {
    pub rows: u64,
    /// Did all of it leave?
    pub complete: bool,
}

impl Event for CustomersExported {
    const KIND: &'static str = "customers.exported";
    type Subject = UserId;
}

/// A file of customers that is being written.
pub struct CustomersFile {
    shop: Shop,
    currencies: Vec<Currency>,
    next: Next,
    handover: Handover<CustomersExported>,
    begun: bool,
}

crate::rows! {
    /// A contact with the account that it may belong to.
    struct ContactRow {
        id: ContactId,
        sealed: Vec<u8>,
        email_hash: Option<Vec<u8>>,
        locale: String,
        created_at: Timestamp,
        role: Option<String>,
        preferences: Option<String>,
    }
    /// A sale, as the day's figures count them.
    struct Bought {
        contact: ContactId,
        placed_at: Timestamp,
        currency: Currency,
        due: i64,
        address: AddressId,
    }
}

impl CustomersFile {
    /// Begins a file of everybody who bought or has an account, staff aside.
    ///
    /// # Errors
    /// Not allowed, or the database's.
    pub async fn begin(shop: &Shop, ctx: &Context) -> Result<Self, CustomerError> {
        ctx.require(Permission::ExportCustomers)?;
        let currencies = currencies(shop).await?;
        let handover =
            Handover::begin(shop.db(), ctx, CustomersExportBegun {}, |rows, complete| CustomersExported { rows, complete }).await?;
        Ok(Self { shop: shop.clone(), currencies, next: Next::Email(Vec::new()), handover, begun: false })
    }

    /// The next part of the file; none after the last.
    ///
    /// # Errors
    /// The database's, or what a sealed record says.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CustomerError> {
        let contacts = match &self.next {
            Next::Email(after) => {
                let hashes = emails(self.shop.db(), after).await?;
                let asked: Rows = hashes.iter().collect();
                self.next = match hashes.last() {
                    Some(last) if hashes.len() == PAGE => Next::Email(last.clone()),
                    _ => Next::Without(ContactId(uuid::Uuid::nil())),
                };
                by_email(self.shop.db(), &asked.end()).await?
            }
            Next::Without(after) => {
                let contacts = without_email(self.shop.db(), *after).await?;
                self.next = contacts.last().filter(|_| contacts.len() == PAGE).map_or(Next::Nowhere, |last| Next::Without(last.id));
                contacts
            }
            Next::Nowhere => return Ok(None),
        };
        let mut part = Vec::new();
        if !self.begun {
            self.begun = true;
            part.extend_from_slice(csv::MARK.as_bytes());
            part.extend(csv::lines([self.columns()]));
        }
        let rows = self.rows_of(contacts).await?;
        self.handover.add(rows.len());
        part.extend(csv::lines(rows));
        if matches!(self.next, Next::Nowhere) {
            self.handover.end().await?;
        }
        Ok(Some(part))
    }

    fn columns(&self) -> Vec<String> {
        let mut columns = Vec::with_capacity(CUSTOMER_COLUMNS.len());
        for column in CUSTOMER_COLUMNS {
            match column {
                "spent" => columns.extend(self.currencies.iter().map(|currency| format!("spent_{}", currency.code().to_lowercase()))),
                other => columns.push(other.to_owned()),
            }
        }
        columns
    }

    /// A row for each person among these contacts.
    async fn rows_of(&self, contacts: Vec<ContactRow>) -> Result<Vec<Vec<String>>, CustomerError> {
        let mut people: BTreeMap<Vec<u8>, Vec<ContactRow>> = BTreeMap::new();
        for contact in contacts.into_iter().filter(|contact| contact.role.is_none()) {
            let key = contact.email_hash.clone().unwrap_or_else(|| contact.id.0.as_bytes().to_vec());
            people.entry(key).or_default().push(contact);
        }
        let ids: Rows = people.values().flatten().map(|contact| &contact.id).collect();
        let mut bought: HashMap<ContactId, Vec<Bought>> = HashMap::new();
        for order in orders_of(self.shop.db(), &ids.end()).await? {
            bought.entry(order.contact).or_default().push(order);
        }
        let latest = |contacts: &[ContactRow]| {
            contacts
                .iter()
                .filter_map(|contact| bought.get(&contact.id))
                .flatten()
                .max_by_key(|order| order.placed_at)
                .map(|order| order.address)
        };
        let addresses: Vec<AddressId> = people.values().filter_map(|contacts| latest(contacts)).collect();
        let addresses = open_addresses(&self.shop, &addresses).await?;
        let mut rows = Vec::with_capacity(people.len());
        for contacts in people.values() {
            let orders: Vec<&Bought> = contacts.iter().filter_map(|contact| bought.get(&contact.id)).flatten().collect();
            let account = contacts.iter().find(|contact| contact.preferences.is_some());
            // What an account says of its owner is newer than what an order says; of orders the latest counts.
            let Some(known) = account.or_else(|| contacts.iter().max_by_key(|contact| contact.created_at)) else { continue };
            let person = unseal_contact(&self.shop, known.id, &known.sealed)?;
            let preferences: Preferences =
                account.and_then(|account| serde_json::from_str(account.preferences.as_deref()?).ok()).unwrap_or_default();
            let spent = |currency: &Currency| {
                let of = orders.iter().filter(|order| order.currency == *currency);
                Money::new(of.fold(0_i64, |sum, order| sum.saturating_add(order.due)), *currency).decimal()
            };
            let moment = |at: Option<Timestamp>| at.map(iso_minute).unwrap_or_default();
            let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
            let address = latest(contacts).and_then(|id| addresses.get(&id).cloned()).unwrap_or_default();
            let language = if preferences.locale.is_empty() { known.locale.clone() } else { preferences.locale };
            let mut row = vec![
                person.name,
                person.email,
                person.phone,
                language,
                yes(account.is_some()),
                yes(preferences.marketing),
                orders.len().to_string(),
            ];
            row.extend(self.currencies.iter().map(spent));
            row.extend([
                moment(orders.iter().map(|order| order.placed_at).min()),
                moment(orders.iter().map(|order| order.placed_at).max()),
                address.recipient,
                address.line1,
                address.line2,
                address.barangay,
                address.city,
                address.province,
                address.region,
                address.postal_code,
                address.country,
                moment(contacts.iter().map(|contact| contact.created_at).min()),
            ]);
            rows.push(row);
        }
        Ok(rows)
    }
}

/// The shop's currency, and those of orders that were placed when it had another one.
async fn currencies(shop: &Shop) -> Result<Vec<Currency>, DbError> {
    let mut currencies = vec![settings::shop_currency(shop)];
    let placed: Vec<(Currency,)> = shop.db().fetch_all("select distinct currency from orders order by currency", &[]).await?;
    currencies.extend(placed.into_iter().map(|(currency,)| currency).filter(|currency| *currency != settings::shop_currency(shop)));
    Ok(currencies)
}

async fn emails(db: &Db, after: &Vec<u8>) -> Result<Vec<Vec<u8>>, DbError> {
    let found: Vec<(Vec<u8>,)> =
        db.fetch_all("select distinct email_hash from contacts where email_hash > $1 order by email_hash limit 200", &[after]).await?;
    Ok(found.into_iter().map(|(hash,)| hash).collect())
}

async fn by_email(db: &Db, hashes: &String) -> Result<Vec<ContactRow>, DbError> {
    db.fetch_all(
        "select c.id, c.sealed, c.email_hash, c.locale, c.created_at, u.role, u.preferences from contacts c
         left join users u on u.contact_id = c.id where c.email_hash in (select unhex(value->>0, '') from json_each($1)) order by c.id",
        &[hashes],
    )
    .await
}

async fn without_email(db: &Db, after: ContactId) -> Result<Vec<ContactRow>, DbError> {
    db.fetch_all(
        "select c.id, c.sealed, c.email_hash, c.locale, c.created_at, u.role, u.preferences from contacts c
         left join users u on u.contact_id = c.id where c.email_hash is null and c.id > $1 order by c.id limit 200",
        &[&after],
    )
    .await
}

async fn orders_of(db: &Db, contacts: &String) -> Result<Vec<Bought>, DbError> {
    db.fetch_all(
        concat!(
            "select contact_id, placed_at, currency, total - waived, shipping_address_id from orders
             where contact_id in (select unhex(value->>0) from json_each($1)) and ",
            is_sale!()
        ),
        &[contacts],
    )
    .await
}
