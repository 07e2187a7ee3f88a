//! Webhooks: events sent to the shop, signed as the gateway signs them, and retried until they are accepted.
//!
//! By default every event is sent once and in order. [`Settings`] add what happens with the real gateway: duplicates, delay,
//! disorder, arrival before the answer.

mod endpoint;
mod post;
mod worker;

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

use super::books::BookedEvent;
use crate::text::{fresh_id, now_seconds};
pub use endpoint::{BadEndpoint, Endpoint};
use worker::DeliveryWorker;

/// How many events and deliveries are remembered.
const MAX_REMEMBERED: usize = 1_000;
/// The longest that an answer waits for its events to arrive first.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// How events are delivered.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// How many times each event is delivered in all; 1 is once. Copies go out at the same time.
    pub duplicates: usize,
    /// Whether events that follow closely, and their copies, are delivered in disorder.
    pub shuffle: bool,
    /// How long after it was recorded an event is sent.
    pub delay_ms: u64,
    /// Whether the answer to the request waits until its events were delivered.
    pub before_answer: bool,
    /// How many times a delivery is tried before it fails for good.
    pub max_attempts: u32,
    /// The pause before the second attempt; each further pause is twice as long.
    pub retry_base_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { duplicates: 1, shuffle: false, delay_ms: 0, before_answer: false, max_attempts: 6, retry_base_ms: 500 }
    }
}

/// Changes of the settings; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsChanges {
    duplicates: Option<usize>,
    shuffle: Option<bool>,
    delay_ms: Option<u64>,
    before_answer: Option<bool>,
    max_attempts: Option<u32>,
    retry_base_ms: Option<u64>,
}

impl SettingsChanges {
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
    /// Why the delivery failed.
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

/// Counts of what is under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pending {
    /// Events whose first attempt is not over.
    first_attempts: usize,
    /// Events that are neither delivered nor failed for good.
    deliveries: usize,
}

#[derive(Debug, Default)]
struct WebhookState {
    endpoint: Option<Endpoint>,
    settings: Settings,
    events: VecDeque<Value>,
    deliveries: VecDeque<Delivery>,
}

/// Queues events, and reports how their deliveries went.
#[derive(Debug, Clone)]
pub struct Webhooks {
    state: Arc<Mutex<WebhookState>>,
    queue: UnboundedSender<Event>,
    pending: watch::Sender<Pending>,
}

impl Webhooks {
    /// Also returns the worker's future, which the caller spawns.
    pub fn new(endpoint: Option<Endpoint>) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, events) = unbounded_channel();
        let state = WebhookState { endpoint, ..WebhookState::default() };
        let webhooks = Self { state: Arc::new(Mutex::new(state)), queue, pending: watch::Sender::new(Pending::default()) };
        let worker = DeliveryWorker::new(webhooks.state.clone(), webhooks.pending.clone());
        (webhooks, worker.run(events))
    }

    /// Queues an event without waiting. `request` and `key` are the request that caused it and its idempotency key, if any.
    pub fn enqueue(&self, booked: &BookedEvent, request: Option<&str>, key: Option<&str>) {
        let id = fresh_id("evt");
        let mut state = lock(&self.state);
        let event = json!({
            "id": id,
            "object": "event",
            "api_version": super::API_VERSION,
            "created": now_seconds(),
            "data": { "object": booked.object },
            "livemode": false,
            "pending_webhooks": usize::from(state.endpoint.is_some()),
            "request": { "id": request, "idempotency_key": key },
            "type": booked.kind,
        });
        let outgoing =
            Event { id, kind: booked.kind, body: event.to_string(), due: Instant::now() + Duration::from_millis(state.settings.delay_ms) };
        remember(&mut state.events, event);
        if state.endpoint.is_none() {
            return;
        }
        self.pending.send_modify(|pending| {
            pending.first_attempts += 1;
            pending.deliveries += 1;
        });
        if self.queue.send(outgoing).is_err() {
            tracing::warn!("the webhook worker has stopped; an event was not sent");
        }
    }

    /// Waits until the events so far were delivered, if the settings ask for that.
    pub async fn before_answer(&self) {
        if lock(&self.state).settings.before_answer {
            let mut pending = self.pending.subscribe();
            let _ = timeout_at(Instant::now() + MAX_WAIT, pending.wait_for(|pending| pending.first_attempts == 0)).await;
        }
    }

    /// Sends events to this address from now on; with none, nowhere.
    pub fn set_endpoint(&self, endpoint: Option<Endpoint>) {
        lock(&self.state).endpoint = endpoint;
    }

    pub fn change_settings(&self, changes: &SettingsChanges) -> Settings {
        let mut state = lock(&self.state);
        changes.apply(&mut state.settings);
        state.settings.clone()
    }

    /// Settings, what is under way, and the last deliveries, oldest first.
    pub fn report(&self) -> Value {
        let state = lock(&self.state);
        let url = state.endpoint.as_ref().map(|endpoint| format!("http://{}{}", endpoint.authority, endpoint.path));
        json!({
            "url": url,
            "settings": state.settings,
            "open": self.pending.borrow().deliveries,
            "deliveries": state.deliveries,
        })
    }

    pub fn event(&self, id: &str) -> Option<Value> {
        lock(&self.state).events.iter().find(|event| event["id"] == id).cloned()
    }

    /// The last events, newest first, at most `limit`.
    pub fn events(&self, limit: usize) -> Vec<Value> {
        lock(&self.state).events.iter().rev().take(limit).cloned().collect()
    }
}

fn remember<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= MAX_REMEMBERED {
        list.pop_front();
    }
    list.push_back(item);
}

fn lock(state: &Mutex<WebhookState>) -> MutexGuard<'_, WebhookState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
