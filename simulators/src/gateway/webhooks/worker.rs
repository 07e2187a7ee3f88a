//! Delivers events to the endpoint, in order or shuffled, and retries those that are not accepted.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{Delivery, Event, Pending, Settings, WebhookState, lock, post, remember};
use crate::text::{fresh_id, now_ms};

/// How long events are collected before they are shuffled, unless the delay is longer.
const SHUFFLE_WINDOW: Duration = Duration::from_millis(250);

pub(super) struct DeliveryWorker {
    state: Arc<Mutex<WebhookState>>,
    pending: watch::Sender<Pending>,
    retries: JoinSet<()>,
}

impl DeliveryWorker {
    pub fn new(state: Arc<Mutex<WebhookState>>, pending: watch::Sender<Pending>) -> Self {
        Self { state, pending, retries: JoinSet::new() }
    }

    /// Runs until the queue is closed.
    pub async fn run(mut self, mut events: UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            while self.retries.try_join_next().is_some() {}
            let settings = lock(&self.state).settings.clone();
            if settings.shuffle {
                let batch = collect_batch(event, &mut events).await;
                self.deliver_shuffled(batch, &settings).await;
            } else {
                sleep_until(event.due).await;
                self.deliver_in_order(event, &settings).await;
            }
        }
    }

    /// Every copy at the same time; the next event when all have been tried once.
    async fn deliver_in_order(&mut self, event: Event, settings: &Settings) {
        let event = Arc::new(event);
        self.begin_deliveries(settings.duplicates, 1);
        let mut copies = JoinSet::new();
        for copy in 1..=settings.duplicates {
            let (state, event) = (self.state.clone(), event.clone());
            copies.spawn(async move { (copy, attempt(&state, &event, copy, 1).await) });
        }
        while let Some(tried) = copies.join_next().await {
            match tried {
                Ok((copy, accepted)) => self.after_attempt(&event, copy, accepted, settings),
                Err(error) => tracing::error!(%error, "a delivery ended badly"),
            }
        }
        self.end_first_attempts(1);
    }

    /// Events and copies one after the other, never in the order in which they were recorded.
    async fn deliver_shuffled(&mut self, batch: Vec<Event>, settings: &Settings) {
        let events = batch.len();
        self.begin_deliveries(events * settings.duplicates, events);
        for (event, copy) in shuffled(batch, settings.duplicates) {
            let accepted = attempt(&self.state, &event, copy, 1).await;
            self.after_attempt(&event, copy, accepted, settings);
        }
        self.end_first_attempts(events);
    }

    fn begin_deliveries(&self, copies: usize, events: usize) {
        self.pending.send_modify(|pending| pending.deliveries = (pending.deliveries + copies).saturating_sub(events));
    }

    fn end_first_attempts(&self, events: usize) {
        self.pending.send_modify(|pending| pending.first_attempts = pending.first_attempts.saturating_sub(events));
    }

    /// Ends a delivery that was accepted, and schedules the retries of one that was not.
    fn after_attempt(&mut self, event: &Arc<Event>, copy: usize, accepted: bool, settings: &Settings) {
        if accepted {
            end_delivery(&self.pending);
            return;
        }
        let (state, pending) = (self.state.clone(), self.pending.clone());
        let (event, settings) = (event.clone(), settings.clone());
        self.retries.spawn(async move {
            let mut pause = Duration::from_millis(settings.retry_base_ms);
            for number in 2..=settings.max_attempts {
                sleep(pause).await;
                if attempt(&state, &event, copy, number).await {
                    break;
                }
                pause *= 2;
            }
            end_delivery(&pending);
        });
    }
}

/// Tries one delivery, records it, and returns whether the endpoint accepted it.
async fn attempt(state: &Mutex<WebhookState>, event: &Event, copy: usize, number: u32) -> bool {
    let Some(endpoint) = lock(state).endpoint.clone() else {
        return true;
    };
    let answer = post::post_signed(&endpoint, &event.body).await;
    let accepted = matches!(answer, Ok(200..=299));
    tracing::debug!(event = event.id, kind = event.kind, copy, number, ?answer, "webhook");
    let delivery = Delivery {
        event: event.id.clone(),
        kind: event.kind,
        copy,
        attempt: number,
        status: answer.as_ref().ok().copied(),
        error: answer.as_ref().err().map(io::Error::to_string),
        at: now_ms(),
    };
    remember(&mut lock(state).deliveries, delivery);
    accepted
}

/// Collects the events that follow within the window.
async fn collect_batch(first: Event, events: &mut UnboundedReceiver<Event>) -> Vec<Event> {
    let until = first.due.max(Instant::now() + SHUFFLE_WINDOW);
    let mut batch = vec![first];
    while let Ok(Some(event)) = timeout_at(until, events.recv()).await {
        batch.push(event);
    }
    batch
}

/// Events and copies in a random order; with two or more events, never the original order.
fn shuffled(batch: Vec<Event>, copies: usize) -> Vec<(Arc<Event>, usize)> {
    let mut shuffled: Vec<(String, usize, Arc<Event>, usize)> = Vec::new();
    for (index, event) in batch.into_iter().enumerate() {
        let event = Arc::new(event);
        for copy in 1..=copies {
            shuffled.push((fresh_id(""), index, event.clone(), copy));
        }
    }
    shuffled.sort_by(|one, other| one.0.cmp(&other.0));
    if shuffled.is_sorted_by_key(|(_, index, ..)| *index) {
        shuffled.reverse();
    }
    shuffled.into_iter().map(|(_, _, event, copy)| (event, copy)).collect()
}

fn end_delivery(pending: &watch::Sender<Pending>) {
    pending.send_modify(|pending| pending.deliveries = pending.deliveries.saturating_sub(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffled_batch_is_never_in_order_and_loses_nothing() {
        let event = |id: &str| Event { id: id.to_owned(), kind: "payment_intent.succeeded", body: String::new(), due: Instant::now() };
        for _ in 0..50 {
            let order = shuffled(vec![event("1"), event("2"), event("3")], 2);
            let ids: Vec<&str> = order.iter().map(|(event, _)| event.id.as_str()).collect();
            assert_eq!(ids.len(), 6);
            assert!(!ids.is_sorted(), "{ids:?}");
        }
    }
}
