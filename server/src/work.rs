//! What the process does beside answering: timed work, and following the events.

use backend::platform::jobs::{self, Handlers};
use backend::{Shop, catalog, notifications, payments, search};
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
