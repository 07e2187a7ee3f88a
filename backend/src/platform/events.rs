//! Events: what happened, written with the change, followed afterwards. See `docs/platform/events.md`.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::id::EventId;
use futures::FutureExt;
use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

use super::context::Context;
use super::db::{Db, DbError, Rows, Tx};
use crate::Shop;

/// Something that happened, to be written.
#[derive(Clone, Debug)]
pub struct Event {
    /// `order.placed`.
    pub kind: &'static str,
    /// What it happened to.
    pub subject: Uuid,
    /// What changed. Never personal data.
    pub data: Value,
}

impl Event {
    /// An event.
    #[must_use]
    pub const fn new(kind: &'static str, subject: Uuid, data: Value) -> Self {
        Self { kind, subject, data }
    }
}

/// An event row whose id was made outside.
pub struct NewRow<'a> {
    pub id: Uuid,
    /// `order.placed`.
    pub kind: &'static str,
    /// What it happened to.
    pub subject: Uuid,
    /// Who did it.
    pub context: &'a Context,
    /// JSON.
    pub data: String,
    /// When.
    pub at: Timestamp,
}

/// Writes events in the transaction of the change.
///
/// # Errors
/// The database's.
pub async fn append(tx: &mut Tx, shop: &Shop, context: &Context, at: Timestamp, events: &[Event]) -> Result<(), DbError> {
    let rows: Vec<_> =
        events.iter().map(|e| NewRow { id: shop.id(), kind: e.kind, subject: e.subject, context, data: e.data.to_string(), at }).collect();
    append_rows(tx, &rows).await
}

/// Writes many events with one statement.
///
/// # Errors
/// The database's.
pub async fn append_rows(tx: &mut Tx, events: &[NewRow<'_>]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for e in events {
        let c = e.context;
        rows.row(&[&e.id, &e.kind, &e.subject, &c.actor.to_string(), &c.on_behalf_of, &c.request, &e.data, &e.at]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    // Postgres gives `seq` before the default of `tx` gives the transaction its number: a reader between the two would pass by.
    let sql = if tx.is_postgres() {
        "insert into events (id, kind, subject, actor, on_behalf_of, request, data, at)
         select unhex(value->>0), value->>1, unhex(value->>2), value->>3, value->>4, unhex(value->>5), value->>6, cast(value->>7 as bigint)
         from json_each($1) where pg_current_xact_id() is not null"
    } else {
        "insert into events (id, kind, subject, actor, on_behalf_of, request, data, at)
         select unhex(value->>0), value->>1, unhex(value->>2), value->>3, value->>4, unhex(value->>5), value->>6, cast(value->>7 as bigint)
         from json_each($1)"
    };
    tx.execute(sql, &[&rows.end()]).await?;
    tx.announce();
    Ok(())
}

crate::rows! {
    /// An event as read.
    pub struct RecordedEvent {
        /// Its place in the feed.
        pub seq: i64,
        pub id: EventId,
        /// `order.placed`.
        pub kind: String,
        /// What it happened to.
        pub subject: Uuid,
        /// Who did it.
        pub actor: String,
        /// What changed, JSON.
        pub data: String,
        /// When.
        pub at: Timestamp,
    }
}

/// The events of one subject, oldest first, at most 500.
///
/// # Errors
/// The database's.
pub async fn of_subject(shop: &Shop, subject: Uuid) -> Result<Vec<RecordedEvent>, DbError> {
    shop.db()
        .fetch_all("select seq, id, kind, subject, actor, data, at from events where subject = $1 order by seq limit 500", &[&subject])
        .await
}

/// Events in one reading.
const BATCH: usize = 100;

/// After this time a follower looks even if nobody woke it: other nodes write too.
const IDLE: Duration = Duration::from_secs(1);

/// What a subscriber's handler returns.
pub type Handled = Pin<Box<dyn Future<Output = Result<(), DbError>> + Send>>;

/// Events that come within this time of the first are handled together.
const GATHER: Duration = Duration::from_millis(10);

/// Wakes the followers. It is done after each commit that wrote events.
#[derive(Clone)]
pub struct Feed(Arc<Notify>);

impl Feed {
    /// The feed of a database.
    #[must_use]
    pub fn of(db: &Db) -> Self {
        Self(Arc::clone(db.changed()))
    }

    /// Says that there may be something to do.
    pub fn wake(&self) {
        self.0.notify_waiters();
    }
}

/// Events after the one numbered `seq` that every subscriber may see, in the order of the feed.
///
/// On Postgres numbers are given before commits, so a later number may be seen first. The feed is therefore in the order of
/// transactions, and ends below the oldest one of this database that still runs: nothing is ever added before its end. On SQLite `tx` is 0 and
/// numbers are in the order of commits.
pub(crate) async fn after(shop: &Shop, seq: i64) -> Result<Vec<RecordedEvent>, DbError> {
    if !shop.db().is_postgres() {
        let sql = "select seq, id, kind, subject, actor, data, at from events where seq > $1 order by seq limit 100";
        return shop.db().fetch_all(sql, &[&seq]).await;
    }
    let sql = "select seq, id, kind, subject, actor, data, at from events
         where (tx, seq) > (coalesce((select tx from events where seq = $1), 0), $1)
           and tx < cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint)
         order by tx, seq limit 100";
    let events: Vec<RecordedEvent> = shop.db().fetch_all(sql, &[&seq]).await?;
    if !events.is_empty() || !held_back(shop, seq).await? {
        return Ok(events);
    }
    let sql = "select seq, id, kind, subject, actor, data, at from events
         where (tx, seq) > (coalesce((select tx from events where seq = $1), 0), $1) and tx < $2 order by tx, seq limit 100";
    shop.db().fetch_all(sql, &[&seq, &oldest_here(shop).await?]).await
}

/// The number below which every transaction of this database has ended, on Postgres. Transactions are numbered for all databases of
/// a server together, and a snapshot ends below the oldest of them, so a long one elsewhere would hold the feed back.
///
/// It is read before the events are, in a statement of its own: what had a number below the next one then, and is not among those that
/// still run here, has ended and is seen by the statement that follows. Sessions of other roles hide their numbers from a role
/// without `pg_read_all_stats`; while there is one in this database, the snapshot's end counts.
async fn oldest_here(shop: &Shop) -> Result<i64, DbError> {
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
    Ok(shop.db().fetch_one::<(i64,)>(sql, &[]).await?.0)
}

/// How often, and how long each time, a subscriber waits for an older transaction to end before it waits for new events.
const WAITS: u32 = 250;
const WAIT: Duration = Duration::from_millis(20);

/// Are there events of finished transactions that the feed does not show yet? An older transaction still runs.
async fn held_back(shop: &Shop, seq: i64) -> Result<bool, DbError> {
    if !shop.db().is_postgres() {
        return Ok(false);
    }
    // In the feed's order, or Postgres would read the whole table.
    let sql = "select 1 from events where (tx, seq) > (coalesce((select tx from events where seq = $1), 0), $1) order by tx, seq limit 1";
    Ok(shop.db().fetch_optional::<(i64,)>(sql, &[&seq]).await?.is_some())
}

/// Hands a subscriber what it has not seen, until there is no more; says how many events. For tests, the simulation and the
/// follower below. A handler that fails is given the same events again, so it must not mind.
///
/// # Errors
/// The database's or the handler's; the cursor stays before what failed.
pub async fn catch_up<H>(shop: &Shop, name: &'static str, handler: &H) -> Result<u64, DbError>
where
    H: Fn(Shop, Vec<RecordedEvent>) -> Handled,
{
    let (mut seen, mut waits) = (0, 0);
    loop {
        let cursor: Option<(i64,)> = shop.db().fetch_optional("select seq from event_cursors where name = $1", &[&name]).await?;
        let cursor = cursor.map_or(0, |c| c.0);
        let events = after(shop, cursor).await?;
        let (Some(last), count) = (events.last().map(|e| e.seq), events.len()) else {
            if waits < WAITS && held_back(shop, cursor).await? {
                waits += 1;
                tokio::time::sleep(WAIT).await;
                continue;
            }
            return Ok(seen);
        };
        // A panic must not end the following of the feed.
        let handled = AssertUnwindSafe(async { handler(shop.clone(), events).await }).catch_unwind().await;
        handled.unwrap_or_else(|_| Err(DbError::Lost(format!("{name} panicked"))))?;
        shop.db()
            .write(async move |tx| {
                tx.execute(
                    "insert into event_cursors (name, seq) values ($1, $2) on conflict (name) do update set seq = excluded.seq",
                    &[&name, &last],
                )
                .await
            })
            .await?;
        seen += count as u64;
        waits = 0;
        if count < BATCH && !shop.db().is_postgres() {
            return Ok(seen);
        }
    }
}

/// Follows the feed for as long as the program runs.
pub fn subscribe<H>(shop: &Shop, name: &'static str, handler: H) -> tokio::task::JoinHandle<()>
where
    H: Fn(Shop, Vec<RecordedEvent>) -> Handled + Send + Sync + 'static,
{
    let shop = shop.clone();
    tokio::spawn(async move {
        let mut pause = IDLE;
        loop {
            let woken = shop.feed().0.notified();
            match catch_up(&shop, name, &handler).await {
                Ok(_) => pause = IDLE,
                Err(DbError::Stopped) => return,
                Err(error) => {
                    tracing::warn!(subscriber = name, %error, "an event could not be handled; it is tried again");
                    pause = (pause * 2).min(Duration::from_secs(60));
                    tokio::time::sleep(pause).await;
                    continue;
                }
            }
            if tokio::time::timeout(pause, woken).await.is_ok() {
                tokio::time::sleep(GATHER).await;
            }
        }
    })
}

/// Follows the feed from now on, for what only this process needs to know: no cursor is kept, so a handler never hears of what
/// happened before, and each process hears of everything.
pub fn watch<H>(shop: &Shop, handler: H) -> tokio::task::JoinHandle<()>
where
    H: Fn(&[RecordedEvent]) + Send + 'static,
{
    let shop = shop.clone();
    tokio::spawn(async move {
        let mut cursor = None;
        loop {
            let woken = shop.feed().0.notified();
            let read = match cursor {
                None => newest(&shop).await.map(|seq| (seq, Vec::new())),
                Some(seq) => after(&shop, seq).await.map(|events| (events.last().map_or(seq, |last| last.seq), events)),
            };
            match read {
                Ok((seq, events)) => {
                    let more = events.len() == BATCH || cursor.is_none();
                    cursor = Some(seq);
                    if !events.is_empty() && std::panic::catch_unwind(AssertUnwindSafe(|| handler(&events))).is_err() {
                        tracing::error!("a watcher of events panicked");
                    }
                    if more {
                        continue;
                    }
                }
                Err(DbError::Stopped) => return,
                Err(error) => tracing::warn!(%error, "the events cannot be read; it is tried again"),
            }
            let _ = tokio::time::timeout(IDLE, woken).await;
        }
    })
}

/// The newest event that every subscriber may see.
pub(crate) async fn newest(shop: &Shop) -> Result<i64, DbError> {
    let found: Option<(i64,)> = if shop.db().is_postgres() {
        let sql = "select seq from events where tx < $1 order by tx desc, seq desc limit 1";
        shop.db().fetch_optional(sql, &[&oldest_here(shop).await?]).await?
    } else {
        shop.db().fetch_optional("select seq from events order by seq desc limit 1", &[]).await?
    };
    Ok(found.map_or(0, |row| row.0))
}
