//! Movements and holds of money: the bank statement against which a test checks a shop's own books.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{charges::Charge, intents::Intent};
use crate::text::now_ms;

/// What a line of the ledger records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money held at the shopper's bank; it has not moved.
    Hold,
    /// A hold, or part of it, was released; no money moved.
    Release,
    /// Money from the shopper to the shop.
    Capture,
    /// Money from the shop to the shopper.
    Refund,
    /// Money that could not be delivered to the shopper, and is with the shop again.
    RefundFailed,
}

/// One line. The amount is minor units and always positive; the kind gives the direction.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub seq: usize,
    pub kind: Kind,
    pub amount: u64,
    pub currency: String,
    pub payment_intent: String,
    pub charge: String,
    /// The shop's own notes on the intent, so that a test can sum by order.
    pub metadata: BTreeMap<String, String>,
    /// Milliseconds since 1970 UTC.
    pub at: u64,
}

/// Sums in one currency, minor units.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    pub held: u64,
    pub captured: u64,
    pub refunded: u64,
}

/// All lines, oldest first. Lines are only ever added.
#[derive(Debug, Default)]
pub struct Ledger {
    lines: Vec<Line>,
}

impl Ledger {
    /// Adds a line, unless the amount is zero.
    pub fn add(&mut self, kind: Kind, amount: u64, intent: &Intent, charge: &Charge) {
        if amount == 0 {
            return;
        }
        self.lines.push(Line {
            seq: self.lines.len() + 1,
            kind,
            amount,
            currency: charge.currency.clone(),
            payment_intent: intent.id.clone(),
            charge: charge.id.clone(),
            metadata: intent.metadata.clone(),
            at: now_ms(),
        });
    }

    /// The lines of money that moved: captures, refunds, and refunds that failed later.
    pub fn movements(&self) -> Vec<&Line> {
        self.of(&[Kind::Capture, Kind::Refund, Kind::RefundFailed])
    }

    /// The lines of money that was only held.
    pub fn holds(&self) -> Vec<&Line> {
        self.of(&[Kind::Hold, Kind::Release])
    }

    /// Sums in minor units, by currency.
    pub fn totals(&self) -> BTreeMap<String, Totals> {
        let mut totals: BTreeMap<String, Totals> = BTreeMap::new();
        for line in &self.lines {
            let sums = totals.entry(line.currency.clone()).or_default();
            match line.kind {
                Kind::Hold => sums.held += line.amount,
                Kind::Release => sums.held = sums.held.saturating_sub(line.amount),
                Kind::Capture => {
                    sums.captured += line.amount;
                    sums.held = sums.held.saturating_sub(line.amount);
                }
                Kind::Refund => sums.refunded += line.amount,
                Kind::RefundFailed => sums.refunded = sums.refunded.saturating_sub(line.amount),
            }
        }
        totals
    }

    fn of(&self, kinds: &[Kind]) -> Vec<&Line> {
        self.lines.iter().filter(|line| kinds.contains(&line.kind)).collect()
    }
}
