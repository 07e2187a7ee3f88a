//! Runs commands of many callers in one transaction.
//!
//! Nothing in a batch waits for a row that another transaction holds: on Postgres the work takes its locks with `skip locked`, and reports
//! of each command whose rows it did not get which one that was ([`Outcome::Blocked`]). Those commands are deferred and tried again
//! until the row is free or their time is up, while all others go on.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::error::DbError;
use super::handle::Db;
use super::open::LOCKED;
use super::tx::Tx;
use super::writer::{Limits, MAX_QUEUED};

/// Why a batch was rolled back.
#[derive(Clone, Debug)]
pub enum BatchError {
    /// Its commands cannot be done together: each is tried alone.
    OneByOne,
    Db(DbError),
}

impl From<DbError> for BatchError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// The outcome of a command.
#[derive(Clone, Debug)]
pub enum Outcome<T, E, K> {
    /// It was done, or refused.
    Answered(Result<T, E>),
    /// This row is locked by another transaction, and nothing was changed.
    Blocked(K),
}

struct Call<C, T, E> {
    command: C,
    reply: oneshot::Sender<Result<T, E>>,
    since: Instant,
    /// A transaction with it was told to commit and did not answer: it may be done, or become so.
    in_doubt: bool,
}

impl<C, T, E> Call<C, T, E>
where
    E: From<DbError>,
{
    fn answer(self, answer: Result<T, E>) {
        // The caller may have gone.
        let _ = self.reply.send(answer);
    }

    /// Answers with the database's error. That nothing was written is not said of what is in doubt.
    fn fail(self, error: DbError) {
        let error = if self.in_doubt && error.is_transient() { DbError::InDoubt } else { error };
        self.answer(Err(error.into()));
    }

    /// Has it waited for as long as it may?
    fn is_expired(&self) -> bool {
        self.since.elapsed() >= LOCKED
    }
}

/// How long a batch may take.
const BATCH_TIMEOUT: Duration = Duration::from_secs(6);
/// A batch waits so long for locks that its work does not take itself: a unique key that a rival is just writing, a locked table.
const LIMITS: Limits = Limits { timeout: BATCH_TIMEOUT, begin: "BEGIN; set local lock_timeout = '1s'" };
/// A deferred command waits so long for its row.
const DEFERRED_LIMITS: Limits = Limits { timeout: BATCH_TIMEOUT, begin: "BEGIN; set local lock_timeout = '250ms'" };
/// The pause between two tries of deferred commands: the first, and the longest.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));

/// Collects calls while the last batch is being written, and hands them to `work` together: the same statements, but once for
/// many callers. When a batch fails as a whole, each command is tried alone, so one bad command hurts itself only.
pub struct Batcher<C, T, E> {
    queue: mpsc::Sender<Call<C, T, E>>,
}

impl<C, T, E> Batcher<C, T, E>
where
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    /// At most `max_batch` commands go into one transaction, one transaction at a time. Two at a time would wait for
    /// each other's rows wherever a product sells well, and make the slowest callers slower.
    ///
    /// `work` gets the row to wait for before it takes any other lock; for everything else it does not wait.
    pub fn new<K, W>(db: Db, max_batch: usize, work: W) -> Self
    where
        K: Clone + PartialEq + Send + Sync + 'static,
        W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Outcome<T, E, K>>, BatchError> + Clone + Send + Sync + 'static,
    {
        let (queue, mut waiting) = mpsc::channel::<Call<C, T, E>>(MAX_QUEUED);
        let (deferred, blocked) = mpsc::unbounded_channel();
        let executor = Arc::new(Executor { db, work, max_batch, marker: PhantomData });
        tokio::spawn(Arc::clone(&executor).retry_deferred(blocked));
        tokio::spawn(async move {
            let mut calls = Vec::new();
            while waiting.recv_many(&mut calls, max_batch).await > 0 {
                executor.run(std::mem::take(&mut calls), &deferred).await;
            }
        });
        Self { queue }
    }

    /// Has one command done.
    ///
    /// # Errors
    /// The command's own, or [`DbError::Busy`] when too many wait or a row it needs was locked for too long.
    pub async fn call(&self, command: C) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Call { command, reply, since: Instant::now(), in_doubt: false }).map_err(|_| DbError::Busy)?;
        answer.await.unwrap_or_else(|_| Err(DbError::Stopped.into()))
    }
}

/// Commands that wait for a row, each with what it waits for.
type Deferred<C, T, E, K> = mpsc::UnboundedSender<(Call<C, T, E>, K)>;

/// Marks the type parameters that an executor has no values of.
type Marker<C, T, E, K> = PhantomData<fn(C, K) -> Result<T, E>>;

struct Executor<C, T, E, K, W> {
    db: Db,
    work: W,
    max_batch: usize,
    marker: Marker<C, T, E, K>,
}

/// A rival transaction may have taken the same key, which breaks a unique rule at the end. Run again, the work sees what the
/// rival wrote and can answer with it.
const MAX_TRIES: u32 = 3;

impl<C, T, E, K, W> Executor<C, T, E, K, W>
where
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    K: Clone + PartialEq + Send + Sync + 'static,
    W: AsyncFn(&mut Tx, &[C], Option<&K>) -> Result<Vec<Outcome<T, E, K>>, BatchError> + Clone + Send + Sync + 'static,
{
    async fn attempt(&self, commands: Vec<C>, awaited: Option<K>, limits: Limits) -> Result<Vec<Outcome<T, E, K>>, BatchError> {
        let work = self.work.clone();
        let all = async move |tx: &mut Tx| work(tx, &commands, awaited.as_ref()).await;
        self.db.write_within(limits, self.db.system(), all).await
    }

    /// Does what waits, and answers all but those that are deferred.
    async fn run(self: &Arc<Self>, calls: Vec<Call<C, T, E>>, deferred: &Deferred<C, T, E, K>) {
        match self.attempt(commands(&calls), None, LIMITS).await {
            Ok(results) => {
                for (call, done) in calls.into_iter().zip(results) {
                    finish(call, done, deferred);
                }
            }
            // A lock that the work did not report. Each command is run alone, beside the next batch, to find those that need it.
            Err(BatchError::Db(DbError::Busy)) if self.db.is_postgres() => {
                tokio::spawn(Arc::clone(self).retry_one_by_one(calls, deferred.clone()));
            }
            // The same would happen to each of them: they are not retried one by one.
            Err(BatchError::Db(error @ (DbError::Stopped | DbError::Busy | DbError::Away | DbError::Full))) => {
                for call in calls {
                    call.fail(error.clone());
                }
            }
            Err(error) => {
                let in_doubt = matches!(error, BatchError::Db(DbError::InDoubt));
                for call in calls {
                    self.alone(Call { in_doubt, ..call }, deferred).await;
                }
            }
        }
    }

    async fn alone(&self, call: Call<C, T, E>, deferred: &Deferred<C, T, E, K>) {
        match self.one(&call.command, LIMITS).await {
            Ok(done) => finish(call, done, deferred),
            Err(error) => call.fail(error),
        }
    }

    /// Does one command. After a rival's unique violation it is run again: the work then sees what the rival wrote.
    async fn one(&self, command: &C, limits: Limits) -> Result<Outcome<T, E, K>, DbError> {
        let mut tries = 1;
        loop {
            match self.attempt(vec![command.clone()], None, limits).await {
                Ok(mut results) => return Ok(results.pop().unwrap_or(Outcome::Answered(Err(DbError::Stopped.into())))),
                Err(BatchError::Db(error)) if error.is_unique_violation() && tries < MAX_TRIES => tries += 1,
                Err(BatchError::Db(error)) => return Err(error),
                // It is alone, so it is at odds with another transaction.
                Err(BatchError::OneByOne) => return Err(DbError::Busy),
            }
        }
    }

    /// Tries each alone, again and again until its time is up.
    async fn retry_one_by_one(self: Arc<Self>, mut calls: Vec<Call<C, T, E>>, deferred: Deferred<C, T, E, K>) {
        while !calls.is_empty() {
            for call in std::mem::take(&mut calls) {
                match self.one(&call.command, DEFERRED_LIMITS).await {
                    Ok(done) => finish(call, done, &deferred),
                    Err(DbError::Busy) if !call.is_expired() => calls.push(call),
                    Err(error) => call.fail(error),
                }
            }
            tokio::time::sleep(RETRY_PAUSES.1).await;
        }
    }

    /// Tries commands that were deferred; gives back those that still are.
    async fn retry(&self, calls: Vec<(Call<C, T, E>, K)>, awaited: Option<K>) -> Vec<(Call<C, T, E>, K)> {
        if calls.is_empty() {
            return calls;
        }
        match self.attempt(calls.iter().map(|(call, _)| call.command.clone()).collect(), awaited, DEFERRED_LIMITS).await {
            Ok(results) => {
                let mut left = Vec::new();
                for ((call, _), done) in calls.into_iter().zip(results) {
                    match done {
                        Outcome::Answered(answer) => call.answer(answer),
                        Outcome::Blocked(row) => left.push((call, row)),
                    }
                }
                left
            }
            Err(BatchError::Db(DbError::Busy)) => calls,
            Err(BatchError::Db(error @ (DbError::Stopped | DbError::Away | DbError::Full))) => {
                for (call, _) in calls {
                    call.fail(error.clone());
                }
                Vec::new()
            }
            Err(error) => {
                // One of them cannot be done together with the others.
                let is_doubtful = matches!(error, BatchError::Db(DbError::InDoubt));
                let (deferred, mut left) = mpsc::unbounded_channel();
                for (call, _) in calls {
                    let in_doubt = call.in_doubt || is_doubtful;
                    self.alone(Call { in_doubt, ..call }, &deferred).await;
                }
                drop(deferred);
                std::iter::from_fn(|| left.try_recv().ok()).collect()
            }
        }
    }

    /// Tries what is deferred until it is done or its time is up: those that want the row which the oldest waits for wait in line for it
    /// with the database, all others only look whether theirs is free. So a row that sells all the time is had in turn, and one that is
    /// never given back costs a quarter of a second for each look.
    async fn retry_deferred(self: Arc<Self>, mut blocked: mpsc::UnboundedReceiver<(Call<C, T, E>, K)>) {
        let mut calls: Vec<(Call<C, T, E>, K)> = Vec::new();
        let mut pause = RETRY_PAUSES.0;
        loop {
            if calls.is_empty() {
                pause = RETRY_PAUSES.0;
                match blocked.recv().await {
                    Some(call) => calls.push(call),
                    None => return,
                }
            }
            while let Ok(call) = blocked.try_recv() {
                calls.push(call);
            }
            let before = calls.len();
            let (late, on_time): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(call, _)| call.is_expired());
            for (call, _) in late {
                call.fail(DbError::Busy);
            }
            let Some((_, row)) = on_time.first() else {
                calls = Vec::new();
                continue;
            };
            let row = row.clone();
            let (mut same, mut others): (Vec<_>, Vec<_>) = on_time.into_iter().partition(|(_, other)| *other == row);
            let mut rest = same.split_off(same.len().min(self.max_batch));
            let later = others.split_off(others.len().min(self.max_batch));
            let others = self.retry(others, None).await;
            let same = self.retry(same, Some(row)).await;
            // What was tried goes to the end, so that every row gets its turn.
            calls = later;
            calls.extend(others);
            calls.append(&mut rest);
            calls.extend(same);
            pause = if calls.len() < before { RETRY_PAUSES.0 } else { (pause * 2).min(RETRY_PAUSES.1) };
            if !calls.is_empty() {
                tokio::time::sleep(pause).await;
            }
        }
    }
}

fn commands<C: Clone, T, E>(calls: &[Call<C, T, E>]) -> Vec<C> {
    calls.iter().map(|call| call.command.clone()).collect()
}

fn finish<C, T, E: From<DbError>, K>(call: Call<C, T, E>, done: Outcome<T, E, K>, deferred: &Deferred<C, T, E, K>) {
    match done {
        Outcome::Answered(answer) => call.answer(answer),
        // When the batch has ended, the caller notices it by the dropped reply.
        Outcome::Blocked(row) => drop(deferred.send((call, row))),
    }
}
