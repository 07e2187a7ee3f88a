//! Slows down guessing: tries are counted in the database, so that all nodes count together and no restart clears the counts.
//!
//! A count is a slot of a table of fixed size, found by a keyed hash of who tries what: an attacker cannot fill the database or push
//! counts out of it, and without the key cannot aim at another's slot.

use domain::Timestamp;

use super::db::{Db, DbError, Tx};
use super::secrets::Keyring;

/// The first wait; each further try doubles it, up to [`MAX_WAIT_MS`].
const FIRST_WAIT_MS: i64 = 60_000;
const MAX_WAIT_MS: i64 = 15 * 60_000;
/// A count is forgotten after so long without a try.
const FORGET_MS: i64 = 60 * 60_000;
/// Counts that are kept, at most.
const SLOTS: u64 = 1 << 20;

/// Why a try is not made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Throttled {
    #[error("too many tries; try again later")]
    Wait,
    #[error("{0}")]
    Db(#[from] DbError),
}

/// A count, and how far it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    slot: i64,
    most: i64,
    /// What a success makes of it: nothing, or one try less.
    begins_anew: bool,
}

impl Counter {
    /// The count of `what`, which begins anew with a success and has to wait after `most` failures.
    #[must_use]
    pub fn new(keyring: &Keyring, what: &str, most: i64) -> Self {
        let hash = keyring.blind_index("throttle", what);
        let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Self { slot: i64::try_from(number % SLOTS).unwrap_or_default(), most, begins_anew: true }
    }

    /// The same, of which a success takes only itself away: it is shared by many.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.begins_anew = false;
        self
    }

    /// Milliseconds to wait after this many tries.
    fn wait(self, count: i64) -> i64 {
        match u32::try_from(count - self.most) {
            Ok(over) => FIRST_WAIT_MS.saturating_mul(1 << over.min(10)).min(MAX_WAIT_MS),
            Err(_) => 0,
        }
    }
}

/// Always in the same order, or two tries could wait for each other.
fn ordered(counters: &[Counter]) -> Vec<Counter> {
    let mut counters = counters.to_vec();
    counters.sort_by_key(|counter| counter.slot);
    counters.dedup_by_key(|counter| counter.slot);
    counters
}

/// Counts a try before it is made, so that many at once count too.
///
/// # Errors
/// [`Throttled::Wait`] when one of the counts is full; then nothing is counted.
pub async fn attempt(db: &Db, counters: &[Counter]) -> Result<(), Throttled> {
    let counters = ordered(counters);
    db.write(async move |tx| {
        let now = tx.now();
        let mut counts = Vec::with_capacity(counters.len());
        for counter in &counters {
            counts.push(read(tx, *counter).await?);
        }
        if counters.iter().zip(&counts).any(|(counter, (count, last))| last.plus_millis(counter.wait(*count)) > now) {
            return Err(Throttled::Wait);
        }
        for (counter, (count, _)) in counters.iter().zip(&counts) {
            let sql = "update throttle_counters set count = $2, last = $3 where slot = $1";
            tx.execute(sql, &[&counter.slot, &(count + 1), &now]).await?;
        }
        Ok(())
    })
    .await
}

/// A count and when it was last raised, its row held until the end of the transaction.
async fn read(tx: &mut Tx, counter: Counter) -> Result<(i64, Timestamp), DbError> {
    #[derive(sqlx_macros::FromRow)]
    struct Row {
        count: i64,
        last: Timestamp,
    }
    let now = tx.now();
    let insert = "insert into throttle_counters (slot, count, last) values ($1, 0, $2) on conflict (slot) do nothing";
    tx.execute(insert, &[&counter.slot, &now]).await?;
    tx.lock("select 1 from throttle_counters where slot = $1 for update", &[&counter.slot]).await?;
    let Row { count, last } = tx.fetch_one("select count, last from throttle_counters where slot = $1", &[&counter.slot]).await?;
    Ok(if last.plus_millis(FORGET_MS) <= now { (0, now) } else { (count, last) })
}

/// A try succeeded.
///
/// # Errors
/// The database's.
pub async fn succeeded(tx: &mut Tx, counters: &[Counter]) -> Result<(), DbError> {
    for counter in ordered(counters) {
        let sql = if counter.begins_anew {
            "update throttle_counters set count = 0 where slot = $1"
        } else {
            "update throttle_counters set count = count - 1 where slot = $1 and count > 0"
        };
        tx.execute(sql, &[&counter.slot]).await?;
    }
    Ok(())
}

/// Deletes counters whose time is over.
///
/// # Errors
/// The database's.
pub async fn delete_expired(tx: &mut Tx) -> Result<u64, DbError> {
    tx.execute("delete from throttle_counters where last <= $1", &[&tx.now().plus_millis(-FORGET_MS)]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_to_a_quarter_of_an_hour() {
        let counter = Counter { slot: 0, most: 10, begins_anew: true };
        let minutes: Vec<i64> = (8..17).map(|count| counter.wait(count) / 60_000).collect();
        assert_eq!(minutes, [0, 0, 1, 2, 4, 8, 15, 15, 15]);
    }
}
