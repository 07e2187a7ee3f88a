//! Events: what happened, written with the change, followed afterwards. See `docs/platform/events.md`.
//!
//! An event is a struct in its area that implements [`Event`]; [`Tx::record`](super::db::Tx::record) writes it.

mod lease;
mod subscriber;

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use domain::Timestamp;
use domain::id::EventId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::db::{Db, DbError};

pub use subscriber::{Handled, Subscriber, catch_up, subscribe};

/// Something that happened. As JSON it is what changed, and never personal data.
pub trait Event: Serialize + DeserializeOwned {
    /// `order.placed`; it is stored, so it stays.
    const KIND: &'static str;
    /// The id of what it happened to.
    type Subject: Into<Uuid> + From<Uuid>;
}

/// The kinds of some events, by their types: `follows![OrderPlaced, OrderCancelled]`.
#[macro_export]
macro_rules! follows {
    ($($event:ty),* $(,)?) => { &[$(<$event as $crate::events::Event>::KIND),*] };
}

/// Who did this to something last, as events name them, and when; none where nobody did.
///
/// # Errors
/// The database's.
pub async fn last<E: Event>(db: &Db, subject: E::Subject) -> Result<Option<(String, Timestamp)>, DbError> {
    #[derive(sqlx_macros::FromRow)]
    struct Row {
        actor: String,
        at: Timestamp,
    }
    let sql = "select actor, at from events where subject = $1 and kind = $2 order by seq desc limit 1";
    let row: Option<Row> = db.fetch_optional(sql, &[&subject.into(), &E::KIND]).await?;
    Ok(row.map(|row| (row.actor, row.at)))
}

/// An event as read.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct RecordedEvent {
    /// Its place in the feed.
    pub seq: i64,
    pub id: EventId,
    /// For example `order.placed`.
    pub kind: String,
    /// What it happened to.
    pub subject: Uuid,
    /// The [`Actor`](crate::context::Actor) as text.
    pub actor: String,
    /// The event's struct as JSON.
    pub data: String,
    pub at: Timestamp,
}

impl RecordedEvent {
    /// Is it one of these?
    #[must_use]
    pub fn is<E: Event>(&self) -> bool {
        self.kind == E::KIND
    }

    /// Is it one of these kinds, as [`follows!`](crate::follows) names them?
    #[must_use]
    pub fn is_one_of(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.kind.as_str())
    }

    /// What it happened to and what changed, when it is one of these.
    #[must_use]
    pub fn read<E: Event>(&self) -> Option<(E::Subject, E)> {
        if !self.is::<E>() {
            return None;
        }
        match serde_json::from_str(&self.data) {
            Ok(event) => Some((self.subject.into(), event)),
            Err(error) => {
                tracing::error!(kind = self.kind, event = %self.id, %error, "an event cannot be read as what it is");
                None
            }
        }
    }
}

/// Events that are read at once, at most.
const BATCH: usize = 100;

/// After this time a follower looks even if nobody woke it: other nodes write too.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// A reading of the feed.
#[derive(Debug)]
pub struct Batch {
    /// In the order of the feed.
    pub events: Vec<RecordedEvent>,
    /// Whether there are no events because an older transaction still runs, after whose end there are.
    held_back: bool,
}

/// Reads the next events after the one numbered `seq` that every subscriber may see, at most 100.
///
/// On Postgres numbers are given before commits, so a later number may be seen first. The feed is therefore in the order of
/// transactions, and ends below the oldest one of this database that still runs: nothing is ever added before its end. On SQLite `tx` is 0 and
/// numbers are in the order of commits.
///
/// # Errors
/// The database's.
pub async fn after(db: &Db, seq: i64) -> Result<Batch, DbError> {
    let seen = |events| Batch { events, held_back: false };
    if !db.is_postgres() {
        let sql = "select seq, id, kind, subject, actor, data, at from events where seq > $1 order by seq limit 100";
        return db.fetch_all(sql, &[&seq]).await.map(seen);
    }
    let sql = "select seq, id, kind, subject, actor, data, at from events
         where (tx, seq) > (coalesce((select tx from events where seq = $1), 0), $1)
           and tx < cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint)
         order by tx, seq limit 100";
    let events: Vec<RecordedEvent> = db.fetch_all(sql, &[&seq]).await?;
    if !events.is_empty() || !any_after(db, seq).await? {
        return Ok(seen(events));
    }
    let sql = "select seq, id, kind, subject, actor, data, at from events
         where (tx, seq) > (coalesce((select tx from events where seq = $1), 0), $1) and tx < $2 order by tx, seq limit 100";
    let events: Vec<RecordedEvent> = db.fetch_all(sql, &[&seq, &oldest_here(db).await?]).await?;
    Ok(Batch { held_back: events.is_empty(), events })
}

/// The number below which every transaction of this database has ended, on Postgres. Transactions are numbered for all databases of
/// a server together, and a snapshot ends below the oldest of them, so a long one elsewhere would hold the feed back.
///
/// It is read before the events are, in a statement of its own: what had a number below the next one then, and is not among those that
/// still run here, has ended and is seen by the statement that follows. Sessions of other roles hide their numbers from a role
/// without `pg_read_all_stats`; while there is one in this database, the snapshot's end counts.
async fn oldest_here(db: &Db) -> Result<i64, DbError> {
    // The activity shows the lower 32 bits of a number: it is the one of those that is nearest to the next.
    let sql = "with n as (select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint) as oldest,
                                 cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint) as next)
         select case when exists (select 1 from pg_stat_activity where datname = current_database() and usename is not null
                                                                   and query = '<insufficient privilege>')
                       or exists (select 1 from pg_prepared_xacts where database = current_database())
                     then n.oldest
                     else least(n.next, (select min(n.next + 2147483648 - mod(n.next + 6442450944 - cast(cast(a.backend_xid as text) as bigint), 4294967296))
                                         from pg_stat_activity a where a.datname = current_database() and a.backend_xid is not null)) end
         from n";
    db.fetch_scalar(sql, &[]).await
}

/// Are there events of finished transactions after this one, whether the feed shows them or not? On Postgres.
async fn any_after(db: &Db, seq: i64) -> Result<bool, DbError> {
    // In the feed's order, or Postgres would read the whole table.
    let sql = "select seq from events where (tx, seq) > (coalesce((select tx from events where seq = $1), 0), $1) order by tx, seq limit 1";
    Ok(db.fetch_optional_scalar::<i64>(sql, &[&seq]).await?.is_some())
}

/// How a follower of the feed goes on.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Events that come within this time of the first are handled together.
    pub gather: Duration,
    /// The longest pause after failures. The first is two seconds, and each is twice the one before.
    pub max_pause: Duration,
}

/// Follows the feed for as long as the program runs: calls `round`, which is to read it to its end, when events were committed, and each
/// second, for other nodes write too. Ends when a round fails with [`DbError::Stopped`].
pub async fn follow<R>(db: &Db, follower: &str, pace: Pace, round: impl Fn() -> R)
where
    R: Future<Output = Result<(), Box<dyn Error + Send + Sync>>>,
{
    let mut pause = POLL_INTERVAL;
    loop {
        let woken = db.changed().notified();
        match round().await {
            Ok(()) => pause = POLL_INTERVAL,
            Err(error) if matches!(error.downcast_ref(), Some(DbError::Stopped)) => return,
            Err(error) => {
                tracing::warn!(follower, %error, "events could not be followed; it is tried again");
                pause = (pause * 2).min(pace.max_pause);
                tokio::time::sleep(pause).await;
                continue;
            }
        }
        if tokio::time::timeout(POLL_INTERVAL, woken).await.is_ok() {
            tokio::time::sleep(pace.gather).await;
        }
    }
}

/// [`follow`]s the feed from now on, for what only this process needs to know: no cursor is kept, so a handler never hears of what
/// happened before, and each process gets every event. `begun` is called when that is so: what was read until then may be old.
pub fn watch<B, H>(db: &Db, begun: B, handler: H) -> JoinHandle<()>
where
    B: FnOnce() + Send + 'static,
    H: FnMut(&[RecordedEvent]) + Send + 'static,
{
    let db = db.clone();
    // What only this process knows is old until it has read the feed.
    let pace = Pace { gather: Duration::ZERO, max_pause: POLL_INTERVAL };
    tokio::spawn(async move {
        let state = Mutex::new((None, Some(begun), handler));
        let round = || async {
            let (cursor, begun, handler) = &mut *state.lock().await;
            loop {
                let seq = match *cursor {
                    Some(seq) => seq,
                    None => {
                        let seq = *cursor.insert(newest(&db).await?);
                        if let Some(begun) = begun.take() {
                            begun();
                        }
                        seq
                    }
                };
                let Batch { events, .. } = after(&db, seq).await?;
                *cursor = Some(events.last().map_or(seq, |last| last.seq));
                if !events.is_empty() && std::panic::catch_unwind(AssertUnwindSafe(|| handler(&events))).is_err() {
                    tracing::error!("a watcher of events panicked");
                }
                if events.len() < BATCH {
                    return Ok(());
                }
            }
        };
        follow(&db, "watcher", pace, round).await;
    })
}

/// The newest event that every subscriber may see.
pub async fn newest(db: &Db) -> Result<i64, DbError> {
    let found: Option<i64> = if db.is_postgres() {
        let sql = "select seq from events where tx < $1 order by tx desc, seq desc limit 1";
        db.fetch_optional_scalar(sql, &[&oldest_here(db).await?]).await?
    } else {
        db.fetch_optional_scalar("select seq from events order by seq desc limit 1", &[]).await?
    };
    Ok(found.unwrap_or(0))
}
