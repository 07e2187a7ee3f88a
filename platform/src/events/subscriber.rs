//! Subscribers: what follows from events is written together with how far they were read.

use std::sync::Arc;
use std::time::Duration;

use futures::future::LocalBoxFuture;
use tokio::task::JoinHandle;

use super::lease::Holder;
use super::{BATCH, Batch, Pace, RecordedEvent, after, follow};
use crate::db::{Db, DbError, Tx};

/// What a subscriber's handler returns.
pub type Handled<'a> = LocalBoxFuture<'a, Result<(), DbError>>;

type Handler = dyn for<'a> Fn(&'a mut Tx, &'a [RecordedEvent]) -> Handled<'a> + Send + Sync;

/// A handler that writes what follows from the events of its kinds, in the transaction that moves the subscriber's cursor: each event has
/// its effect once. What is to happen outside of the database is a [job](crate::jobs), enqueued in that transaction.
pub struct Subscriber {
    name: &'static str,
    /// Those that it follows.
    kinds: &'static [&'static str],
    handler: Arc<Handler>,
}

impl Subscriber {
    /// Its place in the feed is kept under `name`; `kinds` are [`follows!`](crate::follows). A handler that fails is given the same
    /// events again, and may be run more than once before its transaction is committed: it changes nothing but by its `Tx`.
    pub fn new<H>(name: &'static str, kinds: &'static [&'static str], handler: H) -> Self
    where
        H: for<'a> Fn(&'a mut Tx, &'a [RecordedEvent]) -> Handled<'a> + Send + Sync + 'static,
    {
        Self { name, kinds, handler: Arc::new(handler) }
    }
}

/// How often, and how long each time, a subscriber waits for an older transaction to end before it waits for new events.
const WAITS: u32 = 250;
const WAIT: Duration = Duration::from_millis(20);

/// Hands a subscriber what it has not handled, until there is no more; returns how many events were read: none while another node does
/// this. For tests and the simulation; [`subscribe`] does it for as long as the program runs.
///
/// # Errors
/// The database's or the handler's; the cursor stays before what failed.
pub async fn catch_up(db: &Db, subscriber: &Subscriber) -> Result<u64, DbError> {
    let holder = Holder::new(db, subscriber.name);
    let seen = hand_over(db, subscriber, &holder).await?;
    if seen > 0 {
        holder.let_go(db).await?;
    }
    Ok(seen)
}

/// [`follow`]s the feed with a subscriber.
pub fn subscribe(db: &Db, subscriber: Subscriber) -> JoinHandle<()> {
    let db = db.clone();
    let holder = Holder::new(&db, subscriber.name);
    let pace = Pace { gather: Duration::from_millis(10), max_pause: Duration::from_secs(60) };
    tokio::spawn(async move {
        let round = || async { Ok(hand_over(&db, &subscriber, &holder).await.map(drop)?) };
        follow(&db, subscriber.name, pace, round).await;
    })
}

/// Hands over until there is no more, or another node does it.
async fn hand_over(db: &Db, subscriber: &Subscriber, holder: &Holder) -> Result<u64, DbError> {
    let (mut seen, mut waits) = (0, 0);
    loop {
        let place = holder.place(db).await?;
        if place.is_taken(db) {
            return Ok(seen);
        }
        let Batch { events, held_back } = after(db, place.seq).await?;
        if events.is_empty() {
            if held_back && waits < WAITS {
                waits += 1;
                tokio::time::sleep(WAIT).await;
                continue;
            }
            return Ok(seen);
        }
        let count = events.len();
        let Some(epoch) = holder.take(db, &place).await? else { return Ok(seen) };
        match handle(db, subscriber, holder, (epoch, place.seq), events).await {
            Ok(()) => {}
            Err(Unhandled::PastEpoch) => {
                tracing::info!(subscriber = subscriber.name, epoch, "another node has taken over; nothing was changed");
                return Ok(seen);
            }
            Err(Unhandled::Db(error)) => {
                // Another node may fare better.
                let _ = holder.let_go(db).await;
                return Err(error);
            }
        }
        seen += count as u64;
        waits = 0;
        if count < BATCH && !db.is_postgres() {
            return Ok(seen);
        }
    }
}

/// Why events were not handled. Nothing of it was kept.
enum Unhandled {
    /// Another node has taken the lease since, or this one has handled them elsewhere.
    PastEpoch,
    Db(DbError),
}

impl From<DbError> for Unhandled {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// Has these events handled, and moves the cursor behind the last, in one transaction.
async fn handle(
    db: &Db,
    subscriber: &Subscriber,
    holder: &Holder,
    (epoch, seq): (i64, i64),
    mut events: Vec<RecordedEvent>,
) -> Result<(), Unhandled> {
    let last = events.last().map_or(seq, |last| last.seq);
    events.retain(|event| subscriber.kinds.contains(&event.kind.as_str()));
    let (handler, holder) = (Arc::clone(&subscriber.handler), *holder);
    let handled = db.write(async move |tx: &mut Tx| {
        if !holder.is_at(tx, epoch, seq).await? {
            return Err(Unhandled::PastEpoch);
        }
        if !events.is_empty() {
            handler(tx, &events).await?;
        }
        if holder.advance(tx, epoch, (seq, last)).await? { Ok(()) } else { Err(Unhandled::PastEpoch) }
    });
    if !db.is_postgres() {
        // Nobody else would take it over, and the one writer is at work.
        return handled.await;
    }
    tokio::select! {
        handled = handled => handled,
        () = holder.keep(db, epoch) => Err(Unhandled::PastEpoch),
    }
}
