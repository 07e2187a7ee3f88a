//! Commands that are worth doing many at a time.
//!
//! Nothing in a bundle waits for a row that somebody else holds: on Postgres the work takes its locks with `skip locked`, and says
//! of each command whose rows it did not get which one that was ([`Done::Held`]). Those commands are set aside and tried again
//! until the row is free or their time is up, while all others go on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::door::{Db, QUEUE};
use super::error::DbError;
use super::open::LOCKED;
use super::tx::Tx;

/// What became of a command.
#[derive(Clone, Debug)]
pub enum Done<T, E, K> {
    /// It was done, or refused.
    Answer(Result<T, E>),
    /// Somebody else holds this, and nothing was changed.
    Held(K),
}

struct Waiting<C, T, E> {
    command: C,
    reply: oneshot::Sender<Result<T, E>>,
    since: Instant,
}

impl<C, T, E> Waiting<C, T, E>
where
    E: From<DbError>,
{
    fn tell(self, answer: Result<T, E>) {
        // The caller may have gone.
        let _ = self.reply.send(answer);
    }

    /// Is its time up?
    fn is_late(&self) -> bool {
        self.since.elapsed() >= LOCKED
    }
}

/// How long a bundle waits for locks that its work does not take itself: a unique key that a rival is just writing, a locked table.
const LOCKS: &str = "set local lock_timeout = '1s'";
/// How long one that was set aside waits for the row it wants.
const LOCKS_ASIDE: &str = "set local lock_timeout = '250ms'";
/// How long a bundle may take.
const LONGEST: Duration = Duration::from_secs(6);
/// Between two tries of what was set aside, the first and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));

/// Collects calls while the last bundle is being written, and hands them to `work` together: the same statements, but once for
/// many callers. When a bundle fails as a whole, each command is tried alone, so one bad command hurts itself only.
pub struct Bundle<C, T, E> {
    queue: mpsc::Sender<Waiting<C, T, E>>,
}

impl<C, T, E> Bundle<C, T, E>
where
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    /// Opens the bundle: at most `most` commands in one transaction, one transaction at a time. Two at a time would wait for
    /// each other's rows wherever an article sells well, and make the slowest callers slower.
    ///
    /// `work` is told which row to wait for before it takes any other lock; for everything else it does not wait.
    pub fn new<K, W>(db: Db, most: usize, work: W) -> Self
    where
        K: Clone + PartialEq + Send + Sync + 'static,
        W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Done<T, E, K>>, DbError> + Clone + Send + Sync + 'static,
    {
        let (queue, mut waiting) = mpsc::channel::<Waiting<C, T, E>>(QUEUE);
        let (aside, held) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk { db, work, most });
        tokio::spawn(aside_until_free(Arc::clone(&desk), held));
        tokio::spawn(async move {
            let mut calls = Vec::new();
            while waiting.recv_many(&mut calls, most).await > 0 {
                desk.run(std::mem::take(&mut calls), &aside).await;
            }
        });
        Self { queue }
    }

    /// Has one command done.
    ///
    /// # Errors
    /// The command's own, or [`DbError::Busy`] when too many wait or somebody else held for too long what it needs.
    pub async fn call(&self, command: C) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Waiting { command, reply, since: Instant::now() }).map_err(|_| DbError::Busy)?;
        answer.await.unwrap_or_else(|_| Err(DbError::Stopped.into()))
    }
}

/// Commands that wait for a row, each with what it waits for.
type Aside<C, T, E, K> = mpsc::UnboundedSender<(Waiting<C, T, E>, K)>;

/// Where commands are worked on.
struct Desk<W> {
    db: Db,
    work: W,
    most: usize,
}

/// A rival transaction may have taken the same key, which breaks a unique rule at the end. Run again, the work sees what the
/// rival wrote and can answer with it.
const TRIES: u32 = 3;

impl<W: Clone + Send + Sync + 'static> Desk<W> {
    async fn attempt<C, T, E, K>(&self, commands: Vec<C>, first: Option<K>, locks: &'static str) -> Result<Vec<Done<T, E, K>>, DbError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
        E: Send + 'static,
        K: Send + Sync + 'static,
        W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Done<T, E, K>>, DbError>,
    {
        let work = self.work.clone();
        let all = async move |tx: &mut Tx| {
            tx.lock(locks, &[]).await?;
            work(tx, &commands, first.as_ref()).await
        };
        self.db.write_within(LONGEST, all).await
    }

    /// Does what waits, and answers all but those that are set aside.
    async fn run<C, T, E, K>(self: &Arc<Self>, calls: Vec<Waiting<C, T, E>>, aside: &Aside<C, T, E, K>)
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        K: Clone + PartialEq + Send + Sync + 'static,
        W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Done<T, E, K>>, DbError>,
    {
        match self.attempt(commands(&calls), None, LOCKS).await {
            Ok(results) => {
                for (call, done) in calls.into_iter().zip(results) {
                    settle(call, done, aside);
                }
            }
            // Somebody holds what the work does not know of. Each alone finds out whether it is among them, beside the next bundle.
            Err(DbError::Busy) if self.db.is_postgres() => {
                tokio::spawn(Arc::clone(self).one_by_one(calls, aside.clone()));
            }
            // Nobody gains when each is told so in turn.
            Err(error @ (DbError::Stopped | DbError::Busy | DbError::Away | DbError::Full)) => {
                for call in calls {
                    call.tell(Err(error.clone().into()));
                }
            }
            Err(_) => {
                for call in calls {
                    self.alone(call, aside).await;
                }
            }
        }
    }

    async fn alone<C, T, E, K>(&self, call: Waiting<C, T, E>, aside: &Aside<C, T, E, K>)
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        K: Clone + PartialEq + Send + Sync + 'static,
        W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Done<T, E, K>>, DbError>,
    {
        match self.one(&call.command, LOCKS).await {
            Ok(done) => settle(call, done, aside),
            Err(error) => call.tell(Err(error.into())),
        }
    }

    /// Does one command. After a rival's unique violation it is run again: the work then sees what the rival wrote.
    async fn one<C, T, E, K>(&self, command: &C, locks: &'static str) -> Result<Done<T, E, K>, DbError>
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        K: Clone + PartialEq + Send + Sync + 'static,
        W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Done<T, E, K>>, DbError>,
    {
        let mut tries = 1;
        loop {
            match self.attempt(vec![command.clone()], None, locks).await {
                Ok(mut results) => return Ok(results.pop().unwrap_or(Done::Answer(Err(DbError::Stopped.into())))),
                Err(error) if error.is_unique_violation() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Tries each alone, again and again until its time is up.
    async fn one_by_one<C, T, E, K>(self: Arc<Self>, mut calls: Vec<Waiting<C, T, E>>, aside: Aside<C, T, E, K>)
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        K: Clone + PartialEq + Send + Sync + 'static,
        W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Done<T, E, K>>, DbError>,
    {
        while !calls.is_empty() {
            for call in std::mem::take(&mut calls) {
                match self.one(&call.command, LOCKS_ASIDE).await {
                    Ok(done) => settle(call, done, &aside),
                    Err(DbError::Busy) if !call.is_late() => calls.push(call),
                    Err(error) => call.tell(Err(error.into())),
                }
            }
            tokio::time::sleep(PAUSES.1).await;
        }
    }

    /// Tries commands that were set aside; gives back those that still are.
    async fn again<C, T, E, K>(&self, calls: Vec<(Waiting<C, T, E>, K)>, first: Option<K>) -> Vec<(Waiting<C, T, E>, K)>
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        K: Clone + PartialEq + Send + Sync + 'static,
        W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Done<T, E, K>>, DbError>,
    {
        if calls.is_empty() {
            return calls;
        }
        match self.attempt(calls.iter().map(|(call, _)| call.command.clone()).collect(), first, LOCKS_ASIDE).await {
            Ok(results) => {
                let mut left = Vec::new();
                for ((call, _), done) in calls.into_iter().zip(results) {
                    match done {
                        Done::Answer(answer) => call.tell(answer),
                        Done::Held(row) => left.push((call, row)),
                    }
                }
                left
            }
            Err(DbError::Busy) => calls,
            Err(error @ (DbError::Stopped | DbError::Away | DbError::Full)) => {
                for (call, _) in calls {
                    call.tell(Err(error.clone().into()));
                }
                Vec::new()
            }
            Err(_) => {
                // One of them cannot be done together with the others.
                let (aside, mut left) = mpsc::unbounded_channel();
                for (call, _) in calls {
                    self.alone(call, &aside).await;
                }
                drop(aside);
                std::iter::from_fn(|| left.try_recv().ok()).collect()
            }
        }
    }
}

fn commands<C: Clone, T, E>(calls: &[Waiting<C, T, E>]) -> Vec<C> {
    calls.iter().map(|call| call.command.clone()).collect()
}

fn settle<C, T, E: From<DbError>, K>(call: Waiting<C, T, E>, done: Done<T, E, K>, aside: &Aside<C, T, E, K>) {
    match done {
        Done::Answer(answer) => call.tell(answer),
        // When the bundle has ended, the caller hears of it by the dropped reply.
        Done::Held(row) => drop(aside.send((call, row))),
    }
}

/// Tries what is set aside until it is done or its time is up: those that want the row which the oldest waits for wait in line for it
/// with the database, all others only look whether theirs is free. So a row that sells all the time is had in turn, and one that is
/// never given back costs a quarter of a second for each look.
async fn aside_until_free<C, T, E, K, W>(desk: Arc<Desk<W>>, mut held: mpsc::UnboundedReceiver<(Waiting<C, T, E>, K)>)
where
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    K: Clone + PartialEq + Send + Sync + 'static,
    W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Done<T, E, K>>, DbError> + Clone + Send + Sync + 'static,
{
    let mut calls: Vec<(Waiting<C, T, E>, K)> = Vec::new();
    let mut pause = PAUSES.0;
    loop {
        if calls.is_empty() {
            pause = PAUSES.0;
            match held.recv().await {
                Some(call) => calls.push(call),
                None => return,
            }
        }
        while let Ok(call) = held.try_recv() {
            calls.push(call);
        }
        let before = calls.len();
        let (late, on_time): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(call, _)| call.is_late());
        for (call, _) in late {
            call.tell(Err(DbError::Busy.into()));
        }
        let Some((_, row)) = on_time.first() else {
            calls = Vec::new();
            continue;
        };
        let row = row.clone();
        let (mut same, mut others): (Vec<_>, Vec<_>) = on_time.into_iter().partition(|(_, other)| *other == row);
        let mut rest = same.split_off(same.len().min(desk.most));
        let later = others.split_off(others.len().min(desk.most));
        let others = desk.again(others, None).await;
        let same = desk.again(same, Some(row)).await;
        // Whoever was looked after goes to the end, so that each row has its turn.
        calls = later;
        calls.extend(others);
        calls.append(&mut rest);
        calls.extend(same);
        pause = if calls.len() < before { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
        if !calls.is_empty() {
            tokio::time::sleep(pause).await;
        }
    }
}
