//! Answers stored under the client's `Idempotency-Key`, so that a request sent again is answered and not done again.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde_json::Value;

use super::{errors::ApiError, form::Form};

const MAX_KEY_BYTES: usize = 255;

/// A request that came with a key, and its answer.
#[derive(Debug, Clone)]
pub struct StoredAnswer {
    path: String,
    form: Form,
    pub status: StatusCode,
    pub body: Value,
    /// The request that was executed.
    pub request_id: String,
}

/// All stored answers, by the client's secret key and its idempotency key.
#[derive(Debug, Default)]
pub struct Answers {
    stored: HashMap<(String, String), StoredAnswer>,
}

impl Answers {
    /// The answer already given under this key, if any.
    ///
    /// # Errors
    /// The key is too long, or was used for another address or with other parameters.
    pub fn find(&self, account: &str, key: &str, path: &str, form: &Form) -> Result<Option<&StoredAnswer>, ApiError> {
        if key.len() > MAX_KEY_BYTES {
            let message = format!("Idempotency keys must be at most {MAX_KEY_BYTES} characters long.");
            return Err(ApiError::idempotency(message));
        }
        let Some(stored) = self.stored.get(&(account.to_owned(), key.to_owned())) else {
            return Ok(None);
        };
        if stored.path != path {
            return Err(ApiError::idempotency(format!(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{path}' vs '{}'). Try using a key other than '{key}' if you meant to execute a different request.",
                stored.path
            )));
        }
        if stored.form != *form {
            return Err(ApiError::idempotency(format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}' if you meant to execute a different request."
            )));
        }
        Ok(Some(stored))
    }

    pub fn store(&mut self, account: &str, key: &str, path: &str, form: Form, answer: (StatusCode, Value), request_id: &str) {
        let stored = StoredAnswer { path: path.to_owned(), form, status: answer.0, body: answer.1, request_id: request_id.to_owned() };
        self.stored.insert((account.to_owned(), key.to_owned()), stored);
    }
}
