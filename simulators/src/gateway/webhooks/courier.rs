//! The courier: carries events to the endpoint, in order or not, and comes again when they are not taken.

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

use super::{Delivery, Event, Memory, Open, Settings, lock, post, remember};
use crate::text::{fresh_id, now_ms};

/// How long events are gathered before they are shuffled, unless the delay is longer.
const GATHERING: Duration = Duration::from_millis(250);
/// The one who carries the events out.
pub(super) struct Courier {
    memory: Arc<Mutex<Memory>>,
    open: watch::Sender<Open>,
    retries: JoinSet<()>,
}

impl Courier {
    pub fn new(memory: Arc<Mutex<Memory>>, open: watch::Sender<Open>) -> Self {
        Self { memory, open, retries: JoinSet::new() }
    }

    /// Works until nobody can send events any more.
    pub async fn run(mut self, mut events: UnboundedReceiver<Event>) {
        while let Some(event) = events.recv().await {
            while self.retries.try_join_next().is_some() {}
            let settings = lock(&self.memory).settings.clone();
            if settings.shuffle {
                let batch = gather(event, &mut events).await;
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
        self.began(settings.duplicates, 1);
        let mut copies = JoinSet::new();
        for copy in 1..=settings.duplicates {
            let (memory, event) = (self.memory.clone(), event.clone());
            copies.spawn(async move { (copy, attempt(&memory, &event, copy, 1).await) });
        }
        while let Some(tried) = copies.join_next().await {
            match tried {
                Ok((copy, taken)) => self.tried(&event, copy, taken, settings),
                Err(error) => tracing::error!(%error, "a delivery ended badly"),
            }
        }
        self.first_attempts_over(1);
    }

    /// Events and copies one after the other, in an order that is never the one in which they happened.
    async fn deliver_shuffled(&mut self, batch: Vec<Event>, settings: &Settings) {
        let events = batch.len();
        self.began(events * settings.duplicates, events);
        for (event, copy) in shuffled(batch, settings.duplicates) {
            let taken = attempt(&self.memory, &event, copy, 1).await;
            self.tried(&event, copy, taken, settings);
        }
        self.first_attempts_over(events);
    }

    /// Events become copies: these are what is open now.
    fn began(&self, copies: usize, events: usize) {
        self.open.send_modify(|open| open.open = (open.open + copies).saturating_sub(events));
    }

    fn first_attempts_over(&self, events: usize) {
        self.open.send_modify(|open| open.first = open.first.saturating_sub(events));
    }

    /// Notes a delivery that was taken, and sees to one that was not.
    fn tried(&mut self, event: &Arc<Event>, copy: usize, taken: bool, settings: &Settings) {
        if taken {
            close_one(&self.open);
            return;
        }
        let (memory, open) = (self.memory.clone(), self.open.clone());
        let (event, settings) = (event.clone(), settings.clone());
        self.retries.spawn(async move {
            let mut pause = Duration::from_millis(settings.retry_base_ms);
            for number in 2..=settings.max_attempts {
                sleep(pause).await;
                if attempt(&memory, &event, copy, number).await {
                    break;
                }
                pause *= 2;
            }
            close_one(&open);
        });
    }
}

/// Tries one delivery, notes it, and tells whether the endpoint took it.
async fn attempt(memory: &Mutex<Memory>, event: &Event, copy: usize, number: u32) -> bool {
    let Some(endpoint) = lock(memory).endpoint.clone() else {
        return true;
    };
    let answer = post::signed_json(&endpoint, &event.body).await;
    let taken = matches!(answer, Ok(200..=299));
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
    remember(&mut lock(memory).deliveries, delivery);
    taken
}

/// Collects the events that follow closely on the first.
async fn gather(first: Event, events: &mut UnboundedReceiver<Event>) -> Vec<Event> {
    let until = first.due.max(Instant::now() + GATHERING);
    let mut batch = vec![first];
    while let Ok(Some(event)) = timeout_at(until, events.recv()).await {
        batch.push(event);
    }
    batch
}

/// Events and copies in a random order; with two or more events, never the order in which they happened.
fn shuffled(batch: Vec<Event>, copies: usize) -> Vec<(Arc<Event>, usize)> {
    let mut drawn: Vec<(String, usize, Arc<Event>, usize)> = Vec::new();
    for (place, event) in batch.into_iter().enumerate() {
        let event = Arc::new(event);
        for copy in 1..=copies {
            drawn.push((fresh_id(""), place, event.clone(), copy));
        }
    }
    drawn.sort_by(|one, other| one.0.cmp(&other.0));
    if drawn.is_sorted_by_key(|(_, place, ..)| *place) {
        drawn.reverse();
    }
    drawn.into_iter().map(|(_, _, event, copy)| (event, copy)).collect()
}

fn close_one(open: &watch::Sender<Open>) {
    open.send_modify(|open| open.open = open.open.saturating_sub(1));
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
