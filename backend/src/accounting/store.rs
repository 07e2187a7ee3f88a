//! The SQL of the books.

use domain::{Currency, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use platform::db::{DbError, Hex, JsonRows, Read, Tx, hex};

use super::Entry;

#[derive(Serialize)]
struct EntryRow<'a> {
    id: Hex<'a>,
    kind: &'a str,
    order: Option<Hex<'a>>,
    reference: Hex<'a>,
    currency: Currency,
    at: Timestamp,
}

#[derive(Serialize)]
struct PostingRow<'a> {
    entry: Hex<'a>,
    n: i64,
    account: &'a str,
    amount: i64,
}

pub(super) async fn insert(tx: &mut Tx, entries: &[Entry]) -> Result<(), DbError> {
    let (mut heads, mut postings) = (JsonRows::new(), JsonRows::new());
    for entry in entries {
        heads.push(&EntryRow {
            id: hex(&entry.id),
            kind: entry.kind,
            order: entry.order.as_ref().map(hex),
            reference: hex(&entry.reference),
            currency: entry.currency,
            at: entry.at,
        });
        for (n, (account, amount)) in (0_i64..).zip(entry.postings.iter().filter(|(_, amount)| *amount != 0)) {
            postings.push(&PostingRow { entry: hex(&entry.id), n, account, amount: *amount });
        }
    }
    tx.write_rows(
        "insert into journal_entries (id, kind, order_id, reference, currency, at)
         select unhex(value->>'id'), value->>'kind', unhex(value->>'order'), unhex(value->>'reference'), value->>'currency',
            cast(value->>'at' as bigint) from json_each($1)",
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

pub(super) async fn posted(db: &mut impl Read, kind: &str, reference: Uuid, account: &str) -> Result<i64, DbError> {
    db.fetch_scalar(
        "select coalesce(cast(sum(p.amount) as bigint), 0) from journal_entries e join postings p on p.entry_id = e.id
         where e.reference = $1 and e.kind = $2 and p.account = $3",
        &[&reference, &kind, &account],
    )
    .await
}
