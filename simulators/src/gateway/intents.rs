//! The payment intent and its states.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    cards::{Decline, Method},
    form::with_query,
};
use crate::text::{fresh_id, now_seconds};

/// When the money is taken after the bank agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// As soon as the bank agrees.
    Automatic,
    /// When the shop requests it.
    Manual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentState {
    RequiresPaymentMethod,
    RequiresConfirmation,
    /// The shopper is at the bank. `source` marks this one attempt; `then` is how the bank decides after authentication.
    RequiresAction {
        source: String,
        then: Option<&'static Decline>,
    },
    RequiresCapture,
    Succeeded,
    Canceled {
        at: u64,
        reason: Option<String>,
    },
}

/// A payment intent. Amounts are minor units of its currency.
#[derive(Debug, Clone)]
pub struct Intent {
    pub id: String,
    pub secret: String,
    pub amount: u64,
    /// Held at the bank and not yet captured.
    pub capturable: u64,
    pub received: u64,
    pub currency: String,
    pub capture: Capture,
    pub state: IntentState,
    pub method: Option<Method>,
    pub return_url: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub description: Option<String>,
    pub receipt_email: Option<String>,
    pub statement_descriptor_suffix: Option<String>,
    pub last_error: Option<Value>,
    pub latest_charge: Option<String>,
    pub created: u64,
}

impl Intent {
    pub fn new(amount: u64, currency: String, capture: Capture) -> Self {
        let id = fresh_id("pi");
        Self {
            secret: fresh_id(&format!("{id}_secret")),
            id,
            amount,
            capturable: 0,
            received: 0,
            currency,
            capture,
            state: IntentState::RequiresPaymentMethod,
            method: None,
            return_url: None,
            metadata: BTreeMap::new(),
            description: None,
            receipt_email: None,
            statement_descriptor_suffix: None,
            last_error: None,
            latest_charge: None,
            created: now_seconds(),
        }
    }

    /// The state as the wire format names it.
    pub fn status(&self) -> &'static str {
        match self.state {
            IntentState::RequiresPaymentMethod => "requires_payment_method",
            IntentState::RequiresConfirmation => "requires_confirmation",
            IntentState::RequiresAction { .. } => "requires_action",
            IntentState::RequiresCapture => "requires_capture",
            IntentState::Succeeded => "succeeded",
            IntentState::Canceled { .. } => "canceled",
        }
    }

    /// Whether the bank has agreed to pay.
    pub fn is_paid(&self) -> bool {
        matches!(self.state, IntentState::RequiresCapture | IntentState::Succeeded)
    }

    /// The shop's return address with the outcome of the payment in its query.
    pub fn return_link(&self) -> Option<String> {
        let outcome = if self.is_paid() { "succeeded" } else { "failed" };
        let fields =
            [("payment_intent", self.id.as_str()), ("payment_intent_client_secret", self.secret.as_str()), ("redirect_status", outcome)];
        self.return_url.as_deref().map(|url| with_query(url, &fields))
    }

    /// The `payment_intent` object. `base` is the gateway's own address as browsers see it.
    pub fn json(&self, base: &str) -> Value {
        let (canceled_at, cancellation_reason) = match &self.state {
            IntentState::Canceled { at, reason } => (Some(*at), reason.as_deref()),
            _ => (None, None),
        };
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.capturable,
            "amount_received": self.received,
            "automatic_payment_methods": null,
            "canceled_at": canceled_at,
            "cancellation_reason": cancellation_reason,
            "capture_method": match self.capture {
                Capture::Automatic => "automatic",
                Capture::Manual => "manual",
            },
            "client_secret": self.secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "description": self.description,
            "last_payment_error": self.last_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": self.next_action(base),
            "payment_method": self.method.as_ref().map(|method| &method.id),
            "payment_method_options": {},
            "payment_method_types": ["card"],
            "processing": null,
            "receipt_email": self.receipt_email,
            "review": null,
            "setup_future_usage": null,
            "shipping": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status(),
        })
    }

    /// What the shopper must do next: go to the bank's page. Without an address to come back to, the gateway leaves that to the
    /// script in the shop's page, as the real one does.
    fn next_action(&self, base: &str) -> Value {
        let IntentState::RequiresAction { source, .. } = &self.state else {
            return Value::Null;
        };
        let url = with_query(&format!("{base}/authenticate/{}", self.id), &[("source", source)]);
        match &self.return_url {
            Some(back) => json!({
                "type": "redirect_to_url",
                "redirect_to_url": { "return_url": back, "url": url },
            }),
            None => json!({
                "type": "use_stripe_sdk",
                "use_stripe_sdk": { "type": "three_d_secure_redirect", "stripe_js": url },
            }),
        }
    }
}
