//! The test cards: each number and each `pm_card_…` name stands for one outcome.

use serde_json::{Value, json};

use super::cards::Behaviour::{Approve, ApproveThenHold, Authenticate};
use crate::text::{fresh_id, now_seconds};

/// Why a bank refuses a card.
#[derive(Debug, PartialEq, Eq)]
pub struct Decline {
    pub code: &'static str,
    /// The bank's own reason, where it gives one.
    pub reason: Option<&'static str>,
    pub message: &'static str,
}

/// What happens when a card is charged.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    Approve,
    /// The money moves, and the answer comes too late for the client.
    ApproveThenHold,
    Decline(&'static Decline),
    /// The shopper must prove who they are; then the money moves, or the bank refuses after all.
    Authenticate {
        then: Option<&'static Decline>,
    },
}

#[derive(Debug)]
pub struct Card {
    pub number: &'static str,
    pub brand: &'static str,
    /// Names under which the API takes this card as `payment_method`.
    pub methods: &'static [&'static str],
    pub behaviour: Behaviour,
    /// Its description on the card page.
    pub outcome: &'static str,
}

pub const GENERIC: Decline = Decline { code: "card_declined", reason: Some("generic_decline"), message: "Your card was declined." };
const INSUFFICIENT_FUNDS: Decline =
    Decline { code: "card_declined", reason: Some("insufficient_funds"), message: "Your card has insufficient funds." };
const EXPIRED: Decline = Decline { code: "expired_card", reason: None, message: "Your card has expired." };
const INCORRECT_CVC: Decline = Decline { code: "incorrect_cvc", reason: None, message: "Your card's security code is incorrect." };
const PROCESSING: Decline =
    Decline { code: "processing_error", reason: None, message: "An error occurred while processing your card. Try again in a little bit." };
const NOT_A_TEST_CARD: Decline = Decline {
    code: "card_declined",
    reason: Some("test_mode_live_card"),
    message: "Your card was declined. Your request was in test mode, but used a non test card.",
};
const INCORRECT_NUMBER: Decline = Decline { code: "incorrect_number", reason: None, message: "Your card number is incorrect." };

/// Every test card. All but the one that answers too late carry the numbers of the gateway's own public test cards.
pub static CARDS: &[Card] = &[
    Card { number: "4242424242424242", brand: "visa", methods: &["pm_card_visa"], behaviour: Approve, outcome: "Approved" },
    Card {
        number: "5555555555554444",
        brand: "mastercard",
        methods: &["pm_card_mastercard"],
        behaviour: Approve,
        outcome: "Approved (Mastercard)",
    },
    Card {
        number: "4000000000000002",
        brand: "visa",
        methods: &["pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"],
        behaviour: Behaviour::Decline(&GENERIC),
        outcome: "Declined",
    },
    Card {
        number: "4000000000009995",
        brand: "visa",
        methods: &["pm_card_insufficientFunds", "pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds"],
        behaviour: Behaviour::Decline(&INSUFFICIENT_FUNDS),
        outcome: "Declined: insufficient funds",
    },
    Card {
        number: "4000000000000069",
        brand: "visa",
        methods: &["pm_card_chargeDeclinedExpiredCard"],
        behaviour: Behaviour::Decline(&EXPIRED),
        outcome: "Declined: expired card",
    },
    Card {
        number: "4000000000000127",
        brand: "visa",
        methods: &["pm_card_chargeDeclinedIncorrectCvc"],
        behaviour: Behaviour::Decline(&INCORRECT_CVC),
        outcome: "Declined: wrong security code",
    },
    Card {
        number: "4000000000000119",
        brand: "visa",
        methods: &["pm_card_chargeDeclinedProcessingError"],
        behaviour: Behaviour::Decline(&PROCESSING),
        outcome: "Declined: processing error",
    },
    Card {
        number: "4000002500003155",
        brand: "visa",
        methods: &["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"],
        behaviour: Authenticate { then: None },
        outcome: "The bank asks who you are",
    },
    Card {
        number: "4000008260003178",
        brand: "visa",
        methods: &["pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"],
        behaviour: Authenticate { then: Some(&INSUFFICIENT_FUNDS) },
        outcome: "The bank asks who you are, then declines",
    },
    Card {
        number: "4000000000006686",
        brand: "visa",
        methods: &["pm_card_timeoutAfterSuccess"],
        behaviour: ApproveThenHold,
        outcome: "Approved, but the answer comes late",
    },
];

/// Shown for a number that is mistyped.
static MISTYPED_CARD: Card =
    Card { number: "0000000000000000", brand: "unknown", methods: &[], behaviour: Behaviour::Decline(&INCORRECT_NUMBER), outcome: "" };

/// Shown for a number that may be a real card: it is never stored.
static UNKNOWN_CARD: Card =
    Card { number: "0000000000000000", brand: "unknown", methods: &[], behaviour: Behaviour::Decline(&NOT_A_TEST_CARD), outcome: "" };

impl Card {
    /// The card behind a `payment_method` name of the API.
    pub fn by_method(name: &str) -> Option<&'static Card> {
        CARDS.iter().find(|card| card.methods.contains(&name))
    }

    /// The card behind a number typed into the card page; spaces and dashes do not matter. A number that is none of the test cards
    /// gives a card that is declined.
    pub fn by_number(typed: &str) -> &'static Card {
        let digits: String = typed.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
        let test_card = CARDS.iter().find(|card| card.number == digits);
        test_card.unwrap_or(if passes_luhn(&digits) { &UNKNOWN_CARD } else { &MISTYPED_CARD })
    }

    pub fn last4(&self) -> &'static str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or("0000")
    }

    /// The number in groups of four.
    pub fn spaced(&self) -> String {
        let mut spaced = String::new();
        for (index, digit) in self.number.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                spaced.push(' ');
            }
            spaced.push(digit);
        }
        spaced
    }

    /// The public facts of a card, as payment methods and charges carry them.
    pub fn json(&self) -> Value {
        json!({
            "brand": self.brand,
            "country": "US",
            "exp_month": 12,
            "exp_year": 2034,
            "funding": "credit",
            "last4": self.last4(),
            "network": self.brand,
        })
    }
}

/// A card as the gateway stores it for one intent.
#[derive(Debug, Clone)]
pub struct Method {
    pub id: String,
    pub card: &'static Card,
    created: u64,
}

impl Method {
    pub fn of(card: &'static Card) -> Self {
        Self { id: fresh_id("pm"), card, created: now_seconds() }
    }

    /// The `payment_method` object of the API.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "payment_method",
            "billing_details": { "address": null, "email": null, "name": null, "phone": null },
            "card": self.card.json(),
            "created": self.created,
            "customer": null,
            "livemode": false,
            "metadata": {},
            "type": "card",
        })
    }
}

/// The check digit rule of card numbers (ISO/IEC 7812-1, annex B), for 12 to 19 digits.
fn passes_luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (index, letter) in digits.chars().rev().enumerate() {
        let Some(digit) = letter.to_digit(10) else {
            return false;
        };
        sum += match (index % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        };
    }
    (12..=19).contains(&digits.len()) && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_card_has_a_number_with_a_right_check_digit() {
        for card in CARDS {
            assert!(passes_luhn(card.number), "{}", card.number);
        }
    }

    #[test]
    fn a_strange_or_mistyped_number_is_declined() {
        assert!(matches!(Card::by_number("4111 1111 1111 1111").behaviour, Behaviour::Decline(d) if *d == NOT_A_TEST_CARD));
        assert!(matches!(Card::by_number("4242 4242 4242 4243").behaviour, Behaviour::Decline(d) if *d == INCORRECT_NUMBER));
        assert!(matches!(Card::by_number("").behaviour, Behaviour::Decline(d) if *d == INCORRECT_NUMBER));
        assert!(matches!(Card::by_number("4242-4242 42424242").behaviour, Approve));
    }
}
