//! Shared by the tests: running simulators, a client of the gateway's API, and a shop that receives webhooks.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::Value;
use simulators::{Options, Running};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

/// How long a test waits for anything.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Running simulators and a client without redirects.
pub struct World {
    pub running: Running,
    pub http: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub text: String,
    pub json: Value,
}

impl World {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        // It fails when the provider is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { running: simulators::start(options).await.unwrap(), http }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.gateway)
    }

    /// An API request without an idempotency key.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        read(self.request(path, form).send().await.unwrap()).await
    }

    /// An API request with an idempotency key.
    pub async fn post_once(&self, key: &str, path: &str, form: &str) -> Answer {
        read(self.request(path, form).header("idempotency-key", key).send().await.unwrap()).await
    }

    pub fn request(&self, path: &str, form: &str) -> reqwest::RequestBuilder {
        self.http
            .post(self.url(path))
            .header("authorization", "Bearer sk_test_sandbox")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned())
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(self.url(path)).header("authorization", "Bearer sk_test_sandbox");
        read(request.send().await.unwrap()).await
    }

    /// A form sent by a shopper's browser.
    pub async fn submit(&self, path: &str, form: &str) -> Answer {
        let request = self.http.post(self.url(path)).header("content-type", "application/x-www-form-urlencoded");
        read(request.body(form.to_owned()).send().await.unwrap()).await
    }

    pub async fn control(&self, path: &str, json: Value) -> Answer {
        let request = self.http.post(self.url(path)).header("content-type", "application/json");
        read(request.body(json.to_string()).send().await.unwrap()).await
    }

    /// A new intent with these fields.
    pub async fn an_intent(&self, form: &str) -> Value {
        let answer = self.post("/v1/payment_intents", form).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json
    }

    /// Sends a request whose answer is held back, waits until the money has moved, and hangs up.
    pub async fn hang_up_after_paying(&self, request: reqwest::RequestBuilder) {
        let waiting = tokio::spawn(request.send());
        while self.moved().await == (0, 0) {
            assert!(!waiting.is_finished(), "the answer came without money");
        }
        assert!(!waiting.is_finished(), "the answer was not held back");
        waiting.abort();
    }

    /// The sum of all captures and of all refunds that really moved.
    pub async fn moved(&self) -> (u64, u64) {
        let ledger = self.get("/_control/ledger").await.json;
        let sum = |kind: &str| {
            let lines = ledger["movements"].as_array().unwrap().iter();
            lines.filter(|line| line["kind"] == kind).map(|line| line["amount"].as_u64().unwrap()).sum()
        };
        (sum("capture"), sum("refund"))
    }
}

pub async fn read(response: reqwest::Response) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    let text = response.text().await.unwrap();
    Answer { status, headers, json: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}

/// A webhook as the shop received it.
#[derive(Debug, Clone)]
pub struct Received {
    pub signature: String,
    pub body: String,
    pub event: Value,
}

impl Received {
    pub fn kind(&self) -> &str {
        self.event["type"].as_str().unwrap()
    }
}

/// A shop that takes webhooks and answers them with the given statuses first, then with 200.
pub struct Shop {
    pub url: String,
    received: mpsc::UnboundedReceiver<Received>,
}

#[derive(Clone)]
struct Receiver {
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
    received: mpsc::UnboundedSender<Received>,
}

impl Shop {
    pub async fn open(answers: &[u16]) -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        let receiver = Receiver {
            answers: Arc::new(Mutex::new(answers.iter().map(|code| StatusCode::from_u16(*code).unwrap()).collect())),
            received: sender,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/stripe", listener.local_addr().unwrap());
        let router = Router::new().route("/webhooks/stripe", post(take)).with_state(receiver);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, received }
    }

    pub async fn next(&mut self) -> Received {
        timeout(TIMEOUT, self.received.recv()).await.expect("no webhook came").unwrap()
    }

    pub async fn next_of(&mut self, count: usize) -> Vec<Received> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.next().await);
        }
        all
    }

    /// A webhook that has already arrived.
    pub fn arrived(&mut self) -> Option<Received> {
        self.received.try_recv().ok()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let received =
        Received { signature: headers["stripe-signature"].to_str().unwrap().to_owned(), event: serde_json::from_str(&body).unwrap(), body };
    receiver.received.send(received).unwrap();
    receiver.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK)
}
