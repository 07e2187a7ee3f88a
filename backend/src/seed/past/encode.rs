//! Writing the file, of a shop whose past was made with the past's own ids. Only on SQLite.
//!
//! A column's numbers are:
//!
//! | kind | number |
//! |---|---|
//! | id of the past | twice its distance from the one before in the column, zigzag |
//! | another id | twice its place among the heading's others, and one |
//! | moment | milliseconds since the one before in the column, the first since the last day began |
//! | day | days since the last |
//!
//! In texts `{7}` stands for the digits of the past's id 7, `{@owner@example.com}` for those of an account.

use std::collections::HashMap;
use std::io::Write as _;

use domain::id::{AddressId, ContactId, UserId};
use domain::{Date, TimeZone, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::super::SeedError;
use super::decode::{Heading, Rows, Texts};
use super::number_of;
use super::tables::{Column, Kind, TABLES};
use crate::{Shop, contacts};

/// How contacts are kept.
pub(super) const CONTACTS: &[Column] = &[
    Column { name: "id", kind: Kind::Id },
    Column { name: "locale", kind: Kind::Text },
    Column { name: "created_at", kind: Kind::Moment },
    Column { name: "name", kind: Kind::Text },
    Column { name: "email", kind: Kind::Text },
    Column { name: "phone", kind: Kind::Text },
];
/// How addresses are kept; `address` is the JSON of [`domain::view::Address`].
pub(super) const ADDRESSES: &[Column] = &[
    Column { name: "id", kind: Kind::Id },
    Column { name: "contact_id", kind: Kind::Id },
    Column { name: "created_at", kind: Kind::Moment },
    Column { name: "address", kind: Kind::Text },
];

/// The text of the file for what happened in this shop since `begin`. `accounts` are those of the demonstration, by e-mail address.
///
/// # Errors
/// The database's, or [`SeedError::Data`] for what the file cannot hold.
pub async fn encode(shop: &Shop, begin: Timestamp, last_day: Date, accounts: &[(UserId, &str)]) -> Result<String, SeedError> {
    let mut encoder = Encoder {
        begin_of_last_day: TimeZone::DEFAULT.start_of(last_day),
        last_day,
        accounts: accounts.iter().map(|(user, email)| (user.0, (*email).to_owned())).collect(),
        others: HashMap::new(),
        heading: Heading::default(),
    };
    // People last: the events, which come first, name what others there are in the order of the story.
    let mut lines = Vec::new();
    for table in TABLES {
        let rows: Vec<String> = shop.db().fetch_scalars(table.select, &[&begin]).await?;
        let rows = rows.iter().map(|row| serde_json::from_str(row)).collect::<Result<Vec<Vec<Value>>, _>>().map_err(wrong)?;
        lines.push(encoder.rows(table.name, table.columns, rows)?);
    }
    lines.push(encoder.rows("contacts", CONTACTS, contacts(shop, begin).await?)?);
    lines.push(encoder.rows("addresses", ADDRESSES, addresses(shop, begin).await?)?);
    let mut text = serde_json::to_string(&encoder.heading).map_err(wrong)?;
    for line in lines {
        text.push('\n');
        text.push_str(&serde_json::to_string(&line).map_err(wrong)?);
    }
    Ok(text)
}

/// The file of a text.
///
/// # Errors
/// None that can happen in memory.
pub fn pack(text: &str) -> Result<Vec<u8>, SeedError> {
    let mut file = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut file, 64 << 10, 11, 24);
    writer.write_all(text.as_bytes()).and_then(|()| writer.flush()).map_err(|error| SeedError::Data(error.to_string()))?;
    drop(writer);
    Ok(file)
}

fn wrong(error: serde_json::Error) -> SeedError {
    SeedError::Data(error.to_string())
}

#[derive(platform::db::FromRow)]
struct Person {
    id: ContactId,
    locale: String,
    created_at: Timestamp,
}

async fn contacts(shop: &Shop, begin: Timestamp) -> Result<Vec<Vec<Value>>, SeedError> {
    let people: Vec<Person> =
        shop.db().fetch_all("select id, locale, created_at from contacts where created_at >= $1 order by id", &[&begin]).await?;
    let ids: Vec<ContactId> = people.iter().map(|person| person.id).collect();
    let mut details = contacts::open_contacts(shop, &ids).await?;
    let row = |person: Person| {
        let known = details.remove(&person.id).unwrap_or_default();
        vec![
            digits(person.id.0),
            person.locale.into(),
            person.created_at.millis().into(),
            known.name.into(),
            known.email.into(),
            known.phone.into(),
        ]
    };
    Ok(people.into_iter().map(row).collect())
}

#[derive(platform::db::FromRow)]
struct Place {
    id: AddressId,
    contact_id: ContactId,
    created_at: Timestamp,
}

async fn addresses(shop: &Shop, begin: Timestamp) -> Result<Vec<Vec<Value>>, SeedError> {
    let places: Vec<Place> =
        shop.db().fetch_all("select id, contact_id, created_at from addresses where created_at >= $1 order by id", &[&begin]).await?;
    let ids: Vec<AddressId> = places.iter().map(|place| place.id).collect();
    let mut details = contacts::open_addresses(shop, &ids).await?;
    let row = |place: Place| {
        let known = serde_json::to_string(&details.remove(&place.id).unwrap_or_default()).map_err(wrong)?;
        Ok(vec![digits(place.id.0), digits(place.contact_id.0), place.created_at.millis().into(), known.into()])
    };
    places.into_iter().map(row).collect()
}

fn digits(id: Uuid) -> Value {
    id.simple().to_string().into()
}

struct Encoder {
    begin_of_last_day: Timestamp,
    last_day: Date,
    accounts: HashMap<Uuid, String>,
    /// Places in the heading.
    others: HashMap<Uuid, i64>,
    heading: Heading,
}

impl Encoder {
    fn rows(&mut self, table: &str, columns: &[Column], rows: Vec<Vec<Value>>) -> Result<Rows, SeedError> {
        let mut encoded = Rows { table: table.to_owned(), rows: rows.len(), ..Rows::default() };
        for (n, column) in columns.iter().enumerate() {
            let cells = rows.iter().map(|row| row.get(n).unwrap_or(&Value::Null));
            let name = column.name.to_owned();
            if column.kind == Kind::Text {
                encoded.texts.insert(name, self.texts(cells));
                continue;
            }
            let mut last = if column.kind == Kind::Moment { self.begin_of_last_day.millis() } else { 0 };
            let numbers = cells.map(|cell| self.number(column.kind, cell, &mut last));
            let numbers = numbers.collect::<Result<_, _>>().map_err(|cell| SeedError::Data(format!("{table}.{name} cannot be {cell}")))?;
            encoded.numbers.insert(name, numbers);
        }
        Ok(encoded)
    }

    /// The number of a cell; `last` is what the one before in the column was.
    fn number(&mut self, kind: Kind, cell: &Value, last: &mut i64) -> Result<Option<i64>, Value> {
        let since = |number: i64, last: &mut i64| number - std::mem::replace(last, number);
        let text = cell.as_str().unwrap_or_default();
        match kind {
            // SQLite writes a null's bytes as an empty text.
            _ if cell.is_null() || (kind == Kind::Id && text.is_empty()) => Ok(None),
            Kind::Number => cell.as_i64().map(Some).ok_or_else(|| cell.clone()),
            Kind::Moment => cell.as_i64().map(|moment| Some(since(moment, last))).ok_or_else(|| cell.clone()),
            Kind::Day => Date::parse(text).map(|day| Some(day.days() - self.last_day.days())).ok_or_else(|| cell.clone()),
            Kind::Id => {
                let id = Uuid::try_parse(text).map_err(|_| cell.clone())?;
                Ok(Some(match self.own(id) {
                    Some(number) => zigzag(since(number, last)) * 2,
                    None => self.other(id) * 2 + 1,
                }))
            }
            Kind::Text => Err(cell.clone()),
        }
    }

    /// The number of an id of the past. Accounts are there before it, with ids of their own in each shop.
    fn own(&self, id: Uuid) -> Option<i64> {
        number_of(id).filter(|_| !self.accounts.contains_key(&id))
    }

    fn other(&mut self, id: Uuid) -> i64 {
        let others = &mut self.heading.others;
        let name = || self.accounts.get(&id).map_or_else(|| id.simple().to_string(), |email| format!("@{email}"));
        *self.others.entry(id).or_insert_with(|| {
            others.push(name());
            others.len() as i64 - 1
        })
    }

    fn texts<'a>(&mut self, cells: impl Iterator<Item = &'a Value>) -> Texts {
        let (mut texts, mut known) = (Texts::default(), HashMap::new());
        for cell in cells {
            let place = cell.as_str().map(|text| {
                *known.entry(text).or_insert_with(|| {
                    texts.words.push(self.without_ids(text));
                    u32::try_from(texts.words.len() - 1).unwrap_or(u32::MAX)
                })
            });
            texts.of.push(place);
        }
        texts
    }

    /// The text with the digits of the past's ids and of accounts replaced. Those accounts are named in the heading.
    fn without_ids(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(from.len());
            let (run, after) = from.split_at(end);
            out.push_str(before);
            let id = Some(run).filter(|run| run.len() == 32).and_then(|run| Uuid::try_parse(run).ok());
            match id.map(|id| (id, self.own(id), self.accounts.get(&id).cloned())) {
                Some((_, Some(number), _)) => out.push_str(&format!("{{{number}}}")),
                Some((id, None, Some(email))) => {
                    self.other(id);
                    out.push_str(&format!("{{@{email}}}"));
                }
                _ => out.push_str(run),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// Small numbers of either sign as small ones without.
const fn zigzag(number: i64) -> i64 {
    (number << 1) ^ (number >> 63)
}
