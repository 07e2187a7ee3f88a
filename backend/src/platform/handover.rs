//! Files of personal data that leave the shop: who took them out, and how much, is an event.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Context;
use super::db::DbError;
use super::events::{self, Event};
use crate::Shop;

/// A file that is being written out. That it was begun is an event before its first row leaves; how many rows left is one at its end, also
/// when the reader goes away before.
pub struct Handover {
    shop: Shop,
    ctx: Context,
    ended: &'static str,
    rows: u64,
    open: bool,
}

impl Handover {
    /// Notes that a file is begun; `asked` says of what, without personal data.
    ///
    /// # Errors
    /// The database's; then nothing may leave.
    pub async fn begin(shop: &Shop, ctx: &Context, (begun, ended): (&'static str, &'static str), asked: Value) -> Result<Self, DbError> {
        note(shop.clone(), ctx.clone(), begun, asked).await?;
        Ok(Self { shop: shop.clone(), ctx: ctx.clone(), ended, rows: 0, open: true })
    }

    /// So many more rows leave.
    pub fn add(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    /// Notes that all of the file left.
    ///
    /// # Errors
    /// The database's.
    pub async fn end(&mut self) -> Result<(), DbError> {
        self.open = false;
        note(self.shop.clone(), self.ctx.clone(), self.ended, json!({ "rows": self.rows, "complete": true })).await
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.open {
            let noted = note(self.shop.clone(), self.ctx.clone(), self.ended, json!({ "rows": self.rows, "complete": false }));
            runtime.spawn(async move {
                if let Err(error) = noted.await {
                    tracing::error!(%error, "a file was broken off, and how much of it left could not be noted");
                }
            });
        }
    }
}

async fn note(shop: Shop, ctx: Context, kind: &'static str, data: Value) -> Result<(), DbError> {
    let subject = ctx.user().map_or(Uuid::nil(), |user| user.0);
    let inner = shop.clone();
    shop.db().write(async move |tx| events::append(tx, &inner, &ctx, inner.now(), &[Event::new(kind, subject, data.clone())]).await).await
}
