//! Background work: jobs, clean-up, and what follows the events.

use std::time::Duration;

use backend::platform::db::DbError;
use backend::{Shop, cart, catalog, checkout, identity, jobs, notifications, order_management, search};
use tokio::task::JoinHandle;

/// Tasks that run until the server ends.
pub struct Workers(Vec<JoinHandle<()>>);

impl Workers {
    #[must_use]
    pub fn start(shop: &Shop) -> Self {
        Self(vec![
            jobs::run(shop),
            tokio::spawn(hourly(shop.clone())),
            order_management::watch(shop),
            notifications::follow(shop),
            search::follow(shop),
            catalog::follow(shop),
            tokio::spawn(encode_missing(shop.clone())),
        ])
    }

    /// Stops all tasks. A job that is interrupted runs again after the next start.
    pub fn stop(&self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Encodes what an earlier process left undone.
async fn encode_missing(shop: Shop) {
    catalog::encode_missing(&shop).await;
}

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Sees to it that dated rules have their jobs, and removes what is no longer needed: guests' old carts, ended sessions, cash orders that
/// were never sent, old jobs.
async fn hourly(shop: Shop) {
    loop {
        let carts = async {
            while cart::tidy(&shop).await? > 0 {}
            Ok(())
        };
        // A failure of one does not keep the others from running.
        let results = [
            jobs::schedule_dated_rules(&shop).await,
            carts.await,
            identity::delete_expired(&shop).await.map(drop),
            order_management::expire_cash(&shop).await.map(drop),
            checkout::open_order_limits::tidy(&shop).await.map(drop),
            jobs::tidy(&shop).await.map(drop),
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
