//! Payments from before the simulator was started: a shop that outlives it goes on with them.

use super::{
    Gateway,
    books::Books,
    cards::{Card, Method},
    charges::{Charge, Outcome},
    intents::{Capture, Intent, IntentState},
};
use crate::text::now_seconds;

/// How a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlierState {
    /// No card was charged yet.
    Waiting,
    /// The bank holds its amount.
    Held,
    Captured,
    Cancelled,
}

/// A payment that was made with an earlier run. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct EarlierPayment {
    /// The intent's id.
    pub reference: String,
    pub amount: u64,
    /// ISO 4217, in small letters.
    pub currency: String,
    pub state: EarlierState,
    pub captured: u64,
    pub refunded: u64,
    pub description: String,
    pub return_url: String,
    pub metadata: Vec<(String, String)>,
}

impl Gateway {
    /// Knows these payments from now on. One that it knows already stays as it is.
    pub(crate) fn remember(&self, payments: Vec<EarlierPayment>) {
        let mut sandbox = self.lock();
        for payment in payments {
            sandbox.books.remember(payment);
        }
    }
}

impl Books {
    /// Nothing of it is in the ledger, which is of this run alone, and no event tells of it.
    fn remember(&mut self, earlier: EarlierPayment) {
        if self.intent(&earlier.reference).is_ok() {
            return;
        }
        let mut intent = Intent::new(earlier.amount, earlier.currency, Capture::Manual);
        intent.id = earlier.reference;
        intent.description = Some(earlier.description);
        intent.return_url = Some(earlier.return_url);
        intent.metadata = earlier.metadata.into_iter().collect();
        let method = Card::by_method("pm_card_visa").map(Method::of);
        if let (EarlierState::Held | EarlierState::Captured, Some(method)) = (earlier.state, method) {
            let mut charge = Charge::new(&intent, method.clone(), Outcome::Authorized);
            (charge.captured, charge.refunded) = (earlier.captured, earlier.refunded);
            intent.latest_charge = Some(charge.id.clone());
            intent.method = Some(method);
            self.add_charge(charge);
        }
        match earlier.state {
            EarlierState::Waiting => {}
            EarlierState::Held => (intent.state, intent.capturable) = (IntentState::RequiresCapture, earlier.amount),
            EarlierState::Captured => (intent.state, intent.received) = (IntentState::Succeeded, earlier.captured),
            EarlierState::Cancelled => intent.state = IntentState::Canceled { at: now_seconds(), reason: None },
        }
        self.add_intent(intent);
    }
}
