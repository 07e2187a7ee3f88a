//! The gateway's state and its rules: what each request does to intents, charges, refunds and the ledger.
//!
//! Nothing here does I/O or waits, so each request is atomic.

mod bank;
mod parameters;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    cards::{Card, GENERIC, Method},
    charges::{Charge, Refund},
    errors::ApiError,
    form::Form,
    intents::{Intent, IntentState},
    ledger::{Kind, Ledger},
};
use crate::text::now_seconds;
use parameters::{capture_of, card_of, new_intent};

/// An event that the shop receives by webhook.
#[derive(Debug, Clone)]
pub struct BookedEvent {
    pub kind: &'static str,
    /// The object as it stood at that moment.
    pub object: Value,
}

/// The result of charging a card.
#[derive(Debug)]
pub enum Attempt {
    /// The bank agreed. `late`: the answer is to come too late for the client.
    Paid {
        late: bool,
    },
    /// The shopper must go to the bank's page first.
    Bank,
    Declined(ApiError),
}

#[derive(Debug, Default)]
pub struct Books {
    /// The gateway's own address as browsers see it.
    pub base: String,
    pub ledger: Ledger,
    /// How many of the next captures the bank declines.
    pub decline_captures: u32,
    /// For how many of the next refunds the shop has not enough money with the gateway.
    pub refuse_refunds: u32,
    intents: BTreeMap<String, Intent>,
    charges: BTreeMap<String, Charge>,
    refunds: BTreeMap<String, Refund>,
    events: Vec<BookedEvent>,
}

impl Books {
    /// Empty books of a gateway at this address.
    pub fn at(base: &str) -> Self {
        Self { base: base.to_owned(), ..Self::default() }
    }

    pub fn add_intent(&mut self, intent: Intent) {
        self.intents.insert(intent.id.clone(), intent);
    }

    pub fn add_charge(&mut self, charge: Charge) {
        self.charges.insert(charge.id.clone(), charge);
    }

    /// The events since the last call, oldest first.
    pub fn take_events(&mut self) -> Vec<BookedEvent> {
        std::mem::take(&mut self.events)
    }

    /// # Errors
    /// [`ApiError::missing`].
    pub fn intent(&self, id: &str) -> Result<&Intent, ApiError> {
        self.intents.get(id).ok_or_else(|| ApiError::missing("payment_intent", "intent", id))
    }

    /// The `payment_intent` object, with `expand[]=latest_charge` and `expand[]=payment_method` followed.
    pub fn show(&self, intent: &Intent, expand: &[&str]) -> Value {
        let mut shown = intent.json(&self.base);
        let charge = intent.latest_charge.as_ref().and_then(|id| self.charges.get(id));
        if let (true, Some(charge)) = (expand.contains(&"latest_charge"), charge) {
            shown["latest_charge"] = charge.json();
        }
        if let (true, Some(method)) = (expand.contains(&"payment_method"), &intent.method) {
            shown["payment_method"] = method.json();
        }
        shown
    }

    pub fn charge(&self, id: &str) -> Result<Value, ApiError> {
        let charge = self.charges.get(id).ok_or_else(|| ApiError::missing("charge", "charge", id))?;
        Ok(charge.json())
    }

    pub fn refund(&self, id: &str) -> Result<Value, ApiError> {
        let refund = self.refunds.get(id).ok_or_else(|| ApiError::missing("refund", "refund", id))?;
        Ok(refund.json())
    }

    /// `POST /v1/payment_intents`: creates an intent, and confirms it with `confirm=true`.
    ///
    /// # Errors
    /// A wrong parameter; with `confirm=true` also what [`Books::confirm`] refuses.
    pub fn create(&mut self, form: &Form) -> Result<(Intent, Option<Attempt>), ApiError> {
        form.only(&[
            "amount",
            "automatic_payment_methods",
            "capture_method",
            "confirm",
            "confirmation_method",
            "currency",
            "description",
            "expand",
            "metadata",
            "payment_method",
            "payment_method_types",
            "receipt_email",
            "return_url",
            "statement_descriptor_suffix",
        ])?;
        let mut intent = new_intent(form)?;
        let confirm = form.flag("confirm")?.unwrap_or(false);
        if let Some(card) = card_of(form)? {
            intent.method = Some(Method::of(card));
            intent.state = IntentState::RequiresConfirmation;
        }
        if !confirm {
            self.intents.insert(intent.id.clone(), intent.clone());
            return Ok((intent, None));
        }
        let Some(method) = intent.method.clone() else {
            let message = "You cannot confirm this PaymentIntent because it's missing a payment method.";
            return Err(ApiError::parameter("parameter_missing", "payment_method", message));
        };
        let id = intent.id.clone();
        self.intents.insert(id.clone(), intent);
        let attempt = self.charge_card(&id, method)?;
        Ok((self.intent(&id)?.clone(), Some(attempt)))
    }

    /// `POST /v1/payment_intents/:id/confirm`: charges the card.
    ///
    /// # Errors
    /// No such intent, a wrong parameter, no card, or a state that cannot be confirmed.
    pub fn confirm(&mut self, id: &str, form: &Form) -> Result<(Intent, Attempt), ApiError> {
        form.only(&["capture_method", "expand", "payment_method", "receipt_email", "return_url"])?;
        let mut intent = self.intent(id)?.clone();
        let card = card_of(form)?;
        if let Some(capture) = capture_of(form)? {
            intent.capture = capture;
        }
        if let Some(url) = form.url("return_url")? {
            intent.return_url = Some(url);
        }
        if let Some(email) = form.text("receipt_email") {
            intent.receipt_email = Some(email.to_owned());
        }
        self.must_be_payable(&intent, "confirm")?;
        let Some(method) = card.map(Method::of).or_else(|| intent.method.clone()) else {
            let message = "You cannot confirm this PaymentIntent because it's missing a payment method. Update the PaymentIntent with a payment method, or pass one.";
            return Err(self.refuse(&intent, "payment_intent_unexpected_state", message));
        };
        self.intents.insert(id.to_owned(), intent);
        let attempt = self.charge_card(id, method)?;
        Ok((self.intent(id)?.clone(), attempt))
    }

    /// Charges the card whose number was typed on the card page.
    ///
    /// # Errors
    /// No such intent, or a state that cannot be paid.
    pub fn pay(&mut self, id: &str, card: &'static Card) -> Result<(Intent, Attempt), ApiError> {
        let intent = self.intent(id)?.clone();
        self.must_be_payable(&intent, "confirm")?;
        let attempt = self.charge_card(id, Method::of(card))?;
        Ok((self.intent(id)?.clone(), attempt))
    }

    /// The shopper's answer on the bank's page. An answer to an attempt that is over changes nothing.
    ///
    /// # Errors
    /// No such intent.
    pub fn authenticate(&mut self, id: &str, source: &str, approved: bool) -> Result<Intent, ApiError> {
        let mut intent = self.intent(id)?.clone();
        let decline = match (&intent.state, intent.method.clone()) {
            (IntentState::RequiresAction { source: current, then }, Some(method)) if current == source => Some((*then, method)),
            _ => None,
        };
        match decline {
            None => {}
            Some((_, method)) if !approved => {
                let error = ApiError::authentication_failed().with_method(method.json());
                self.fail(&mut intent, &error);
            }
            Some((Some(decline), method)) => {
                self.decline(&mut intent, method, decline);
            }
            Some((None, method)) => self.authorize(&mut intent, method),
        }
        self.intents.insert(id.to_owned(), intent.clone());
        Ok(intent)
    }

    /// `POST /v1/payment_intents/:id/capture`: takes the held money, or part of it. The rest is released, unless
    /// `final_capture=false`.
    ///
    /// # Errors
    /// No such intent, a wrong parameter, nothing to capture, or more than is held.
    pub fn capture(&mut self, id: &str, form: &Form) -> Result<Intent, ApiError> {
        form.only(&["amount_to_capture", "expand", "final_capture"])?;
        let mut intent = self.intent(id)?.clone();
        let wanted = form.amount("amount_to_capture")?;
        let last = form.flag("final_capture")?.unwrap_or(true);
        if intent.state != IntentState::RequiresCapture {
            let message = format!(
                "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.",
                intent.status()
            );
            return Err(self.refuse(&intent, "payment_intent_unexpected_state", message));
        }
        let amount = wanted.unwrap_or(intent.capturable);
        if amount > intent.capturable {
            let message =
                format!("The amount to capture ({amount}) is greater than the amount that can be captured ({}).", intent.capturable);
            return Err(self.refuse(&intent, "amount_too_large", message).about("amount_to_capture"));
        }
        if amount == 0 && (intent.received == 0 || !last) {
            let message = "Invalid positive integer";
            return Err(ApiError::parameter("parameter_invalid_integer", "amount_to_capture", message));
        }
        if self.decline_captures > 0 {
            self.decline_captures -= 1;
            let charge = intent.latest_charge.clone().unwrap_or_default();
            return Err(ApiError::declined(&GENERIC, &charge).with_intent(intent.json(&self.base)));
        }
        self.capture_held(&mut intent, amount, last);
        self.intents.insert(id.to_owned(), intent.clone());
        Ok(intent)
    }

    /// `POST /v1/payment_intents/:id/cancel`: cancels the intent and releases what is held.
    ///
    /// # Errors
    /// No such intent, a wrong reason, or money was already taken.
    pub fn cancel(&mut self, id: &str, form: &Form) -> Result<Intent, ApiError> {
        form.only(&["cancellation_reason", "expand"])?;
        let reasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
        let reason = form.choice("cancellation_reason", &reasons)?.map(str::to_owned);
        let mut intent = self.intent(id)?.clone();
        if intent.received > 0 || matches!(intent.state, IntentState::Canceled { .. }) {
            let message = format!("You cannot cancel this PaymentIntent because it has a status of {}.", intent.status());
            return Err(self.refuse(&intent, "payment_intent_unexpected_state", message));
        }
        if let Some(charge) = intent.latest_charge.as_ref().and_then(|id| self.charges.get(id)) {
            self.ledger.add(Kind::Release, intent.capturable, &intent, charge);
        }
        intent.capturable = 0;
        intent.state = IntentState::Canceled { at: now_seconds(), reason };
        self.emit("payment_intent.canceled", intent.json(&self.base));
        self.intents.insert(id.to_owned(), intent.clone());
        Ok(intent)
    }

    /// `GET /v1/refunds`: those of an intent, or all.
    pub fn refunds_of(&self, intent: Option<&str>) -> Vec<Value> {
        self.refunds.values().filter(|refund| intent.is_none_or(|id| refund.intent == id)).map(Refund::json).collect()
    }

    /// `POST /v1/refunds`: gives money back, all that is left unless an amount is named.
    ///
    /// # Errors
    /// Nothing named to refund, nothing taken, all given back already, or more than is left.
    pub fn create_refund(&mut self, form: &Form) -> Result<Refund, ApiError> {
        form.only(&["amount", "charge", "expand", "metadata", "payment_intent", "reason"])?;
        let reason = form.choice("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
        let wanted = form.amount("amount")?;
        let charge = self.charge_to_refund(form)?;
        let left = charge.refundable();
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(ApiError::state("charge_already_refunded", message));
        }
        let amount = wanted.unwrap_or(left);
        if amount == 0 {
            return Err(ApiError::parameter("parameter_invalid_integer", "amount", "Invalid positive integer"));
        }
        if amount > left {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
            return Err(ApiError::state("amount_too_large", message).about("amount"));
        }
        if self.refuse_refunds > 0 {
            self.refuse_refunds -= 1;
            return Err(ApiError::state("balance_insufficient", "There is not enough money in the account for this refund.".to_owned()));
        }
        let charge = self.charge_to_refund(form)?;
        let mut charge = charge.clone();
        let mut refund = Refund::new(&charge, amount);
        refund.reason = reason.map(str::to_owned);
        refund.metadata = form.map("metadata");
        charge.refunded += amount;
        if let Some(intent) = self.intents.get(&charge.intent) {
            self.ledger.add(Kind::Refund, amount, intent, &charge);
        }
        self.emit("charge.refunded", charge.json());
        self.charges.insert(charge.id.clone(), charge);
        self.refunds.insert(refund.id.clone(), refund.clone());
        Ok(refund)
    }

    /// A refund fails after it was accepted, as happens days later: the shop has the money again.
    ///
    /// # Errors
    /// No such refund, or one that failed before.
    pub fn fail_refund(&mut self, id: &str, reason: &str) -> Result<Refund, ApiError> {
        let mut refund = self.refunds.get(id).cloned().ok_or_else(|| ApiError::missing("refund", "refund", id))?;
        if refund.failure.is_some() {
            return Err(ApiError::invalid("This refund has failed already."));
        }
        refund.failure = Some(reason.to_owned());
        if let Some(charge) = self.charges.get_mut(&refund.charge) {
            charge.refunded = charge.refunded.saturating_sub(refund.amount);
            if let Some(intent) = self.intents.get(&refund.intent) {
                self.ledger.add(Kind::RefundFailed, refund.amount, intent, charge);
            }
        }
        self.emit("refund.failed", refund.json());
        self.refunds.insert(refund.id.clone(), refund.clone());
        Ok(refund)
    }

    /// What money moved and what is held, as `GET /_control/ledger` shows it.
    pub fn statement(&self) -> Value {
        json!({
            "movements": self.ledger.movements(),
            "holds": self.ledger.holds(),
            "totals": self.ledger.totals(),
        })
    }

    fn charge_to_refund(&self, form: &Form) -> Result<&Charge, ApiError> {
        let charge = match (form.text("charge"), form.text("payment_intent")) {
            (Some(id), None) => self.charges.get(id).ok_or_else(|| ApiError::missing("charge", "charge", id))?,
            (None, Some(id)) => {
                let missing = || ApiError::missing("payment_intent", "payment_intent", id);
                let intent = self.intents.get(id).ok_or_else(missing)?;
                let charge = intent.latest_charge.as_ref().and_then(|id| self.charges.get(id));
                let none = || ApiError::invalid(format!("This PaymentIntent ({id}) does not have a successful charge to refund."));
                charge.filter(|charge| charge.captured > 0).ok_or_else(none)?
            }
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid("You may only specify one of these parameters: charge, payment_intent."));
            }
            (None, None) => {
                return Err(ApiError::invalid("One of the following params should be provided: payment_intent or charge."));
            }
        };
        if charge.captured == 0 {
            let message = format!("Charge {} has not been captured; there is nothing to refund.", charge.id);
            return Err(ApiError::state("charge_not_refundable", message));
        }
        Ok(charge)
    }

    fn must_be_payable(&self, intent: &Intent, verb: &str) -> Result<(), ApiError> {
        let why = match intent.state {
            IntentState::RequiresPaymentMethod | IntentState::RequiresConfirmation | IntentState::RequiresAction { .. } => return Ok(()),
            IntentState::Succeeded => "it has already succeeded after being previously confirmed",
            IntentState::RequiresCapture => "it has already been confirmed and waits to be captured",
            IntentState::Canceled { .. } => "it has a status of canceled",
        };
        let message = format!("You cannot {verb} this PaymentIntent because {why}.");
        Err(self.refuse(intent, "payment_intent_unexpected_state", message))
    }

    fn refuse(&self, intent: &Intent, code: &'static str, message: impl Into<String>) -> ApiError {
        let intent = self.intents.get(&intent.id).unwrap_or(intent);
        ApiError::state(code, message).with_intent(intent.json(&self.base))
    }

    fn emit(&mut self, kind: &'static str, object: Value) {
        self.events.push(BookedEvent { kind, object });
    }
}
