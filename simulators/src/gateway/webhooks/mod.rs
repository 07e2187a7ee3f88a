//! Webhooks: events told to the shop, signed as the gateway signs them, and sent again until they are taken.
//!
//! By default every event is sent once and in order. [`Settings`] make the courier as unruly as the real one: copies, delay, disorder,
//! arrival before the answer.

mod courier;
mod endpoint;
mod post;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        watch,
    },
    time::{Instant, timeout_at},
};

use super::books::Happening;
use crate::text::{fresh_id, now_seconds};
use courier::Courier;
pub use endpoint::{BadEndpoint, Endpoint};

/// How many events and deliveries are remembered.
const MAX_KEPT: usize = 1_000;
/// The longest that an answer waits for its events to arrive first.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// How unruly the deliveries are.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// How many times each event is delivered in all; 1 is once. Copies go out at the same time.
    pub duplicates: usize,
    /// Whether events that follow closely, and their copies, are delivered in disorder.
    pub shuffle: bool,
    /// How long after it happened an event is sent, in milliseconds.
    pub delay_ms: u64,
    /// Whether the answer to the request waits until its events were delivered.
    pub before_answer: bool,
    /// How many times a delivery is tried before it is given up.
    pub max_attempts: u32,
    /// The pause before the second attempt, in milliseconds; each further pause is twice as long.
    pub retry_base_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { duplicates: 1, shuffle: false, delay_ms: 0, before_answer: false, max_attempts: 6, retry_base_ms: 500 }
    }
}

/// What is to change in the settings; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    duplicates: Option<usize>,
    shuffle: Option<bool>,
    delay_ms: Option<u64>,
    before_answer: Option<bool>,
    max_attempts: Option<u32>,
    retry_base_ms: Option<u64>,
}

impl Changes {
    fn apply(&self, settings: &mut Settings) {
        settings.duplicates = self.duplicates.unwrap_or(settings.duplicates).clamp(1, 50);
        settings.shuffle = self.shuffle.unwrap_or(settings.shuffle);
        settings.delay_ms = self.delay_ms.unwrap_or(settings.delay_ms).min(600_000);
        settings.before_answer = self.before_answer.unwrap_or(settings.before_answer);
        settings.max_attempts = self.max_attempts.unwrap_or(settings.max_attempts).clamp(1, 16);
        settings.retry_base_ms = self.retry_base_ms.unwrap_or(settings.retry_base_ms).clamp(1, 60_000);
    }
}

/// One attempt to deliver one copy of an event.
#[derive(Debug, Clone, Serialize)]
struct Delivery {
    event: String,
    #[serde(rename = "type")]
    kind: &'static str,
    copy: usize,
    attempt: u32,
    /// The endpoint's answer, if it answered.
    status: Option<u16>,
    /// Why it did not.
    error: Option<String>,
    at: u64,
}

/// An event as it goes out.
#[derive(Debug)]
struct Event {
    id: String,
    kind: &'static str,
    body: String,
    due: Instant,
}

/// How much is under way: `first` counts events whose first attempt is not over, `open` what is neither delivered nor given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Open {
    first: usize,
    open: usize,
}

#[derive(Debug, Default)]
struct Memory {
    endpoint: Option<Endpoint>,
    settings: Settings,
    events: VecDeque<Value>,
    deliveries: VecDeque<Delivery>,
}

/// The courier's desk: takes events, and tells what became of them.
#[derive(Debug, Clone)]
pub struct Webhooks {
    memory: Arc<Mutex<Memory>>,
    queue: UnboundedSender<Event>,
    open: watch::Sender<Open>,
}

impl Webhooks {
    /// Sets up the desk, and the courier's work to be run beside it.
    pub fn new(endpoint: Option<Endpoint>) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, events) = unbounded_channel();
        let memory = Memory { endpoint, ..Memory::default() };
        let desk = Self { memory: Arc::new(Mutex::new(memory)), queue, open: watch::Sender::new(Open::default()) };
        let courier = Courier::new(desk.memory.clone(), desk.open.clone());
        (desk, courier.run(events))
    }

    /// Takes an event and returns at once. `request` and `key` are the request that caused it and its idempotency key, if any.
    pub fn send(&self, happening: &Happening, request: Option<&str>, key: Option<&str>) {
        let id = fresh_id("evt");
        let mut memory = lock(&self.memory);
        let event = json!({
            "id": id,
            "object": "event",
            "api_version": super::API_VERSION,
            "created": now_seconds(),
            "data": { "object": happening.object },
            "livemode": false,
            "pending_webhooks": usize::from(memory.endpoint.is_some()),
            "request": { "id": request, "idempotency_key": key },
            "type": happening.kind,
        });
        let outgoing = Event {
            id,
            kind: happening.kind,
            body: event.to_string(),
            due: Instant::now() + Duration::from_millis(memory.settings.delay_ms),
        };
        remember(&mut memory.events, event);
        if memory.endpoint.is_none() {
            return;
        }
        self.open.send_modify(|open| {
            open.first += 1;
            open.open += 1;
        });
        if self.queue.send(outgoing).is_err() {
            tracing::warn!("the webhook courier has stopped; an event was not sent");
        }
    }

    /// Waits until the events so far were delivered, if the settings ask for that.
    pub async fn before_answer(&self) {
        if lock(&self.memory).settings.before_answer {
            let mut open = self.open.subscribe();
            let _ = timeout_at(Instant::now() + MAX_WAIT, open.wait_for(|open| open.first == 0)).await;
        }
    }

    /// Sends events elsewhere from now on, or nowhere.
    pub fn redirect(&self, endpoint: Option<Endpoint>) {
        lock(&self.memory).endpoint = endpoint;
    }

    /// Changes the settings and gives them back.
    pub fn change(&self, changes: &Changes) -> Settings {
        let mut memory = lock(&self.memory);
        changes.apply(&mut memory.settings);
        memory.settings.clone()
    }

    /// Settings, what is under way, and the last deliveries, oldest first.
    pub fn report(&self) -> Value {
        let memory = lock(&self.memory);
        let url = memory.endpoint.as_ref().map(|endpoint| format!("http://{}{}", endpoint.authority, endpoint.path));
        json!({
            "url": url,
            "settings": memory.settings,
            "open": self.open.borrow().open,
            "deliveries": memory.deliveries,
        })
    }

    /// One event as it was sent.
    pub fn event(&self, id: &str) -> Option<Value> {
        lock(&self.memory).events.iter().find(|event| event["id"] == id).cloned()
    }

    /// The last events, newest first, at most `limit`.
    pub fn events(&self, limit: usize) -> Vec<Value> {
        lock(&self.memory).events.iter().rev().take(limit).cloned().collect()
    }
}

fn remember<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= MAX_KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
