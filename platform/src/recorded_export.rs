//! Files of personal data that leave the shop: who took them out, and how much, is an event.

use domain::id::UserId;
use uuid::Uuid;

use super::Context;
use super::db::{Db, DbError};
use super::events::Event;

/// A file that is being written out. That it was begun is an event before its first row leaves; how many rows left is one at its end, also
/// when the recipient disconnects before.
pub struct RecordedExport<E: Event<Subject = UserId> + Send + Sync + Clone + 'static> {
    db: Db,
    ctx: Context,
    /// The event of the end: how many rows left, and whether that is all of them.
    ended: fn(rows: u64, complete: bool) -> E,
    rows: u64,
    open: bool,
}

impl<E: Event<Subject = UserId> + Send + Sync + Clone + 'static> RecordedExport<E> {
    /// Records that a file is begun.
    ///
    /// # Errors
    /// The database's; then nothing may leave.
    pub async fn begin<B>(db: &Db, ctx: &Context, begun: B, ended: fn(u64, bool) -> E) -> Result<Self, DbError>
    where
        B: Event<Subject = UserId> + Send + Sync + Clone + 'static,
    {
        record(db.clone(), ctx.clone(), begun).await?;
        Ok(Self { db: db.clone(), ctx: ctx.clone(), ended, rows: 0, open: true })
    }

    /// So many more rows leave.
    pub fn add(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    /// Records that all of the file left.
    ///
    /// # Errors
    /// The database's.
    pub async fn end(&mut self) -> Result<(), DbError> {
        self.open = false;
        record(self.db.clone(), self.ctx.clone(), (self.ended)(self.rows, true)).await
    }
}

impl<E: Event<Subject = UserId> + Send + Sync + Clone + 'static> Drop for RecordedExport<E> {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.open {
            let recorded = record(self.db.clone(), self.ctx.clone(), (self.ended)(self.rows, false));
            runtime.spawn(async move {
                if let Err(error) = recorded.await {
                    tracing::error!(%error, "a file was broken off, and how much of it left could not be recorded");
                }
            });
        }
    }
}

/// The subject is the user who took the file; a program with a key is named by the event's actor.
async fn record<E>(db: Db, ctx: Context, event: E) -> Result<(), DbError>
where
    E: Event<Subject = UserId> + Send + Sync + Clone + 'static,
{
    let taker = ctx.user().unwrap_or(UserId(Uuid::nil()));
    db.write_in(&ctx, async move |tx| {
        tx.record(taker, event.clone());
        Ok(())
    })
    .await
}
