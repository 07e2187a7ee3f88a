//! What the process does beside answering: timed work, and following the events.

use std::time::Duration;

use backend::platform::db::DbError;
use backend::{Shop, cart, catalog, checkout, identity, jobs, notifications, payments, search};
use tokio::task::JoinHandle;

/// What runs until the server ends.
pub struct Workers(Vec<JoinHandle<()>>);

impl Workers {
    /// Begins to work.
    #[must_use]
    pub fn start(shop: &Shop) -> Self {
        Self(vec![
            jobs::run(shop),
            tokio::spawn(tidy(shop.clone())),
            payments::watch(shop),
            notifications::follow(shop),
            search::follow(shop),
            catalog::follow(shop),
        ])
    }

    /// Stops between two pieces of work; what was begun is repeated at the next start.
    pub fn stop(&self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Between two looks at what need not be kept any longer.
const TIDIED: Duration = Duration::from_secs(60 * 60);

/// Removes what nobody comes back for: guests' carts, sessions that are over, cash orders that nobody sends, jobs that were done long
/// ago.
async fn tidy(shop: Shop) {
    loop {
        let carts = async {
            while cart::tidy(&shop).await? > 0 {}
            Ok(())
        };
        // One that cannot be done does not keep the others from being done.
        let done = [
            carts.await,
            identity::delete_expired(&shop).await.map(drop),
            checkout::cash::expire(&shop).await.map(drop),
            checkout::cash::tidy(&shop).await.map(drop),
            jobs::tidy(&shop).await.map(drop),
        ];
        for error in done.into_iter().filter_map(Result::err) {
            if matches!(error, DbError::Stopped) {
                return;
            }
            tracing::warn!(%error, "what is old could not be removed; tried again in an hour");
        }
        tokio::time::sleep(TIDIED).await;
    }
}
