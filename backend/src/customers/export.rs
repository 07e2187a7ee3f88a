//! Customers as a CSV file, written page by page. `docs/orders.md` describes its columns.

use std::collections::{BTreeSet, HashMap};

use domain::id::{AddressId, ContactId, CustomerId};
use domain::permission::Permission;
use domain::view::{Address, ContactDetails, Preferences};
use domain::{Currency, Money, TimeZone, Timestamp};
use platform::db::{DbError, Read, json_ids};
use platform::recorded_export::RecordedExport;
use platform::{Context, csv};
use uuid::Uuid;

use super::list::{Entry, entries, main_contact};
use super::person::{Person, keys_of};
use super::{CustomerError, notes, store, tags};
use crate::contacts::events::{CustomersExportBegun, CustomersExported};
use crate::contacts::{open_addresses, open_contacts};
use crate::orders::{Sale, sales_of};
use crate::{Shop, back_in_stock, settings};

/// The columns, in their order; in place of `spent` there is one for each currency, as `spent_php`.
pub const CUSTOMER_COLUMNS: [&str; 23] = [
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
    "tags",
    "notes",
    "waits_for",
];

/// A file of customers that is being written.
pub struct CustomersFile {
    shop: Shop,
    /// In which moments are written.
    zone: TimeZone,
    currencies: Vec<Currency>,
    /// The next page has contacts before this one; none after the last.
    before: Option<ContactId>,
    export: RecordedExport<CustomersExported>,
    has_header: bool,
}

impl CustomersFile {
    /// Begins a file of everybody who ordered or has an account, staff aside.
    ///
    /// # Errors
    /// Not allowed, or the database's.
    pub async fn begin(shop: &Shop, ctx: &Context) -> Result<Self, CustomerError> {
        ctx.require(Permission::ExportCustomers)?;
        let currencies = currencies(shop).await?;
        let export =
            RecordedExport::begin(shop.db(), ctx, CustomersExportBegun {}, |rows, complete| CustomersExported { rows, complete }).await?;
        Ok(Self {
            shop: shop.clone(),
            zone: settings::time_zone(shop),
            currencies,
            before: Some(ContactId(Uuid::max())),
            export,
            has_header: false,
        })
    }

    /// The next part of the file; none after the last.
    ///
    /// # Errors
    /// The database's, or a sealed record that cannot be opened.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CustomerError> {
        let Some(before) = self.before else { return Ok(None) };
        let contacts = store::contacts_from(&mut self.shop.db(), before, false).await?;
        self.before = contacts.last().copied();
        let mut part = Vec::new();
        if !self.has_header {
            self.has_header = true;
            part.extend_from_slice(csv::MARK.as_bytes());
            part.extend(csv::lines([self.columns()]));
        }
        // Each stands where their newest contact is.
        let mut page = entries(&self.shop, &contacts).await?;
        page.retain(|entry| entry.last.contact == Some(entry.contact));
        let rows = self.rows_of(&page).await?;
        self.export.add(rows.len());
        part.extend(csv::lines(rows));
        if self.before.is_none() {
            self.export.end().await?;
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

    /// A row for each of these people.
    async fn rows_of(&self, page: &[Entry]) -> Result<Vec<Vec<String>>, CustomerError> {
        let shop = &self.shop;
        let faces: Vec<ContactId> = page.iter().filter_map(|entry| main_contact(&entry.person, &entry.last)).collect();
        let (contacts, locales) = (open_contacts(shop, &faces).await?, locales(&mut shop.db(), &faces).await?);
        let sales = sales_by_person(shop, page).await?;
        let latest = |sales: &[Sale]| sales.iter().max_by_key(|sale| sale.placed_at).and_then(|sale| sale.delivery_address_id);
        let addresses: Vec<AddressId> = sales.iter().filter_map(|sales| latest(sales)).collect();
        let addresses = open_addresses(shop, &addresses).await?;
        let since = first_seen(&mut shop.db(), page.iter().flat_map(|entry| entry.person.emails.iter())).await?;
        let customers: Vec<CustomerId> = page.iter().flat_map(|entry| entry.person.customers.iter().copied()).collect();
        let waits = back_in_stock::skus_of(&mut shop.db(), page.iter().flat_map(|entry| entry.person.emails.iter())).await?;
        let (tags, notes) = (tags::of(shop, &customers).await?, notes::texts(shop, &customers).await?);
        let mut rows = Vec::with_capacity(page.len());
        for (entry, sales) in page.iter().zip(sales) {
            let Some(id) = main_contact(&entry.person, &entry.last) else { continue };
            let Some(contact) = contacts.get(&id).cloned() else { continue };
            let of_theirs = |texts: &[(CustomerId, String)], between: &str| {
                let theirs = texts.iter().filter(|(customer, _)| entry.person.customers.contains(customer));
                theirs.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(between)
            };
            let known = entry.person.emails.iter().filter_map(|email| since.get(email)).copied();
            let known = known.chain(entry.person.accounts.values().map(|account| account.created_at));
            let known = known.chain(sales.iter().map(|sale| sale.placed_at)).min();
            let address = latest(&sales).and_then(|id| addresses.get(&id).cloned()).unwrap_or_default();
            let mut row = person_cells(contact, locales.get(&id), &entry.person);
            row.extend(self.sales_cells(&sales, address));
            let waits_for =
                entry.person.emails.iter().filter_map(|email| waits.get(email)).flatten().cloned().collect::<Vec<_>>().join(", ");
            row.extend([
                known.map(|at| self.zone.iso_minute(at)).unwrap_or_default(),
                of_theirs(&tags, ", "),
                of_theirs(&notes, "\n\n"),
                waits_for,
            ]);
            rows.push(row);
        }
        Ok(rows)
    }

    fn sales_cells(&self, sales: &[Sale], address: Address) -> Vec<String> {
        let spent = |currency: &Currency| {
            let of = sales.iter().filter(|sale| sale.currency == *currency);
            Money::new(of.fold(0_i64, |sum, sale| sum.saturating_add(sale.total)), *currency).decimal()
        };
        let minute = |at: Option<Timestamp>| at.map(|at| self.zone.iso_minute(at)).unwrap_or_default();
        let mut cells = vec![sales.len().to_string()];
        cells.extend(self.currencies.iter().map(spent));
        cells.extend([
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
        ]);
        cells
    }
}

fn person_cells(contact: ContactDetails, locale: Option<&String>, person: &Person) -> Vec<String> {
    let preferences: Preferences = person.account().and_then(|account| serde_json::from_str(&account.preferences).ok()).unwrap_or_default();
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let language = if preferences.locale.is_empty() { locale.cloned().unwrap_or_default() } else { preferences.locale };
    vec![contact.name, contact.email, contact.phone, language, yes(person.account().is_some()), yes(preferences.marketing)]
}

/// The sales of each of these people, in their order.
async fn sales_by_person(shop: &Shop, page: &[Entry]) -> Result<Vec<Vec<Sale>>, CustomerError> {
    let all = keys_of(page.iter().map(|entry| &entry.person));
    let mut by_person: Vec<Vec<Sale>> = page.iter().map(|_| Vec::new()).collect();
    for sale in sales_of(&mut shop.db(), &all).await? {
        let is_theirs = |person: &Person| match (sale.user_id, &sale.email_hash) {
            (Some(user), _) => person.accounts.contains_key(&user),
            (None, Some(email)) => person.emails.contains(email),
            (None, None) => sale.contact_id.is_some_and(|contact| person.contacts.contains(&contact)),
        };
        if let Some(at) = page.iter().position(|entry| is_theirs(&entry.person)) {
            by_person[at].push(sale);
        }
    }
    Ok(by_person)
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

/// The language of each of these contacts.
async fn locales(db: &mut impl Read, contacts: &[ContactId]) -> Result<HashMap<ContactId, String>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: ContactId,
        locale: String,
    }
    let sql = "select id, locale from contacts where id in (select unhex(value->>'id') from json_each($1))";
    Ok(db.fetch_all::<Row>(sql, &[&json_ids(contacts)]).await?.into_iter().map(|row| (row.id, row.locale)).collect())
}

/// When somebody first gave each of these e-mails.
async fn first_seen<'a>(db: &mut impl Read, emails: impl Iterator<Item = &'a Vec<u8>>) -> Result<HashMap<Vec<u8>, Timestamp>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        email: Vec<u8>,
        at: Option<Timestamp>,
    }
    let sql = "select w.email, (select c.created_at from contacts c where c.email_hash = w.email order by c.id limit 1) as at
         from (select unhex(value->>'id', '') as email from json_each($1)) w";
    let rows: Vec<Row> = db.fetch_all(sql, &[&json_ids(emails.collect::<BTreeSet<_>>())]).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.email, row.at?))).collect())
}
