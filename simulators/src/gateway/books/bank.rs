//! The shopper's bank: approves, declines, or asks for authentication; and captures of the money that it holds.

use super::{Attempt, Books};
use crate::{
    gateway::{
        cards::{Behaviour, Decline, Method},
        charges::{Charge, Outcome},
        errors::ApiError,
        intents::{Capture, Intent, IntentState},
        ledger::Kind,
    },
    text::fresh_id,
};

impl Books {
    /// Charges a card for an intent that may be paid.
    pub(super) fn charge_card(&mut self, id: &str, method: Method) -> Result<Attempt, ApiError> {
        let mut intent = self.intent(id)?.clone();
        intent.last_error = None;
        let attempt = match method.card.behaviour {
            Behaviour::Approve => {
                self.authorize(&mut intent, method);
                Attempt::Paid { late: false }
            }
            Behaviour::ApproveThenHold => {
                self.authorize(&mut intent, method);
                Attempt::Paid { late: true }
            }
            Behaviour::Decline(decline) => {
                let error = self.decline(&mut intent, method, decline);
                Attempt::Declined(error.with_intent(intent.json(&self.base)))
            }
            Behaviour::Authenticate { then } => {
                intent.state = IntentState::RequiresAction { source: fresh_id("src"), then };
                intent.method = Some(method);
                Attempt::Bank
            }
        };
        self.intents.insert(id.to_owned(), intent);
        Ok(attempt)
    }

    /// The bank approved: holds the money, and captures it unless the shop does that later.
    pub(super) fn authorize(&mut self, intent: &mut Intent, method: Method) {
        let charge = Charge::new(intent, method.clone(), Outcome::Authorized);
        self.ledger.add(Kind::Hold, charge.amount, intent, &charge);
        intent.method = Some(method);
        intent.last_error = None;
        intent.latest_charge = Some(charge.id.clone());
        intent.capturable = charge.amount;
        intent.state = IntentState::RequiresCapture;
        self.charges.insert(charge.id.clone(), charge);
        match intent.capture {
            Capture::Automatic => self.capture_held(intent, intent.amount, true),
            Capture::Manual => self.emit("payment_intent.amount_capturable_updated", intent.json(&self.base)),
        }
    }

    /// Captures held money; releases the rest when this is the last capture.
    pub(super) fn capture_held(&mut self, intent: &mut Intent, amount: u64, last: bool) {
        let Some(charge) = intent.latest_charge.as_ref().and_then(|id| self.charges.get_mut(id)) else {
            return;
        };
        charge.captured += amount;
        intent.received += amount;
        intent.capturable -= amount;
        self.ledger.add(Kind::Capture, amount, intent, charge);
        if last {
            self.ledger.add(Kind::Release, intent.capturable, intent, charge);
            intent.capturable = 0;
        }
        if intent.capturable == 0 {
            intent.state = IntentState::Succeeded;
            self.emit("payment_intent.succeeded", intent.json(&self.base));
        } else {
            self.emit("payment_intent.amount_capturable_updated", intent.json(&self.base));
        }
    }

    /// The bank declined: records the failed charge. Another card may follow.
    pub(super) fn decline(&mut self, intent: &mut Intent, method: Method, decline: &'static Decline) -> ApiError {
        let charge = Charge::new(intent, method, Outcome::Failed(decline));
        let error = ApiError::declined(decline, &charge.id).with_method(charge.method.json());
        intent.latest_charge = Some(charge.id.clone());
        self.charges.insert(charge.id.clone(), charge);
        self.fail(intent, &error);
        error
    }

    /// Records why the payment failed.
    pub(super) fn fail(&mut self, intent: &mut Intent, error: &ApiError) {
        intent.method = None;
        intent.state = IntentState::RequiresPaymentMethod;
        intent.last_error = Some(error.json());
        self.emit("payment_intent.payment_failed", intent.json(&self.base));
    }
}
