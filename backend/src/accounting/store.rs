//! The SQL of the books.

use domain::books::{Account, AccountKind, EntryKind};
use domain::id::OrderId;
use domain::{Currency, TimeZone, Timestamp};
use serde::Serialize;

use platform::db::{Db, DbError, Hex, JsonRows, Read, Tx, hex, json_texts};

use super::Entry;

#[derive(Serialize)]
struct EntryRow<'a> {
    id: Hex<'a>,
    kind: EntryKind,
    order: Option<Hex<'a>>,
    reference: Hex<'a>,
    currency: Currency,
    at: Timestamp,
    date: String,
}

#[derive(Serialize)]
struct PostingRow<'a> {
    entry: Hex<'a>,
    n: i64,
    account: Account,
    amount: i64,
}

pub(super) async fn insert(tx: &mut Tx, zone: TimeZone, entries: &[Entry]) -> Result<(), DbError> {
    let (mut heads, mut postings) = (JsonRows::new(), JsonRows::new());
    for entry in entries {
        heads.push(&EntryRow {
            id: hex(&entry.id),
            kind: entry.kind,
            order: entry.order.as_ref().map(hex),
            reference: hex(&entry.reference),
            currency: entry.currency,
            at: entry.at,
            date: zone.date(entry.at).to_string(),
        });
        for (n, (account, amount)) in (0_i64..).zip(entry.postings.iter().filter(|(_, amount)| *amount != 0)) {
            postings.push(&PostingRow { entry: hex(&entry.id), n, account: *account, amount: *amount });
        }
    }
    tx.write_rows(
        "insert into journal_entries (id, kind, order_id, reference, currency, at, date)
         select unhex(value->>'id'), value->>'kind', unhex(value->>'order'), unhex(value->>'reference'), value->>'currency',
            cast(value->>'at' as bigint), value->>'date' from json_each($1)",
        heads,
    )
    .await?;
    tx.write_rows(
        "insert into postings (entry_id, n, account, amount)
         select unhex(value->>'entry'), cast(value->>'n' as bigint), value->>'account', cast(value->>'amount' as bigint)
         from json_each($1)",
        postings,
    )
    .await
}

pub(super) async fn posted_of_order(db: &mut impl Read, order: OrderId, kinds: &[EntryKind]) -> Result<Vec<(Account, i64)>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        account: Account,
        amount: i64,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select p.account, cast(sum(p.amount) as bigint) as amount from journal_entries e join postings p on p.entry_id = e.id
             where e.order_id = $1 and e.kind in (select value->>'text' from json_each($2))
             group by p.account order by p.account",
            &[&order, &json_texts(kinds.iter().map(|kind| kind.as_str()))],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.account, row.amount)).collect())
}

/// The keys of all accounts.
pub(super) async fn accounts(db: &Db) -> Result<Vec<String>, DbError> {
    db.fetch_scalars("select key from accounts", &[]).await
}

/// Another program may add the same.
pub(super) async fn insert_accounts(tx: &mut Tx, accounts: &[Account]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row {
        key: Account,
        code: &'static str,
        name: &'static str,
        kind: AccountKind,
    }
    let row = |account: &Account| {
        let (code, name, kind) = account.chart();
        Row { key: *account, code, name, kind }
    };
    tx.write_rows(
        "insert into accounts (key, code, name, kind)
         select value->>'key', value->>'code', value->>'name', value->>'kind' from json_each($1) where true on conflict do nothing",
        accounts.iter().map(row).collect(),
    )
    .await
}
