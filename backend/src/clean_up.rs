//! What is done every hour: deletes what is not needed any more, cancels cash orders that were never sent, mails the next ones who wait for
//! a variant, and sees to it that dated rules have their jobs. What has a moment of its own is a job (`jobs.rs`).

use std::time::Duration;

use platform::db::DbError;

use crate::{Shop, back_in_stock, cart, catalog, checkout, content, identity, jobs, order_management};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Works until the database is closed.
pub async fn hourly(shop: Shop) {
    loop {
        // A failure of one does not keep the others from running.
        let results = [
            jobs::schedule_dated_rules(&shop).await,
            delete_idle_carts(&shop).await,
            identity::delete_expired(&shop).await.map(drop),
            order_management::expire_cash(&shop).await.map(drop),
            checkout::open_order_limits::delete_closed(&shop).await.map(drop),
            content::delete_handled(&shop).await.map(drop),
            back_in_stock::delete_expired(&shop).await.map(drop),
            back_in_stock::mail_those_who_wait(&shop).await,
            catalog::delete_old_bulk_edits(&shop).await,
            jobs::delete_done(&shop).await.map(drop),
        ];
        for error in results.into_iter().filter_map(Result::err) {
            if matches!(error, DbError::Stopped) {
                return;
            }
            tracing::warn!(%error, "hourly work could not be done; tried again in an hour");
        }
        tokio::time::sleep(HOUR).await;
    }
}

async fn delete_idle_carts(shop: &Shop) -> Result<(), DbError> {
    while cart::delete_idle(shop).await? > 0 {}
    Ok(())
}
