//! Who hands a subscriber its events: one node at a time.
//!
//! A lease is in the row of the subscriber's cursor. Each has a number, the epoch, which goes up when the lease is taken. The cursor is
//! moved only by who took the lease last, so a node that stood still and wakes up after another has taken over changes nothing.

use std::time::Duration;

use sqlx_macros::FromRow;
use uuid::Uuid;

use crate::db::{Db, DbError, Flag, Tx};

/// How long a lease lasts unless it is renewed, milliseconds of the database's clock. So long the events of a node wait that died or froze.
const LEASE_MS: i64 = 5_000;
/// With so much of it left no new one is taken for the next events.
const ENOUGH_MS: i64 = 3_000;
/// How often it is renewed while events are handled.
const RENEW_INTERVAL: Duration = Duration::from_millis(1_500);

macro_rules! now {
    () => {
        "cast(unixepoch('subsec') * 1000 as bigint)"
    };
}

/// A subscriber's cursor and its lease.
#[derive(Debug, Default, FromRow)]
pub(super) struct Place {
    /// The last event that was handled.
    pub seq: i64,
    /// The number of the last lease.
    pub epoch: i64,
    is_mine: Flag,
    /// Of its lease, milliseconds; below zero when it has run out.
    left_ms: i64,
}

impl Place {
    /// Does another node hand the subscriber its events? On SQLite there is no other.
    pub(super) fn is_taken(&self, db: &Db) -> bool {
        db.is_postgres() && !self.is_mine.0 && self.left_ms > 0
    }
}

/// Who takes a subscriber's lease.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    id: Uuid,
    /// The subscriber's.
    name: &'static str,
}

impl Holder {
    pub(super) fn new(db: &Db, name: &'static str) -> Self {
        Self { id: db.id(), name }
    }

    pub(super) async fn place(&self, db: &Db) -> Result<Place, DbError> {
        let sql = concat!(
            "select seq, epoch, cast(case when holder = $2 then 1 else 0 end as bigint) as is_mine, held_until - ",
            now!(),
            " as left_ms from event_cursors where name = $1"
        );
        Ok(db.fetch_optional(sql, &[&self.name, &self.id]).await?.unwrap_or_default())
    }

    /// The epoch of this holder's lease, which is taken or has enough time left; none when another node was quicker.
    pub(super) async fn take(&self, db: &Db, place: &Place) -> Result<Option<i64>, DbError> {
        if place.is_mine.0 && place.left_ms >= ENOUGH_MS {
            return Ok(Some(place.epoch));
        }
        let (Self { id, name }, epoch, alone) = (*self, place.epoch, Flag(!db.is_postgres()));
        db.write(async move |tx| {
            tx.execute("insert into event_cursors (name, seq) values ($1, 0) on conflict (name) do nothing", &[&name]).await?;
            let sql = concat!(
                "update event_cursors set holder = $2, epoch = epoch + 1, held_until = ",
                now!(),
                " + $4 where name = $1 and epoch = $3 and (held_until <= ",
                now!(),
                " or holder = $2 or $5 = 1) returning epoch"
            );
            tx.fetch_optional_scalar(sql, &[&name, &id, &epoch, &LEASE_MS, &alone]).await
        })
        .await
    }

    /// Is the cursor still where it was, in this epoch? Looked at before anything is done.
    pub(super) async fn is_at(&self, tx: &mut Tx, epoch: i64, seq: i64) -> Result<bool, DbError> {
        let sql = "select epoch from event_cursors where name = $1 and epoch = $2 and seq = $3";
        Ok(tx.fetch_optional_scalar::<i64>(sql, &[&self.name, &epoch, &seq]).await?.is_some())
    }

    /// Moves the cursor on from where it was, in the transaction of what the events led to, and renews the lease. False when it is no more
    /// there or another epoch began: then nothing of the transaction may be kept.
    pub(super) async fn advance(&self, tx: &mut Tx, epoch: i64, (from, to): (i64, i64)) -> Result<bool, DbError> {
        let sql = concat!("update event_cursors set seq = $4, held_until = ", now!(), " + $5 where name = $1 and epoch = $2 and seq = $3");
        Ok(tx.execute(sql, &[&self.name, &epoch, &from, &to, &LEASE_MS]).await? == 1)
    }

    /// Renews the lease again and again, for as long as this is awaited.
    pub(super) async fn keep(&self, db: &Db, epoch: i64) {
        let name = self.name;
        loop {
            tokio::time::sleep(RENEW_INTERVAL).await;
            let sql = concat!("update event_cursors set held_until = ", now!(), " + $3 where name = $1 and epoch = $2");
            // Where it fails, the lease runs out, and the transaction that it is for finds that out.
            if let Err(error) = db.write(async move |tx| tx.execute(sql, &[&name, &epoch, &LEASE_MS]).await).await {
                tracing::debug!(subscriber = name, %error, "a lease could not be renewed");
            }
        }
    }

    /// Ends the lease, so that another node may try at once. With its epoch, for a renewal may still be on its way.
    pub(super) async fn let_go(&self, db: &Db) -> Result<(), DbError> {
        let Self { id, name } = *self;
        let sql = "update event_cursors set held_until = 0, epoch = epoch + 1 where name = $1 and holder = $2";
        db.write(async move |tx| tx.execute(sql, &[&name, &id]).await).await.map(drop)
    }
}
