//! Does Postgres answer? Checked once for all callers, so that none waits for a database that is not there.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgPool, Postgres};
use tokio::sync::{Notify, watch};

use super::error::DbError;

/// What takes longer has the database looked for.
const CHECK_AFTER: Duration = Duration::from_millis(300);
/// Time between two checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// How long a new connection may take before the database counts as unreachable. One that is stopped refuses at once; this is for one
/// that no packet reaches.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Tries of a read or a transaction, each on another connection, before the database counts as away.
pub(super) const MAX_TRIES: u32 = 10;

/// The error of a write whose connection was lost again and again; the log has the causes.
pub(super) fn away(error: &DbError) -> DbError {
    tracing::warn!(%error, "no connection to the database lasts");
    DbError::Away
}

/// Whether the database answers.
pub(super) struct Reach {
    away: watch::Sender<bool>,
    asked: Notify,
}

impl Reach {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { away: watch::Sender::new(false), asked: Notify::new() })
    }

    /// Did it not answer when it was last looked for?
    pub(super) fn is_away(&self) -> bool {
        *self.away.borrow()
    }

    /// Does what needs the database, until it turns out not to answer. `work` may be dropped half done.
    pub(super) async fn run<T>(&self, work: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        let mut told = self.away.subscribe();
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                _ = told.wait_for(|away| *away) => return Err(DbError::Away),
                done = work.as_mut() => return done.inspect_err(|error| self.hear(error)),
                () = tokio::time::sleep(CHECK_AFTER) => self.asked.notify_one(),
            }
        }
    }

    /// Starts a check when this error means that the database may be unreachable.
    pub(super) fn hear(&self, error: &DbError) {
        if error.lost_connection() {
            self.asked.notify_one();
        }
    }

    /// Checks on request, and then until the database answers again.
    pub(super) async fn watch(self: Arc<Self>, options: PgConnectOptions) {
        loop {
            self.asked.notified().await;
            while let Err(why) = look(&options).await {
                if !self.away.send_replace(true) {
                    tracing::error!(why, "the database does not answer; whoever needs it is told to come back");
                }
                tokio::time::sleep(CHECK_INTERVAL).await;
            }
            if self.away.send_replace(false) {
                tracing::info!("the database answers again");
            }
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
    }
}

async fn look(options: &PgConnectOptions) -> Result<(), String> {
    let Ok(connected) = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await else {
        return Err(format!("no answer in {} s", CONNECT_TIMEOUT.as_secs()));
    };
    match connected.map_err(DbError::from) {
        Ok(connection) => {
            let _ = tokio::time::timeout(CONNECT_TIMEOUT, connection.close()).await;
            Ok(())
        }
        // Too many connections: so it is there.
        Err(DbError::Busy) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// A connection that goes back to its pool only when its statement was answered. One on which an answer is outstanding is
/// closed: the answer may never come, and the pool would wait for it.
pub(super) struct Lease {
    connection: Option<sqlx::pool::PoolConnection<Postgres>>,
    at_rest: bool,
}

impl Lease {
    pub(super) async fn of(pool: &PgPool) -> Result<Self, DbError> {
        Ok(Self { connection: Some(pool.acquire().await?), at_rest: true })
    }

    /// Asks something of the connection.
    pub(super) async fn ask<T>(
        &mut self,
        question: impl AsyncFnOnce(&mut sqlx::PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DbError> {
        let Some(connection) = &mut self.connection else { return Err(DbError::Stopped) };
        self.at_rest = false;
        let answer = question(connection).await.map_err(DbError::from);
        let lost = answer.as_ref().is_err_and(DbError::lost_connection);
        self.at_rest = !lost;
        answer
    }

    /// Never goes back to the pool.
    pub(super) fn abandon(&mut self) {
        drop(self.connection.take().map(sqlx::pool::PoolConnection::detach));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.at_rest {
            self.abandon();
        }
    }
}
