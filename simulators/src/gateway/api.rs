//! The routes under `/v1`.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    Gateway,
    books::{Attempt, Books},
    errors::ApiError,
    form::Form,
    intents::Intent,
    request::{Answer, ApiRequest},
};

pub fn router() -> Router<Gateway> {
    Router::new()
        .route("/v1/payment_intents", post(create_intent))
        .route("/v1/payment_intents/{id}", get(show_intent))
        .route("/v1/payment_intents/{id}/confirm", post(confirm))
        .route("/v1/payment_intents/{id}/capture", post(capture))
        .route("/v1/payment_intents/{id}/cancel", post(cancel))
        .route("/v1/charges/{id}", get(show_charge))
        .route("/v1/refunds", post(refund).get(list_refunds))
        .route("/v1/refunds/{id}", get(show_refund))
        .route("/v1/events", get(list_events))
        .route("/v1/events/{id}", get(show_event))
}

async fn create_intent(State(gateway): State<Gateway>, request: ApiRequest) -> Answer {
    let act = |books: &mut Books, form: &Form| {
        let (intent, attempt) = books.create(form)?;
        completed(books, &intent, attempt, form)
    };
    gateway.execute(request, act).await
}

async fn confirm(State(gateway): State<Gateway>, Path(id): Path<String>, request: ApiRequest) -> Answer {
    let act = |books: &mut Books, form: &Form| {
        let (intent, attempt) = books.confirm(&id, form)?;
        completed(books, &intent, Some(attempt), form)
    };
    gateway.execute(request, act).await
}

async fn capture(State(gateway): State<Gateway>, Path(id): Path<String>, request: ApiRequest) -> Answer {
    let act = |books: &mut Books, form: &Form| {
        let intent = books.capture(&id, form)?;
        Ok(Completed::now(books.show(&intent, &form.list("expand"))))
    };
    gateway.execute(request, act).await
}

async fn cancel(State(gateway): State<Gateway>, Path(id): Path<String>, request: ApiRequest) -> Answer {
    let act = |books: &mut Books, form: &Form| {
        let intent = books.cancel(&id, form)?;
        Ok(Completed::now(books.show(&intent, &form.list("expand"))))
    };
    gateway.execute(request, act).await
}

async fn refund(State(gateway): State<Gateway>, request: ApiRequest) -> Answer {
    let act = |books: &mut Books, form: &Form| Ok(Completed::now(books.create_refund(form)?.json()));
    gateway.execute(request, act).await
}

async fn show_intent(State(gateway): State<Gateway>, Path(id): Path<String>, request: ApiRequest) -> Answer {
    gateway.read(&request, |books| {
        let intent = books.intent(&id)?;
        Ok(books.show(intent, &request.form.list("expand")))
    })
}

async fn show_charge(State(gateway): State<Gateway>, Path(id): Path<String>, request: ApiRequest) -> Answer {
    gateway.read(&request, |books| books.charge(&id))
}

async fn show_refund(State(gateway): State<Gateway>, Path(id): Path<String>, request: ApiRequest) -> Answer {
    gateway.read(&request, |books| books.refund(&id))
}

async fn list_refunds(State(gateway): State<Gateway>, request: ApiRequest) -> Answer {
    let intent = request.form.text("payment_intent").map(str::to_owned);
    gateway.read(&request, |books| {
        let data = books.refunds_of(intent.as_deref());
        Ok(json!({ "object": "list", "url": "/v1/refunds", "has_more": false, "data": data }))
    })
}

async fn show_event(State(gateway): State<Gateway>, Path(id): Path<String>, request: ApiRequest) -> Answer {
    let event = gateway.webhooks.event(&id);
    gateway.read(&request, |_| event.ok_or_else(|| ApiError::missing("event", "id", &id)))
}

async fn list_events(State(gateway): State<Gateway>, request: ApiRequest) -> Answer {
    let limit = request.form.amount("limit").map(|limit| limit.unwrap_or(10).clamp(1, 100));
    gateway.read(&request, |_| {
        let events = gateway.webhooks.events(usize::try_from(limit?).unwrap_or(10));
        Ok(json!({ "object": "list", "url": "/v1/events", "has_more": false, "data": events }))
    })
}

/// The result of a request that changes something. `late`: the answer is held back until the client times out.
struct Completed {
    body: Value,
    late: bool,
}

impl Completed {
    fn now(body: Value) -> Self {
        Self { body, late: false }
    }
}

/// The answer to a request that may have charged a card.
fn completed(books: &Books, intent: &Intent, attempt: Option<Attempt>, form: &Form) -> Result<Completed, ApiError> {
    let late = match attempt {
        Some(Attempt::Declined(error)) => return Err(error),
        Some(Attempt::Paid { late }) => late,
        Some(Attempt::Bank) | None => false,
    };
    Ok(Completed { body: books.show(intent, &form.list("expand")), late })
}

impl Gateway {
    /// Executes a request that changes something, once for each idempotency key, even when the connection breaks.
    async fn execute(&self, request: ApiRequest, act: impl FnOnce(&mut Books, &Form) -> Result<Completed, ApiError>) -> Answer {
        let (answer, late) = self.answer_once(request, act);
        if answer.replay_of.is_none() {
            self.webhooks.before_answer().await;
        }
        if late {
            self.hold().await;
        }
        answer
    }

    /// Under one lock: looks for a stored answer, acts, stores the answer.
    fn answer_once(&self, request: ApiRequest, act: impl FnOnce(&mut Books, &Form) -> Result<Completed, ApiError>) -> (Answer, bool) {
        let ApiRequest { id, account, path, idempotency_key: key, form } = request;
        let answer = |status, body, replay_of| Answer { status, body, request_id: id.clone(), idempotency_key: key.clone(), replay_of };
        let mut sandbox = self.lock();
        if let Some(key) = &key {
            match sandbox.answers.find(&account, key, &path, &form) {
                Ok(None) => {}
                Ok(Some(stored)) => {
                    let copy = answer(stored.status, stored.body.clone(), Some(stored.request_id.clone()));
                    return (copy, false);
                }
                Err(error) => return (answer(error.status, error.body(), None), false),
            }
        }
        if sandbox.fail_next > 0 {
            sandbox.fail_next -= 1;
            let error = ApiError::outage();
            return (answer(error.status, error.body(), None), false);
        }
        let done = self.act(&mut sandbox, Some(&id), key.as_deref(), |books| act(books, &form));
        let (status, body, late, acted) = match done {
            Ok(done) => (StatusCode::OK, done.body, done.late, true),
            Err(error) => (error.status, error.body(), false, error.acted),
        };
        if let (Some(key), true) = (&key, acted) {
            sandbox.answers.store(&account, key, &path, form, (status, body.clone()), &id);
        }
        (answer(status, body, None), late)
    }

    /// Answers a request that changes nothing.
    fn read(&self, request: &ApiRequest, look: impl FnOnce(&Books) -> Result<Value, ApiError>) -> Answer {
        let mut sandbox = self.lock();
        let found = if sandbox.fail_reads > 0 {
            sandbox.fail_reads -= 1;
            Err(ApiError::outage())
        } else {
            look(&sandbox.books)
        };
        let (status, body) = match found {
            Ok(body) => (StatusCode::OK, body),
            Err(error) => (error.status, error.body()),
        };
        Answer { status, body, request_id: request.id.clone(), idempotency_key: None, replay_of: None }
    }
}
