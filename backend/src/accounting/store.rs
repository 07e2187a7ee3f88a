//! The books' SQL.

use uuid::Uuid;

use crate::platform::db::{DbError, Reader, Rows, Tx};

use super::Entry;

pub(super) async fn insert(tx: &mut Tx, entries: &[Entry]) -> Result<(), DbError> {
    let (mut heads, mut postings) = (Rows::new(), Rows::new());
    for entry in entries {
        heads.row(&[&entry.id, &entry.kind, &entry.order, &entry.reference, &entry.currency, &entry.at]);
        for (n, (account, amount)) in (0_i64..).zip(entry.postings.iter().filter(|(_, amount)| *amount != 0)) {
            postings.row(&[&entry.id, &n, account, amount]);
        }
    }
    if heads.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into journal_entries (id, kind, order_id, reference, currency, at)
         select unhex(value->>0), value->>1, unhex(value->>2), unhex(value->>3), value->>4, cast(value->>5 as bigint) from json_each($1)",
        &[&heads.end()],
    )
    .await?;
    if postings.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into postings (entry_id, n, account, amount)
         select unhex(value->>0), cast(value->>1 as bigint), value->>2, cast(value->>3 as bigint) from json_each($1)",
        &[&postings.end()],
    )
    .await?;
    Ok(())
}

pub(super) async fn posted(db: &mut impl Reader, kind: &str, reference: Uuid, account: &str) -> Result<i64, DbError> {
    let row: Option<(i64,)> = db
        .fetch_optional(
            "select coalesce(cast(sum(p.amount) as bigint), 0) from journal_entries e join postings p on p.entry_id = e.id
             where e.reference = $1 and e.kind = $2 and p.account = $3",
            &[&reference, &kind, &account],
        )
        .await?;
    Ok(row.map_or(0, |row| row.0))
}
