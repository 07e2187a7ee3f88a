//! What the process does beside answering: timed work, and following the events.

use std::time::Duration;

use backend::platform::db::DbError;
use backend::platform::jobs::{self, Handlers};
use backend::{Shop, cart, catalog, checkout, identity, notifications, payments, search};
use tokio::task::JoinHandle;

/// What runs until the server ends.
pub struct Workers(Vec<JoinHandle<()>>);

impl Workers {
    /// Begins to work.
    #[must_use]
    pub fn start(shop: &Shop) -> Self {
        let mut handlers = Handlers::new();
        payments::register(&mut handlers);
        notifications::register(&mut handlers);
        Self(vec![
            jobs::run(shop, handlers),
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
        let done = async {
            while cart::tidy(&shop).await? > 0 {}
            identity::tidy(&shop).await?;
            checkout::cash::expire(&shop).await?;
            checkout::cash::tidy(&shop).await?;
            jobs::tidy(&shop).await
        };
        match done.await {
            Ok(_) => {}
            Err(DbError::Stopped) => return,
            Err(error) => tracing::warn!(%error, "what is old could not be removed; tried again in an hour"),
        }
        tokio::time::sleep(TIDIED).await;
    }
}
