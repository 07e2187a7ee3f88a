//! Asking the server while somebody types.

use std::future::Future;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

/// Requests of which only the latest is answered: each is sent when nobody has typed for a while, and the answer to an older one is not shown.
#[derive(Clone, Copy, Debug)]
pub struct LatestRequest {
    number: StoredValue<u64>,
    pause: Duration,
}

impl LatestRequest {
    /// `pause` is how long nobody types before a request is sent.
    #[must_use]
    pub fn after(pause: Duration) -> Self {
        Self { number: StoredValue::new(0), pause }
    }

    /// What was asked so far is not answered any more.
    pub fn cancel(self) {
        self.number.update_value(|number| *number += 1);
    }

    /// Calls `send` after the pause and `show` with its answer, unless something else is asked or cancelled meanwhile.
    pub fn ask<T, Answered>(self, send: impl FnOnce() -> Answered + 'static, show: impl FnOnce(T) + 'static)
    where
        T: 'static,
        Answered: Future<Output = T> + 'static,
    {
        self.cancel();
        let mine = self.number.get_value();
        // The page may have been left.
        let is_latest = move || self.number.try_get_value() == Some(mine);
        let send = move || {
            if is_latest() {
                spawn_local(async move {
                    let answer = send().await;
                    if is_latest() {
                        show(answer);
                    }
                });
            }
        };
        set_timeout(send, self.pause);
    }
}
