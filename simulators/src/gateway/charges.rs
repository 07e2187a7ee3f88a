//! Charges (one attempt to take money from one card) and refunds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cards::{Decline, Method};
use crate::text::{fresh_id, now_seconds};

/// How long a bank holds an amount for a card that its owner typed: <https://docs.stripe.com/payments/place-a-hold-on-a-payment-method>.
const HELD_FOR_SECONDS: u64 = 7 * 24 * 60 * 60;

#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    /// The bank agreed; the money is held until it is captured.
    Authorized,
    Failed(&'static Decline),
}

/// One attempt to take money from one card. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct Charge {
    pub id: String,
    pub intent: String,
    pub amount: u64,
    pub captured: u64,
    pub refunded: u64,
    pub currency: String,
    pub method: Method,
    pub metadata: BTreeMap<String, String>,
    pub outcome: Outcome,
    created: u64,
}

impl Charge {
    pub fn new(intent: &super::intents::Intent, method: Method, outcome: Outcome) -> Self {
        Self {
            id: fresh_id("ch"),
            intent: intent.id.clone(),
            amount: intent.amount,
            captured: 0,
            refunded: 0,
            currency: intent.currency.clone(),
            method,
            metadata: intent.metadata.clone(),
            outcome,
            created: now_seconds(),
        }
    }

    /// The amount that can still be refunded.
    pub fn refundable(&self) -> u64 {
        self.captured.saturating_sub(self.refunded)
    }

    /// The `charge` object of the API.
    pub fn json(&self) -> Value {
        let failure = match self.outcome {
            Outcome::Failed(decline) => Some(decline),
            Outcome::Authorized => None,
        };
        let mut card = self.method.card.json();
        if matches!(self.outcome, Outcome::Authorized) {
            card["capture_before"] = (self.created + HELD_FOR_SECONDS).into();
        }
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.captured,
            "amount_refunded": self.refunded,
            "captured": self.captured > 0,
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "disputed": false,
            "failure_code": failure.map(|decline| decline.code),
            "failure_message": failure.map(|decline| decline.message),
            "livemode": false,
            "metadata": self.metadata,
            "outcome": {
                "network_status": if failure.is_some() { "declined_by_network" } else { "approved_by_network" },
                "reason": failure.and_then(|decline| decline.reason),
                "risk_level": "normal",
                "type": if failure.is_some() { "issuer_declined" } else { "authorized" },
            },
            "paid": failure.is_none(),
            "payment_intent": self.intent,
            "payment_method": self.method.id,
            "payment_method_details": { "card": card, "type": "card" },
            "refunded": self.captured > 0 && self.refunded == self.captured,
            "status": if failure.is_some() { "failed" } else { "succeeded" },
        })
    }
}

/// A refund. The amount is minor units of the charge's currency.
#[derive(Debug, Clone)]
pub struct Refund {
    pub id: String,
    pub charge: String,
    pub intent: String,
    pub amount: u64,
    pub currency: String,
    pub reason: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// Why the money came back to the shop, days later.
    pub failure: Option<String>,
    created: u64,
}

impl Refund {
    pub fn new(charge: &Charge, amount: u64) -> Self {
        Self {
            id: fresh_id("re"),
            charge: charge.id.clone(),
            intent: charge.intent.clone(),
            amount,
            currency: charge.currency.clone(),
            reason: None,
            metadata: BTreeMap::new(),
            failure: None,
            created: now_seconds(),
        }
    }

    /// The `refund` object of the API.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "reason": self.reason,
            "receipt_number": null,
            "failure_reason": self.failure,
            "status": if self.failure.is_some() { "failed" } else { "succeeded" },
        })
    }
}
