//! Background work: jobs, clean-up, and what follows the events.

use backend::{Shop, back_in_stock, catalog, clean_up, jobs, notifications, order_management, search};
use tokio::task::JoinHandle;

/// Tasks that run until the server ends.
pub struct Workers(Vec<JoinHandle<()>>);

impl Workers {
    #[must_use]
    pub fn start(shop: &Shop) -> Self {
        Self(vec![
            jobs::run(shop),
            tokio::spawn(clean_up::hourly(shop.clone())),
            order_management::watch(shop),
            notifications::follow(shop),
            back_in_stock::follow(shop),
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
