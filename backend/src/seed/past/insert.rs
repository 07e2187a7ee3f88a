//! Writing the past into a shop that has the demonstration's catalogue and accounts, and no other events.

use std::collections::HashMap;
use std::fmt::Write;

use domain::id::{AddressId, ContactId, OrderId, UserId};
use domain::view::{Address, ContactDetails};
use domain::{Date, Locale, TimeZone, Timestamp};
use platform::db::{DbError, Hex, JsonRows, Tx, hex, json_ids};
use serde::Serialize;
use uuid::Uuid;

use super::super::SeedError;
use super::decode::{Past, Rows};
use super::encode::{ADDRESSES, CONTACTS};
use super::tables::{Column, Kind, TABLES};
use super::{id, opened};
use crate::checkout::open_order_limits::person_fingerprints;
use crate::contacts::{PreparedAddress, PreparedContact};
use crate::{Shop, back_in_stock, catalog, contacts, inventory, notifications, settings};

/// Rows that are written with one statement.
const BATCH: usize = 4_000;

/// The gateway account of the past's payments where the shop has none.
const NO_ACCOUNT: &str = "stripe:past";

/// Writes the past, as it is when this is its last day. What the shop has already, its opening, is from before.
///
/// # Errors
/// The database's, or [`SeedError::Data`] when the file does not fit the shop.
pub(in crate::seed) async fn insert(shop: &Shop, tx: &mut Tx, past: &Past, last_day: Date) -> Result<(), SeedError> {
    let zone = settings::shop(shop).zone();
    date_back(tx, opened(last_day, zone), zone).await?;
    let ids = Ids::read(shop, tx, past).await?;
    let place = Place { ids: &ids, last_day, zone };
    insert_people(shop, tx, past, &place).await?;
    let account = gateway_account(tx).await?;
    for table in TABLES {
        let rows = past.table(table.name).ok_or_else(|| SeedError::Data(format!("the past has no {}", table.name)))?;
        let mut columns = place.columns(rows, table.columns)?;
        for column in &mut columns {
            if column.name == "gateway_account" {
                column.words = vec![json_text(&account)];
            }
        }
        for first in (0..rows.rows).step_by(BATCH) {
            let json = json_rows(&mut columns, first, rows.rows.min(first + BATCH));
            tx.execute(table.insert, &[&json]).await?;
        }
    }
    insert_fingerprints(shop, tx).await?;
    Ok(follow(shop, tx).await?)
}

/// The opening of the shop as of the day on which it opened.
async fn date_back(tx: &mut Tx, opened: Timestamp, zone: TimeZone) -> Result<(), DbError> {
    tx.execute("update events set at = $1", &[&opened]).await?;
    tx.execute("update journal_entries set at = $1, date = $2", &[&opened, &zone.date(opened).to_string()]).await?;
    Ok(())
}

/// What follows the events has followed them: no mail is sent for the past, lists say what is in stock, staff know what runs low.
async fn follow(shop: &Shop, tx: &mut Tx) -> Result<(), DbError> {
    catalog::stock_written(tx).await?;
    let low = inventory::running_low(tx, settings::shop(shop).low_stock).await?;
    let low = json_ids(low);
    let sql = "insert into low_stock (variant_id, since) select unhex(value->>'id'), $2 from json_each($1)";
    tx.execute(sql, &[&low, &tx.now()]).await?;
    for name in [catalog::FOLLOWER, notifications::FOLLOWER, back_in_stock::FOLLOWER] {
        let sql = "insert into event_cursors (name, seq) select cast($1 as text), coalesce(max(seq), 0) from events where true
             on conflict (name) do update set seq = excluded.seq";
        tx.execute(sql, &[&name]).await?;
    }
    Ok(())
}

/// The account that the shop takes cards with.
async fn gateway_account(tx: &mut Tx) -> Result<String, DbError> {
    let active: Option<String> = tx.fetch_optional_scalar("select key from gateway_accounts where active = 1", &[]).await?;
    if let Some(account) = active {
        return Ok(account);
    }
    let sql = "insert into gateway_accounts (key, gateway, mode, active, created_at) values ($1, 'stripe', 'test', 0, $2)";
    tx.execute(sql, &[&NO_ACCOUNT, &tx.now()]).await?;
    Ok(NO_ACCOUNT.to_owned())
}

async fn insert_people(shop: &Shop, tx: &mut Tx, past: &Past, place: &Place<'_>) -> Result<(), SeedError> {
    let (contacts, addresses) = (past.table("contacts"), past.table("addresses"));
    let (Some(contacts), Some(addresses)) = (contacts, addresses) else { return Err(SeedError::Data("the past has no people".into())) };
    let mut columns = place.columns(contacts, CONTACTS)?;
    let mut prepared: Vec<PreparedContact> = Vec::with_capacity(contacts.rows);
    for row in 0..contacts.rows {
        let [id, at] = [0, 2].map(|n| columns[n].next(row));
        let [locale, name, email, phone] = [1, 3, 4, 5].map(|n| columns[n].text(contacts, row).to_owned());
        let locale = Locale::parse(&locale).unwrap_or_default();
        let sealed = contacts::prepare_contact_as(shop, ContactId(id.id()), &ContactDetails { name, email, phone }, locale);
        prepared.push(PreparedContact { at: at.moment(), ..sealed });
    }
    contacts::insert_contacts(tx, &prepared).await?;
    let mut columns = place.columns(addresses, ADDRESSES)?;
    let mut prepared: Vec<PreparedAddress> = Vec::with_capacity(addresses.rows);
    for row in 0..addresses.rows {
        let [id, contact, at] = [0, 1, 2].map(|n| columns[n].next(row));
        let address: Address = serde_json::from_str(columns[3].text(addresses, row)).map_err(|error| SeedError::Data(error.to_string()))?;
        let sealed = contacts::prepare_address_as(shop, AddressId(id.id()), ContactId(contact.id()), &address);
        prepared.push(PreparedAddress { at: at.moment(), ..sealed });
    }
    Ok(contacts::insert_addresses(tx, &prepared).await?)
}

/// What the open orders are counted by, with this shop's key.
async fn insert_fingerprints(shop: &Shop, tx: &mut Tx) -> Result<(), SeedError> {
    #[derive(platform::db::FromRow)]
    struct Open {
        id: OrderId,
        contact_id: ContactId,
        contact: Vec<u8>,
        address_id: AddressId,
        address: Vec<u8>,
    }
    #[derive(Serialize)]
    struct Row<'a> {
        fingerprint: Hex<'a>,
        order: Hex<'a>,
    }
    let sql = "select o.id, c.id as contact_id, c.sealed as contact, a.id as address_id, a.sealed as address
         from orders o join contacts c on c.id = o.contact_id join addresses a on a.id = o.delivery_address_id
         where o.fulfilment_state = 'unfulfilled' and o.cancelled_at is null order by o.id";
    let mut rows = JsonRows::new();
    for order in tx.fetch_all::<Open>(sql, &[]).await? {
        let contact = contacts::unseal_contact(shop, order.contact_id, &order.contact)?;
        let address = contacts::unseal_address(shop, order.address_id, &order.address)?;
        for fingerprint in person_fingerprints(shop, &contact, &address) {
            rows.push(&Row { fingerprint: hex(&fingerprint), order: hex(&order.id) });
        }
    }
    tx.write_rows(
        "insert into order_fingerprints (fingerprint, order_id, is_client)
         select unhex(value->>'fingerprint', ''), unhex(value->>'order'), 0 from json_each($1) where true
         on conflict (fingerprint, order_id) do nothing",
        rows,
    )
    .await?;
    Ok(())
}

/// The ids that are not the past's own.
struct Ids {
    others: Vec<Uuid>,
    accounts: HashMap<String, Uuid>,
}

impl Ids {
    async fn read(shop: &Shop, tx: &mut Tx, past: &Past) -> Result<Self, SeedError> {
        let (mut others, mut accounts) = (Vec::with_capacity(past.heading.others.len()), HashMap::new());
        for other in &past.heading.others {
            let Some(email) = other.strip_prefix('@') else {
                others.push(Uuid::try_parse(other).map_err(|_| SeedError::Data(format!("{other} is no id")))?);
                continue;
            };
            let sql = "select id from users where email_hash = $1";
            let user: Option<UserId> = tx.fetch_optional_scalar(sql, &[&contacts::email_hash(shop, email)]).await?;
            let user = user.ok_or_else(|| SeedError::Data(format!("nobody has the address {email}")))?;
            others.push(user.0);
            accounts.insert(email.to_owned(), user.0);
        }
        Ok(Self { others, accounts })
    }

    /// The text with the digits of ids where their places are.
    fn put_in(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, from)) = rest.split_once('{') {
            out.push_str(before);
            let id = from.split_once('}').and_then(|(name, after)| Some((self.named(name)?, after)));
            match id {
                Some((id, after)) => {
                    let _ = write!(out, "{}", id.simple());
                    rest = after;
                }
                None => {
                    out.push('{');
                    rest = from;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn named(&self, name: &str) -> Option<Uuid> {
        match name.strip_prefix('@') {
            Some(email) => self.accounts.get(email).copied(),
            None => name.parse().ok().filter(|_| !name.is_empty()).map(id),
        }
    }
}

/// Where and when the past takes place.
struct Place<'a> {
    ids: &'a Ids,
    last_day: Date,
    zone: TimeZone,
}

impl Place<'_> {
    fn columns<'a>(&'a self, rows: &'a Rows, columns: &[Column]) -> Result<Vec<Reader<'a>>, SeedError> {
        columns.iter().map(|column| self.column(rows, column)).collect()
    }

    fn column<'a>(&'a self, rows: &'a Rows, column: &Column) -> Result<Reader<'a>, SeedError> {
        let missing = || SeedError::Data(format!("the past has not all of {}.{}", rows.table, column.name));
        let mut reader = Reader { place: self, name: column.name, kind: column.kind, numbers: &[], of: &[], words: Vec::new(), last: 0 };
        if column.kind == Kind::Text {
            let texts = rows.texts.get(column.name).filter(|texts| texts.of.len() == rows.rows).ok_or_else(missing)?;
            reader.of = &texts.of;
            reader.words = texts.words.iter().map(|word| json_text(&self.ids.put_in(word))).collect();
        } else {
            reader.numbers = rows.numbers.get(column.name).filter(|numbers| numbers.len() == rows.rows).ok_or_else(missing)?;
        }
        if column.kind == Kind::Moment {
            reader.last = self.zone.start_of(self.last_day).millis();
        }
        Ok(reader)
    }
}

/// Reads a column from its first row to its last.
struct Reader<'a> {
    place: &'a Place<'a>,
    name: &'static str,
    kind: Kind,
    numbers: &'a [Option<i64>],
    of: &'a [Option<u32>],
    /// As JSON.
    words: Vec<String>,
    last: i64,
}

/// What a cell holds.
enum Cell {
    Null,
    Id(Uuid),
    Number(i64),
    Day(Date),
    /// A place among the words.
    Word(usize),
}

impl Cell {
    fn id(&self) -> Uuid {
        if let Self::Id(id) = self { *id } else { Uuid::nil() }
    }

    fn moment(&self) -> Timestamp {
        Timestamp::from_millis(if let Self::Number(number) = self { *number } else { 0 })
    }
}

impl Reader<'_> {
    fn next(&mut self, row: usize) -> Cell {
        if self.kind == Kind::Text {
            return self.of[row].map_or(Cell::Null, |word| Cell::Word(word as usize));
        }
        let Some(number) = self.numbers[row] else { return Cell::Null };
        match self.kind {
            Kind::Id if number & 1 == 1 => {
                usize::try_from(number >> 1).ok().and_then(|n| self.place.ids.others.get(n)).map_or(Cell::Null, |id| Cell::Id(*id))
            }
            Kind::Id => {
                let zigzag = number >> 1;
                self.last += (zigzag >> 1) ^ -(zigzag & 1);
                Cell::Id(id(self.last))
            }
            Kind::Moment => {
                self.last += number;
                Cell::Number(self.last)
            }
            Kind::Day => Cell::Day(self.place.last_day.plus_days(number)),
            Kind::Number | Kind::Text => Cell::Number(number),
        }
    }

    /// The text of a row as the file has it.
    fn text<'a>(&self, rows: &'a Rows, row: usize) -> &'a str {
        let texts = rows.texts.get(self.name);
        texts.and_then(|texts| texts.words.get(texts.of.get(row).copied()?? as usize)).map_or("", String::as_str)
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Rows as JSON objects. What is null is left out.
fn json_rows(columns: &mut [Reader<'_>], from: usize, to: usize) -> String {
    let mut json = String::from("[");
    for row in from..to {
        json.push_str(if row > from { ",{" } else { "{" });
        let mut separator = "\"";
        for column in &mut *columns {
            let cell = column.next(row);
            if matches!(cell, Cell::Null) {
                continue;
            }
            json.push_str(separator);
            json.push_str(column.name);
            json.push_str("\":");
            separator = ",\"";
            match cell {
                Cell::Id(id) => {
                    json.push('"');
                    json.push_str(id.simple().encode_lower(&mut Uuid::encode_buffer()));
                    json.push('"');
                }
                Cell::Word(word) => json.push_str(column.words.get(word).map_or("null", String::as_str)),
                Cell::Day(day) => drop(write!(json, "\"{day}\"")),
                Cell::Number(number) => drop(write!(json, "{number}")),
                Cell::Null => {}
            }
        }
        json.push('}');
    }
    json.push(']');
    json
}
