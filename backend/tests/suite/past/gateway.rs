//! A card gateway inside of the process, for the past: it answers at once, by the shop's clock, and gives names in order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use backend::payments::gateway::{Gateway, GatewayAccount, GatewayError, GatewayRefund, Intent, NewIntent, WebhookError, WebhookEvent};
use domain::Timestamp;
use domain::id::{PaymentId, RefundId};
use domain::order::{AttemptState, GatewayMode};
use platform::clock::{Clock, SimulatedClock};
use platform::secrets::Keyring;

/// How long a bank holds money.
const HOLD_MS: i64 = 7 * Timestamp::DAY;

/// What the shopper does on the gateway's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    Approved,
    Declined,
    /// The bank asks the shopper, who has not answered yet.
    Asks,
}

#[derive(Default)]
struct Books {
    intents: HashMap<String, Intent>,
    /// Of each intent: what was asked for.
    amounts: HashMap<String, i64>,
    refunds: HashMap<RefundId, GatewayRefund>,
    made: usize,
    decline_captures: usize,
    refuse_refunds: usize,
}

pub struct PastGateway {
    clock: Arc<SimulatedClock>,
    books: Mutex<Books>,
}

impl PastGateway {
    pub fn new(clock: Arc<SimulatedClock>) -> Self {
        Self { clock, books: Mutex::default() }
    }

    /// The shopper types a card for this payment.
    pub fn pay(&self, payment: PaymentId, card: Card) {
        let mut books = self.books.lock().unwrap();
        let reference = reference(payment);
        let amount = books.amounts[&reference];
        let until = self.clock.now().plus_millis(HOLD_MS);
        let intent = books.intents.get_mut(&reference).unwrap();
        match card {
            Card::Approved => {
                (intent.state, intent.payable, intent.failure) = (AttemptState::Authorised, false, None);
                (intent.authorised, intent.authorised_until) = (amount, Some(until));
            }
            Card::Declined => {
                (intent.state, intent.payable) = (AttemptState::Failed, true);
                intent.failure = Some("Your card was declined.".to_owned());
            }
            Card::Asks => intent.state = AttemptState::RequiresAction,
        }
    }

    /// The bank declines the next capture.
    pub fn decline_capture(&self) {
        self.books.lock().unwrap().decline_captures = 1;
    }

    /// There is not enough money for the next refund.
    pub fn refuse_refund(&self) {
        self.books.lock().unwrap().refuse_refunds = 1;
    }
}

/// The gateway's name for a payment: as long as a real one, and the same each time.
fn reference(payment: PaymentId) -> String {
    format!("pi_{}", payment.0.simple())
}

impl Books {
    fn change(&mut self, reference: &str, change: impl FnOnce(&mut Intent)) -> Result<Intent, GatewayError> {
        let intent = self.intents.get_mut(reference).ok_or_else(|| GatewayError::Missing(reference.to_owned()))?;
        change(intent);
        Ok(intent.clone())
    }

    fn name(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_{:06}", self.made)
    }
}

#[async_trait]
impl Gateway for PastGateway {
    fn signature_header(&self) -> &'static str {
        "signature"
    }
    fn account(&self, _: &Keyring) -> GatewayAccount {
        GatewayAccount { key: "stripe:past".to_owned(), gateway: "stripe", mode: Some(GatewayMode::Test) }
    }
    async fn create(&self, new: &NewIntent) -> Result<Intent, GatewayError> {
        let reference = reference(new.payment);
        let intent = Intent {
            reference: reference.clone(),
            payment: Some(new.payment),
            state: AttemptState::Pending,
            authorised: 0,
            authorised_until: None,
            captured: 0,
            capture: None,
            failure: None,
            payable: true,
        };
        let mut books = self.books.lock().unwrap();
        books.amounts.insert(reference.clone(), new.amount.minor);
        Ok(books.intents.entry(reference).or_insert(intent).clone())
    }
    async fn fetch(&self, reference: &str) -> Result<Intent, GatewayError> {
        self.books.lock().unwrap().change(reference, |_| {})
    }
    async fn capture(&self, reference: &str, minor: i64, _: &str) -> Result<Intent, GatewayError> {
        let mut books = self.books.lock().unwrap();
        if books.decline_captures > 0 {
            books.decline_captures -= 1;
            return Err(GatewayError::Refused { code: "card_declined".to_owned(), message: "Your card was declined.".to_owned() });
        }
        let name = books.name("ch");
        books.change(reference, |intent| (intent.state, intent.captured, intent.capture) = (AttemptState::Captured, minor, Some(name)))
    }
    async fn cancel(&self, reference: &str, _: &str) -> Result<Intent, GatewayError> {
        self.books.lock().unwrap().change(reference, |intent| (intent.state, intent.payable) = (AttemptState::Voided, false))
    }
    async fn refund(&self, reference: &str, _: i64, refund: RefundId) -> Result<GatewayRefund, GatewayError> {
        let mut books = self.books.lock().unwrap();
        books.change(reference, |_| {})?;
        if books.refuse_refunds > 0 {
            books.refuse_refunds -= 1;
            let message = "There is not enough money in the account for this refund.".to_owned();
            return Err(GatewayError::Refused { code: "balance_insufficient".to_owned(), message });
        }
        let made = GatewayRefund { reference: books.name("re"), failure: None };
        Ok(books.refunds.entry(refund).or_insert(made).clone())
    }
    async fn refunded(&self, _: &str, refund: RefundId) -> Result<Option<GatewayRefund>, GatewayError> {
        Ok(self.books.lock().unwrap().refunds.get(&refund).cloned())
    }
    fn pay_page(&self, reference: &str) -> String {
        format!("http://127.0.0.1/pay/{reference}")
    }
    fn read_webhook(&self, _: &str, _: &[u8], _: Timestamp) -> Result<WebhookEvent, WebhookError> {
        Err(WebhookError::Signature)
    }
}
