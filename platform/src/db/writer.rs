//! The writer's queue, and its work on SQLite: the calls that wait share one commit.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use tokio::sync::{Notify, mpsc, oneshot};

use super::error::DbError;
use super::tx::{Conn, Tx};
use crate::Context;
use crate::clock::Clock;

thread_local! { static IN_WRITER: Cell<bool> = const { Cell::new(false) }; }

/// Calls in one SQLite commit, at most.
const MAX_GROUP: usize = 64;
/// Calls that wait for the writer, at most; more are refused as busy.
pub(super) const MAX_QUEUED: usize = 4_096;

/// How long a write may take on Postgres, and how long it waits for a lock.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// From its beginning to its commit.
    pub(super) timeout: Duration,
    /// What begins its transaction, in one message: `BEGIN`, and after it what holds for this transaction alone.
    pub(super) begin: &'static str,
}

struct WriteCall<T, E, F> {
    work: F,
    ctx: Context,
    clock: Arc<dyn Clock>,
    limits: Limits,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// A caller's work for the writer's queue, and where its answer arrives.
pub(super) fn write_task<T, E, F>(
    work: F,
    ctx: Context,
    clock: Arc<dyn Clock>,
    limits: Limits,
) -> (Box<dyn WriteTask>, oneshot::Receiver<Result<T, E>>)
where
    F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(WriteCall { work, ctx, clock, limits, outcome: None, reply }), answer)
}

/// One caller's work with its types erased.
pub(super) trait WriteTask: Send {
    /// How long it may take on Postgres.
    fn limits(&self) -> Limits;
    /// Runs the work; true when its changes are to be committed.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> LocalBoxFuture<'a, bool>;
    /// Forgets how the work ended, so that the caller gets the transaction's error.
    fn forget_outcome(&mut self);
    /// Answers the caller. `committed`: whether the transaction was committed.
    fn finish(self: Box<Self>, committed: Result<(), DbError>);
}

impl<T, E, F> WriteTask for WriteCall<T, E, F>
where
    F: AsyncFn(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn limits(&self) -> Limits {
        self.limits
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> LocalBoxFuture<'a, bool> {
        Box::pin(async move {
            let before = tx.announced;
            tx.begin_unit(self.ctx.clone(), self.clock.now());
            let done = AssertUnwindSafe((self.work)(tx)).catch_unwind().await;
            if matches!(done, Ok(Ok(_))) && tx.failed.is_none() {
                // A failure stays with the transaction, which is looked at below.
                let _ = tx.write_events().await;
            }
            let outcome = match (done, &tx.failed) {
                (Err(_), _) => Err(DbError::Panicked("the work").into()),
                (Ok(Ok(_)), Some(error)) => Err(error.clone().into()),
                (Ok(outcome), _) => outcome,
            };
            let keep = outcome.is_ok();
            tx.announced = before || keep && tx.announced;
            self.outcome = Some(outcome);
            keep
        })
    }

    fn forget_outcome(&mut self) {
        self.outcome = None;
    }

    fn finish(self: Box<Self>, committed: Result<(), DbError>) {
        let outcome = match (self.outcome, committed) {
            (Some(Ok(_)), Err(error)) | (None, Err(error)) => Err(error.into()),
            (Some(outcome), _) => outcome,
            (None, Ok(())) => Err(DbError::Stopped.into()),
        };
        // The caller may have gone.
        let _ = self.reply.send(outcome);
    }
}

/// Marks this thread as the writer, where a write would wait for itself.
pub(super) fn mark_writer_thread() {
    IN_WRITER.set(true);
}

/// Is this the writer's thread?
pub(super) fn is_writer_thread() -> bool {
    IN_WRITER.get()
}

/// SQLite: runs all queued calls in one transaction and answers each.
pub(super) async fn sqlite_writer(mut tx: Tx, mut queue: mpsc::Receiver<Box<dyn WriteTask>>, changed: &Notify, full: &AtomicBool) {
    let mut group: Vec<Box<dyn WriteTask>> = Vec::with_capacity(MAX_GROUP);
    while queue.recv_many(&mut group, MAX_GROUP).await > 0 {
        let committed = sqlite_group(&mut tx, &mut group).await;
        if committed.is_err() {
            // Fails where SQLite rolled back by itself, which is as good.
            let _ = tx.control("ROLLBACK").await;
        }
        full.store(matches!(committed, Err(DbError::Full)) || matches!(tx.failed, Some(DbError::Full)), Ordering::Relaxed);
        if std::mem::take(&mut tx.announced) && committed.is_ok() {
            changed.notify_waiters();
        }
        for task in group.drain(..) {
            task.finish(committed.clone());
        }
    }
    if let Conn::Sqlite(conn) = tx.conn {
        let _ = sqlx::Connection::close(conn).await;
    }
}

async fn sqlite_group(tx: &mut Tx, group: &mut [Box<dyn WriteTask>]) -> Result<(), DbError> {
    tx.control("BEGIN IMMEDIATE").await?;
    if let [only] = group {
        let keep = only.run(tx).await;
        return tx.control(if keep { "COMMIT" } else { "ROLLBACK" }).await;
    }
    for task in group.iter_mut() {
        tx.control("SAVEPOINT caller").await?;
        if !task.run(tx).await {
            // When SQLite has ended the whole transaction (disk full, I/O error) this fails, and so does the group.
            tx.control("ROLLBACK TO caller").await?;
        }
        tx.control("RELEASE caller").await?;
    }
    tx.control("COMMIT").await
}
