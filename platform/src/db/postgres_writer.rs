//! The writer's work on Postgres: a transaction for each call, many at once.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, mpsc};

use super::error::DbError;
use super::reachability::{MAX_TRIES, PooledConnection, Reach, away};
use super::tx::{Conn, Tx};
use super::writer::{Limits, WriteTask};
use crate::rng::Rng;

/// What Postgres' write tasks share.
#[derive(Clone)]
pub(super) struct Writers {
    pub(super) pool: PgPool,
    pub(super) reach: Arc<Reach>,
    pub(super) changed: Arc<Notify>,
    pub(super) full: Arc<AtomicBool>,
    pub(super) rng: Arc<dyn Rng>,
    pub(super) statements: Arc<AtomicU64>,
}

/// Postgres: a transaction each, as many at once as there are connections.
pub(super) async fn postgres_writer(writers: Writers, mut queue: mpsc::Receiver<Box<dyn WriteTask>>, at_once: usize) {
    let permits = Arc::new(Semaphore::new(at_once));
    while let Some(mut task) = queue.recv().await {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let writers = writers.clone();
        tokio::task::spawn_local(async move {
            let committed = writers.write(&mut task).await;
            if matches!(committed, Ok(true)) {
                writers.changed.notify_waiters();
            }
            task.finish(committed.map(drop));
            drop(permit);
        });
    }
    // Those that still run.
    let all = u32::try_from(at_once).unwrap_or(u32::MAX);
    drop(permits.acquire_many(all).await);
    writers.pool.close().await;
}

/// How long a connection may take to begin a transaction, which is no work.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(1);

/// How far a transaction was when its time was over.
#[derive(PartialEq)]
enum Stage {
    Open,
    Committing,
}

impl Writers {
    /// A transaction that is open. A connection that the server closed in the meantime, or on which nothing comes back, is only found
    /// out when it is used: then the next one is tried.
    async fn begin(&self, begin: &'static str) -> Result<Tx, DbError> {
        let mut tries = 0;
        loop {
            let begun = async {
                let mut tx =
                    Tx::new(Conn::Postgres(PooledConnection::of(&self.pool).await?), Arc::clone(&self.rng), Arc::clone(&self.statements));
                match tokio::time::timeout(BEGIN_TIMEOUT, tx.control(begin)).await {
                    Ok(begun) => begun.map(|()| Some(tx)),
                    Err(_) => Ok(None),
                }
            };
            // Boxed, as all that only Postgres needs: futures are as large as all they may hold, and those of SQLite are these too.
            match Box::pin(self.reach.run(begun)).await {
                Ok(Some(tx)) => return Ok(tx),
                Ok(None) if tries < MAX_TRIES => tries += 1,
                Ok(None) => return Err(DbError::Busy),
                Err(error) if error.lost_connection() && tries < MAX_TRIES => tries += 1,
                Err(error) if error.lost_connection() => return Err(away(&error)),
                Err(error) => return Err(error),
            }
        }
    }

    /// True when events were committed.
    async fn write(&self, task: &mut Box<dyn WriteTask>) -> Result<bool, DbError> {
        let mut tries = 0;
        loop {
            // What an earlier try ended with is no answer when there is no further one.
            let (Limits { timeout, begin }, stage) = (task.limits(), Cell::new(Stage::Open));
            let mut tx = self.begin(begin).await.inspect_err(|_| task.forget_outcome())?;
            let written = async {
                let keep = task.run(&mut tx).await;
                if !keep {
                    return (false, tx.control("ROLLBACK").await);
                }
                stage.set(Stage::Committing);
                (true, tx.control("COMMIT").await)
            };
            let Ok((keep, ended)) = tokio::time::timeout(timeout, Box::pin(written)).await else {
                tx.abandon();
                tracing::error!("the database did not answer within a transaction; its connection was given up");
                // What was not committed is rolled back by the server when the connection closes or times out.
                return Err(match stage.into_inner() {
                    Stage::Open => DbError::Busy,
                    Stage::Committing => DbError::InDoubt,
                });
            };
            if let Some(error) = tx.failed.as_ref().or(ended.as_ref().err()).cloned() {
                self.reach.check_after_error(&error);
                if error.lost_connection() {
                    // A server that takes no writes any more rolls back, and is of no further use.
                    tx.abandon();
                }
                if matches!(error, DbError::Full) {
                    self.full.store(true, Ordering::Relaxed);
                }
                if error.retryable() && tries < MAX_TRIES {
                    tries += 1;
                    let micros = rand::random_range(0..1_000_u64 << tries.min(6));
                    tokio::time::sleep(Duration::from_micros(micros)).await;
                    continue;
                }
            }
            if ended.is_err() {
                // A connection whose transaction did not end is not used again.
                tx.abandon();
            } else if keep {
                self.full.store(false, Ordering::Relaxed);
            }
            // A roll-back that fails ends with its connection, which undoes the work as well.
            return if keep { ended.map(|()| tx.announced).map_err(DbError::of_commit) } else { Ok(false) };
        }
    }
}
