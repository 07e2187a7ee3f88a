//! Customers as a CSV file, written page by page. `docs/orders.md` describes its columns.

use std::collections::{BTreeMap, HashMap};

use domain::id::{AddressId, ContactId};
use domain::permission::Permission;
use domain::view::{Address, Preferences};
use domain::{Currency, Money, TimeZone, Timestamp};
use platform::db::{Db, DbError, json_ids};
use platform::handover::Handover;
use platform::{Context, csv};

use crate::customers::events::{CustomersExportBegun, CustomersExported};
use crate::customers::{CustomerError, open_addresses, unseal_contact};
use crate::orders::is_sale;
use crate::{Shop, settings};

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

const CUSTOMERS_PER_PAGE: usize = 200;

/// Where the next page begins. All contacts with one e-mail are one customer; contacts without an e-mail follow, one customer each.
enum Cursor {
    /// After this hash of an e-mail.
    Email(Vec<u8>),
    WithoutEmail(ContactId),
    End,
}

/// A file of customers that is being written.
pub struct CustomersFile {
    shop: Shop,
    /// In which moments are written.
    zone: TimeZone,
    currencies: Vec<Currency>,
    cursor: Cursor,
    handover: Handover<CustomersExported>,
    has_header: bool,
}

/// A contact, with its account if it has one.
#[derive(Debug, platform::db::FromRow)]
struct ContactRow {
    id: ContactId,
    sealed: Vec<u8>,
    email_hash: Option<Vec<u8>>,
    locale: String,
    created_at: Timestamp,
    role: Option<String>,
    preferences: Option<String>,
}

/// A sale, counted as in the dashboard.
#[derive(Debug, platform::db::FromRow)]
struct Sale {
    contact_id: ContactId,
    placed_at: Timestamp,
    currency: Currency,
    due: i64,
    delivery_address_id: Option<AddressId>,
}

impl CustomersFile {
    /// Begins a file of everybody who ordered or has an account, staff aside.
    ///
    /// # Errors
    /// Not allowed, or the database's.
    pub async fn begin(shop: &Shop, ctx: &Context) -> Result<Self, CustomerError> {
        ctx.require(Permission::ExportCustomers)?;
        let currencies = currencies(shop).await?;
        let handover =
            Handover::begin(shop.db(), ctx, CustomersExportBegun {}, |rows, complete| CustomersExported { rows, complete }).await?;
        Ok(Self {
            shop: shop.clone(),
            zone: settings::time_zone(shop),
            currencies,
            cursor: Cursor::Email(Vec::new()),
            handover,
            has_header: false,
        })
    }

    /// The next part of the file; none after the last.
    ///
    /// # Errors
    /// The database's, or a sealed record that cannot be opened.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CustomerError> {
        let contacts = match &self.cursor {
            Cursor::Email(after) => {
                let hashes = emails(self.shop.db(), after).await?;
                self.cursor = match hashes.last() {
                    Some(last) if hashes.len() == CUSTOMERS_PER_PAGE => Cursor::Email(last.clone()),
                    _ => Cursor::WithoutEmail(ContactId(uuid::Uuid::nil())),
                };
                by_email(self.shop.db(), &hashes).await?
            }
            Cursor::WithoutEmail(after) => {
                let contacts = without_email(self.shop.db(), *after).await?;
                self.cursor = contacts
                    .last()
                    .filter(|_| contacts.len() == CUSTOMERS_PER_PAGE)
                    .map_or(Cursor::End, |last| Cursor::WithoutEmail(last.id));
                contacts
            }
            Cursor::End => return Ok(None),
        };
        let mut part = Vec::new();
        if !self.has_header {
            self.has_header = true;
            part.extend_from_slice(csv::MARK.as_bytes());
            part.extend(csv::lines([self.columns()]));
        }
        let rows = self.rows_of(contacts).await?;
        self.handover.add(rows.len());
        part.extend(csv::lines(rows));
        if matches!(self.cursor, Cursor::End) {
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

    /// A row for each customer among these contacts.
    async fn rows_of(&self, contacts: Vec<ContactRow>) -> Result<Vec<Vec<String>>, CustomerError> {
        let mut customers: BTreeMap<Vec<u8>, Vec<ContactRow>> = BTreeMap::new();
        for contact in contacts.into_iter().filter(|contact| contact.role.is_none()) {
            let key = contact.email_hash.clone().unwrap_or_else(|| contact.id.0.as_bytes().to_vec());
            customers.entry(key).or_default().push(contact);
        }
        let mut by_contact: HashMap<ContactId, Vec<Sale>> = HashMap::new();
        for sale in sales_of(self.shop.db(), customers.values().flatten().map(|contact| contact.id)).await? {
            by_contact.entry(sale.contact_id).or_default().push(sale);
        }
        let sales = |contacts: &[ContactRow]| -> Vec<&Sale> {
            contacts.iter().filter_map(|contact| by_contact.get(&contact.id)).flatten().collect()
        };
        let latest = |sales: &[&Sale]| sales.iter().max_by_key(|sale| sale.placed_at).and_then(|sale| sale.delivery_address_id);
        let addresses: Vec<AddressId> = customers.values().filter_map(|contacts| latest(&sales(contacts))).collect();
        let addresses = open_addresses(&self.shop, &addresses).await?;
        let mut rows = Vec::with_capacity(customers.len());
        for contacts in customers.values() {
            let sales = sales(contacts);
            let address = latest(&sales).and_then(|id| addresses.get(&id).cloned()).unwrap_or_default();
            rows.extend(self.row(contacts, &sales, address)?);
        }
        Ok(rows)
    }

    /// The row of one customer, whose contacts and sales these are.
    fn row(&self, contacts: &[ContactRow], sales: &[&Sale], address: Address) -> Result<Option<Vec<String>>, CustomerError> {
        let account = contacts.iter().find(|contact| contact.preferences.is_some());
        // An account's details are corrected by its owner; otherwise those of the latest order count.
        let newest = account.or_else(|| contacts.iter().max_by_key(|contact| contact.created_at));
        let Some(newest) = newest else { return Ok(None) };
        let person = unseal_contact(&self.shop, newest.id, &newest.sealed)?;
        let preferences: Preferences =
            account.and_then(|account| serde_json::from_str(account.preferences.as_deref()?).ok()).unwrap_or_default();
        let spent = |currency: &Currency| {
            let of = sales.iter().filter(|sale| sale.currency == *currency);
            Money::new(of.fold(0_i64, |sum, sale| sum.saturating_add(sale.due)), *currency).decimal()
        };
        let minute = |at: Option<Timestamp>| at.map(|at| self.zone.iso_minute(at)).unwrap_or_default();
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let language = if preferences.locale.is_empty() { newest.locale.clone() } else { preferences.locale };
        let mut row = vec![
            person.name,
            person.email,
            person.phone,
            language,
            yes(account.is_some()),
            yes(preferences.marketing),
            sales.len().to_string(),
        ];
        row.extend(self.currencies.iter().map(spent));
        row.extend([
            minute(sales.iter().map(|sale| sale.placed_at).min()),
            minute(sales.iter().map(|sale| sale.placed_at).max()),
            address.recipient,
            address.line1,
            address.line2,
            address.barangay,
            address.city,
            address.province,
            address.region,
            address.postal_code,
            address.country,
            minute(contacts.iter().map(|contact| contact.created_at).min()),
        ]);
        Ok(Some(row))
    }
}

/// The shop's currency, and other ones that orders were placed in.
async fn currencies(shop: &Shop) -> Result<Vec<Currency>, DbError> {
    let own = settings::shop_currency(shop);
    // One look into the index for each currency: `distinct` would read all orders.
    let others: Vec<Currency> = shop
        .db()
        .fetch_scalars(
            "with recursive found (currency) as (
                select min(currency) from orders
                union all select (select min(o.currency) from orders o where o.currency > found.currency) from found
                where found.currency is not null)
             select currency from found where currency <> $1 order by currency",
            &[&own],
        )
        .await?;
    Ok(std::iter::once(own).chain(others).collect())
}

async fn emails(db: &Db, after: &Vec<u8>) -> Result<Vec<Vec<u8>>, DbError> {
    db.fetch_scalars("select distinct email_hash from contacts where email_hash > $1 order by email_hash limit 200", &[after]).await
}

macro_rules! contacts {
    ($condition:literal) => {
        concat!(
            "select c.id, c.sealed, c.email_hash, c.locale, c.created_at, u.role, u.preferences from contacts c
             left join users u on u.contact_id = c.id where ",
            $condition
        )
    };
}

async fn by_email(db: &Db, hashes: &[Vec<u8>]) -> Result<Vec<ContactRow>, DbError> {
    db.fetch_all(contacts!("c.email_hash in (select unhex(value->>'id', '') from json_each($1)) order by c.id"), &[&json_ids(hashes)]).await
}

async fn without_email(db: &Db, after: ContactId) -> Result<Vec<ContactRow>, DbError> {
    db.fetch_all(contacts!("c.email_hash is null and c.id > $1 order by c.id limit 200"), &[&after]).await
}

async fn sales_of(db: &Db, contacts: impl Iterator<Item = ContactId>) -> Result<Vec<Sale>, DbError> {
    db.fetch_all(
        concat!(
            "select contact_id, placed_at, currency, total - waived as due, delivery_address_id from orders
             where contact_id in (select unhex(value->>'id') from json_each($1)) and ",
            is_sale!()
        ),
        &[&json_ids(contacts)],
    )
    .await
}
