//! The timeline of an order: its events in words.

use std::collections::HashMap;

use domain::id::{RefundId, UserId};
use domain::messages::{Msg, t};
use domain::order::ReturnCause;
use domain::view::{RefusalKind, TimelineEntry};
use domain::{Currency, Locale, Money};

use crate::fulfilment::events::{ParcelCancelled, ParcelDelivered, ParcelPacked, ParcelPicked, ParcelReturned, ParcelShipped};
use crate::orders::BY_SHOPPER;
use crate::orders::events::{OrderCancelled, OrderLinkRequested, OrderPlaced, OrderReduced};
use crate::payments::events::{
    CaptureKept, CashMissing, PaymentAuthorised, PaymentCaptured, PaymentFailed, PaymentMethodChanged, PaymentRefunded, PaymentVoided,
    RefundFailed,
};
use crate::refusals::events::{RefusalEnded, RefusalOpened, RefusalOutcome};
use platform::Actor;
use platform::events::{Event, RecordedEvent};

/// The members of staff among actors.
pub(super) fn staff_in<'a>(actors: impl Iterator<Item = &'a str>) -> Vec<UserId> {
    let staff = |actor: &str| match actor.parse() {
        Ok(Actor::Staff(user)) => Some(user),
        _ => None,
    };
    let mut users: Vec<UserId> = actors.filter_map(staff).collect();
    users.sort();
    users.dedup();
    users
}

/// The actor's name, for staff.
pub(super) fn name_of(locale: Locale, actor: &str, names: &HashMap<UserId, String>) -> String {
    let message = match actor.parse() {
        Ok(Actor::System) => t::ORDER_ACTOR_SYSTEM,
        Ok(Actor::ApiKey(_)) => t::ORDER_ACTOR_KEY,
        Ok(Actor::Staff(user)) => return names.get(&user).cloned().unwrap_or_else(|| user.to_string()),
        Ok(Actor::Nobody | Actor::Customer(_)) | Err(_) => t::ORDER_ACTOR_SHOPPER,
    };
    message.text(locale).to_owned()
}

/// The events of one order in words.
pub(super) struct Timeline<'a> {
    pub locale: Locale,
    pub currency: Currency,
    /// The names of the staff; given for staff only, who see more.
    pub names: Option<&'a HashMap<UserId, String>>,
    /// Why money was refunded.
    pub reasons: &'a HashMap<RefundId, String>,
}

impl Timeline<'_> {
    /// The entry of an event; `None` for one that is not shown.
    pub(super) fn entry(&self, event: &RecordedEvent) -> Option<TimelineEntry> {
        let text = self.text(event).or_else(|| self.names.and_then(|_| self.staff_text(event)))?;
        let actor = self.names.map(|names| name_of(self.locale, &event.actor, names)).unwrap_or_default();
        Some(TimelineEntry { at: event.at, kind: event.kind.clone(), text, actor })
    }

    /// What shoppers and staff see.
    fn text(&self, event: &RecordedEvent) -> Option<String> {
        match event.kind.as_str() {
            OrderPlaced::KIND => self.plain(t::ORDER_EVENT_PLACED),
            OrderCancelled::KIND => self.plain(t::ORDER_EVENT_CANCELLED),
            OrderReduced::KIND => self.reduced(&event.read::<OrderReduced>()?.1),
            PaymentMethodChanged::KIND => self.plain(t::ORDER_EVENT_CASH_INSTEAD),
            PaymentAuthorised::KIND => self.plain(t::ORDER_EVENT_AUTHORISED),
            PaymentCaptured::KIND => self.with_amount(t::ORDER_EVENT_PAID_AMOUNT, event.read::<PaymentCaptured>()?.1.0.amount),
            PaymentFailed::KIND => self.plain(t::ORDER_EVENT_PAYMENT_FAILED),
            PaymentRefunded::KIND => self.refunded(&event.read::<PaymentRefunded>()?.1),
            ParcelPicked::KIND => self.plain(t::ORDER_EVENT_PICKED),
            ParcelPacked::KIND => self.plain(t::ORDER_EVENT_PACKED),
            ParcelShipped::KIND => {
                let (_, parcel) = event.read::<ParcelShipped>()?;
                let handed_over = || t::ORDER_EVENT_HANDED_OVER.text(self.locale).to_owned();
                let shipped = || t::ORDER_EVENT_SHIPPED.with(self.locale, &[("courier", &parcel.courier)]);
                Some(if parcel.courier.is_empty() { handed_over() } else { shipped() })
            }
            ParcelDelivered::KIND => self.plain(t::ORDER_EVENT_DELIVERED),
            ParcelReturned::KIND => self.plain(match event.read::<ParcelReturned>()?.1.cause {
                ReturnCause::Refused => t::ORDER_EVENT_REFUSED_AT_DOOR,
                ReturnCause::Undeliverable => t::ORDER_EVENT_UNDELIVERABLE,
            }),
            _ => None,
        }
    }

    /// What only staff see.
    fn staff_text(&self, event: &RecordedEvent) -> Option<String> {
        match event.kind.as_str() {
            OrderLinkRequested::KIND => self.plain(t::ORDER_EVENT_LINK_REQUESTED),
            ParcelCancelled::KIND => self.plain(t::ORDER_EVENT_UNPACKED),
            PaymentVoided::KIND => self.plain(t::ORDER_EVENT_VOIDED),
            RefundFailed::KIND => self.with_amount(t::ORDER_EVENT_REFUND_FAILED, event.read::<RefundFailed>()?.1.amount),
            CashMissing::KIND => self.with_amount(t::ORDER_EVENT_CASH_MISSING, event.read::<CashMissing>()?.1.amount),
            CaptureKept::KIND => self.with_amount(t::ORDER_EVENT_CAPTURE_KEPT, event.read::<CaptureKept>()?.1.amount),
            RefusalOpened::KIND => match event.read::<RefusalOpened>()?.1.kind {
                RefusalKind::Capture => self.plain(t::ORDER_EVENT_CAPTURE_REFUSED),
                RefusalKind::Mail => self.plain(t::ORDER_EVENT_MAIL_REFUSED),
                RefusalKind::Payment => self.plain(t::ORDER_EVENT_PAYMENT_UNRECONCILED),
                // A refund has an event of its own.
                RefusalKind::Refund | RefusalKind::Webhook | RefusalKind::Job => None,
            },
            RefusalEnded::KIND => match event.read::<RefusalEnded>()?.1.outcome {
                RefusalOutcome::Settled => self.plain(t::ORDER_EVENT_SETTLED),
                RefusalOutcome::Dismissed => self.plain(t::ORDER_EVENT_DISMISSED),
                RefusalOutcome::Done => None,
            },
            _ => None,
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "as the texts are")]
    fn reduced(&self, reduced: &OrderReduced) -> Option<String> {
        let (units, amount) = (self.locale.number(reduced.units), self.locale.money(Money::new(reduced.amount, reduced.currency)));
        let text = t::ORDER_EVENT_REDUCED.with(self.locale, &[("units", &units), ("amount", &amount)]);
        let by_staff = self.names.is_some() && !reduced.reason.starts_with(BY_SHOPPER);
        Some(if by_staff { format!("{text}: {}", reduced.reason) } else { text })
    }

    fn refunded(&self, refund: &PaymentRefunded) -> Option<String> {
        let text = self.with_amount(t::ORDER_EVENT_REFUNDED, refund.amount)?;
        // A reason is a note for staff; shoppers do not see it.
        let reason = self.names.and_then(|_| self.reasons.get(&refund.refund));
        Some(reason.map_or_else(|| text.clone(), |reason| format!("{text}: {reason}")))
    }

    #[allow(clippy::unnecessary_wraps, reason = "as the texts are")]
    fn plain(&self, message: Msg) -> Option<String> {
        Some(message.text(self.locale).to_owned())
    }

    #[allow(clippy::unnecessary_wraps, reason = "as the texts are")]
    fn with_amount(&self, message: Msg, minor: i64) -> Option<String> {
        Some(message.with(self.locale, &[("amount", &self.locale.money(Money::new(minor, self.currency)))]))
    }
}
