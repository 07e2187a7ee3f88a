//! Does Postgres answer, and take what is written? Checked once for all callers, so that none waits for a database that is not there.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::select_ok;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Postgres};
use tokio::sync::{Notify, watch};

use super::error::DbError;
use super::open::POSTGRES_CONNECTIONS;

/// What takes longer has the database looked for.
const CHECK_AFTER: Duration = Duration::from_millis(300);
/// Time between two checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// How long an answer, or a new connection, may take before the database counts as unreachable. One that is stopped refuses at once; this is
/// for one that no packet reaches.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Why a server is of no use that can be reached.
const NO_PRIMARY: &str = "it takes no writes: it is a replica, or the database is read only";

/// Tries of a read or a transaction, each on another connection, before the database counts as away.
pub(super) const MAX_TRIES: u32 = 10;

/// The error of a write whose connection was lost again and again; the log has the causes.
pub(super) fn away(error: &DbError) -> DbError {
    tracing::warn!(%error, "no connection to the database lasts");
    DbError::Away
}

/// Which servers of Postgres are of use.
#[derive(Clone, Copy)]
pub(super) enum Server {
    /// One that takes writes. A replica may be behind an address that just led to the primary, and all that is read there may be old.
    Primary,
    /// Any that can be read.
    Any,
}

impl Server {
    /// Is this server of use? A new connection is asked that; those that were made before notice when they write.
    pub(super) async fn check(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if matches!(self, Self::Any) {
            return connection.ping().await;
        }
        let read_only: String = sqlx::query_scalar("show transaction_read_only").fetch_one(connection).await?;
        if read_only == "on" { Err(std::io::Error::other(NO_PRIMARY).into()) } else { Ok(()) }
    }

    /// Of connections to such servers.
    pub(super) fn pool(self) -> PgPoolOptions {
        let options = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).test_before_acquire(false);
        match self {
            Self::Any => options,
            Self::Primary => options.after_connect(move |connection, _| Box::pin(self.check(connection))),
        }
    }
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
                done = work.as_mut() => {
                    if let Err(error) = &done {
                        self.check_after_error(error);
                    }
                    return done;
                }
                () = tokio::time::sleep(CHECK_AFTER) => self.asked.notify_one(),
            }
        }
    }

    /// Starts a check when this error means that the database may be unreachable.
    pub(super) fn check_after_error(&self, error: &DbError) {
        if error.lost_connection() {
            self.asked.notify_one();
        }
    }

    /// Checks on request, and then until the database answers again. The connection is kept for that.
    pub(super) async fn watch(self: Arc<Self>, connection: PgConnection, options: PgConnectOptions, server: Server) {
        let mut kept = Some(connection);
        loop {
            self.asked.notified().await;
            loop {
                match look(kept.take(), &options, server).await {
                    Ok(connection) => break kept = connection,
                    Err(why) if !self.away.send_replace(true) => {
                        tracing::error!(why, "the database does not answer; whoever needs it is told to come back");
                    }
                    Err(_) => {}
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

/// Looks for the database on the connection that was kept for this, and where that does not answer, on a new one; returns the one that
/// answered, to be kept. A database that is too busy for new connections answers on the kept one.
///
/// # Errors
///
/// Why the database cannot be reached.
async fn look(kept: Option<PgConnection>, options: &PgConnectOptions, server: Server) -> Result<Option<PgConnection>, String> {
    let ask = async {
        let mut connection = kept.ok_or_else(|| sqlx::Error::Io(std::io::ErrorKind::NotConnected.into()))?;
        server.check(&mut connection).await?;
        Ok(connection)
    };
    let connect = async {
        let mut connection = options.connect().await?;
        server.check(&mut connection).await?;
        Ok::<_, sqlx::Error>(connection)
    };
    let (mut ask, connect) = (ask.boxed(), connect.boxed());
    let either = async {
        match tokio::time::timeout(CHECK_AFTER, ask.as_mut()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(_)) => connect.await,
            Err(_) => select_ok([ask, connect]).await.map(|(connection, _)| connection),
        }
    };
    match tokio::time::timeout(ANSWER_TIMEOUT, either).await.map(|answered| answered.map_err(DbError::from)) {
        Ok(Ok(connection)) => Ok(Some(connection)),
        // Too many connections: so it is there.
        Ok(Err(DbError::Busy)) => Ok(None),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer in {} s", ANSWER_TIMEOUT.as_secs())),
    }
}

/// A connection that goes back to its pool only when its statement was answered. One on which an answer is outstanding is
/// closed: the answer may never come, and the pool would wait for it.
pub(super) struct PooledConnection {
    connection: Option<sqlx::pool::PoolConnection<Postgres>>,
    at_rest: bool,
}

impl PooledConnection {
    pub(super) async fn of(pool: &PgPool) -> Result<Self, DbError> {
        Ok(Self { connection: Some(pool.acquire().await?), at_rest: true })
    }

    /// Asks something of the connection.
    pub(super) async fn ask<T>(&mut self, question: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>) -> Result<T, DbError> {
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

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if !self.at_rest {
            self.abandon();
        }
    }
}
