//! How much of a database is read: for tests that a list reads as much of a large shop as of a small one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Database, PgPool};

use super::error::DbError;
use super::handle::{Db, Pool};
use super::tx::{Conn, Tx};

/// Counts what a database reads from when the meter was made on, with a unit of its own on each database:
///
/// - SQLite: instructions of its virtual machine, on all connections of this handle. A statement that looks at a row spends several.
/// - Postgres: rows that were read in turn, entries that indexes gave, and pages that were looked at, of all tables of the shop and by whoever
///   is connected. Pages count because a scan of an index passes over entries that it does not give.
pub struct ReadMeter {
    db: Db,
    steps: Arc<AtomicI64>,
}

impl ReadMeter {
    /// # Errors
    /// The database's.
    pub async fn of(db: &Db) -> Result<Self, DbError> {
        let meter = Self { db: db.clone(), steps: Arc::default() };
        if let Pool::Sqlite(readers) = &db.0.pool {
            for connection in &mut all(readers).await? {
                count_steps(connection, &meter.steps).await?;
            }
            let steps = Arc::clone(&meter.steps);
            db.write(async move |tx| tx.count_steps(&steps).await).await?;
        }
        Ok(meter)
    }

    /// What was read by now. Only the difference of two answers means something.
    ///
    /// # Errors
    /// The database's.
    pub async fn total(&self) -> Result<i64, DbError> {
        let Pool::Postgres(readers) = &self.db.0.pool else { return Ok(self.steps.load(Ordering::Relaxed)) };
        for pool in std::iter::once(readers).chain(&self.db.0.writers) {
            report(pool).await?;
        }
        self.db
            .fetch_scalar(
                // What pg_stat_user_tables, pg_stat_user_indexes and pg_statio_user_tables add up, whose joins take most of a measurement's time.
                "select cast(coalesce(sum(pg_stat_get_tuples_returned(oid) + pg_stat_get_blocks_fetched(oid)), 0) as bigint)
                 from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')",
                &[],
            )
            .await
    }
}

impl Tx {
    async fn count_steps(&mut self, steps: &Arc<AtomicI64>) -> Result<(), DbError> {
        if let Conn::Sqlite(connection) = &mut self.conn {
            count_steps(connection, steps).await?;
        }
        Ok(())
    }
}

async fn count_steps(connection: &mut SqliteConnection, steps: &Arc<AtomicI64>) -> Result<(), DbError> {
    let steps = Arc::clone(steps);
    connection.lock_handle().await?.set_progress_handler(1, move || {
        steps.fetch_add(1, Ordering::Relaxed);
        true
    });
    Ok(())
}

/// Has each session report what it has counted, which it would do within ten seconds.
async fn report(pool: &PgPool) -> Result<(), DbError> {
    for connection in &mut all(pool).await? {
        sqlx::query("select pg_stat_force_next_flush()").execute(&mut **connection).await?;
    }
    Ok(())
}

/// Every connection of a pool, when none is in use any more.
async fn all<D: Database>(pool: &sqlx::Pool<D>) -> Result<Vec<PoolConnection<D>>, DbError> {
    let mut connections = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        connections.push(pool.acquire().await?);
    }
    Ok(connections)
}
