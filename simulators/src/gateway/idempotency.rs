//! Answers kept under the client's `Idempotency-Key`, so that a request sent again is answered and not done again.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde_json::Value;

use super::{errors::ApiError, form::Form};

/// The longest key taken, in bytes.
const MAX_KEY_CHARS: usize = 255;

/// What was asked under a key, and how it was answered.
#[derive(Debug, Clone)]
pub struct Kept {
    path: String,
    form: Form,
    pub status: StatusCode,
    pub body: Value,
    /// The request that was really carried out.
    pub request_id: String,
}

/// All kept answers, by the client's secret key and its idempotency key.
#[derive(Debug, Default)]
pub struct Answers {
    kept: HashMap<(String, String), Kept>,
}

impl Answers {
    /// The answer already given under this key, if any.
    ///
    /// # Errors
    /// The key is too long, or was used for another address or with other parameters.
    pub fn find(&self, account: &str, key: &str, path: &str, form: &Form) -> Result<Option<&Kept>, ApiError> {
        if key.len() > MAX_KEY_CHARS {
            let message = format!("Idempotency keys must be at most {MAX_KEY_CHARS} characters long.");
            return Err(ApiError::idempotency(message));
        }
        let Some(kept) = self.kept.get(&(account.to_owned(), key.to_owned())) else {
            return Ok(None);
        };
        if kept.path != path {
            return Err(ApiError::idempotency(format!(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for ('{path}' vs '{}'). Try using a key other than '{key}' if you meant to execute a different request.",
                kept.path
            )));
        }
        if kept.form != *form {
            return Err(ApiError::idempotency(format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}' if you meant to execute a different request."
            )));
        }
        Ok(Some(kept))
    }

    /// Keeps an answer.
    pub fn keep(&mut self, account: &str, key: &str, path: &str, form: Form, answer: (StatusCode, Value), request_id: &str) {
        let kept = Kept { path: path.to_owned(), form, status: answer.0, body: answer.1, request_id: request_id.to_owned() };
        self.kept.insert((account.to_owned(), key.to_owned()), kept);
    }
}
