//! The timeline of an order: its events in words.

use std::collections::{BTreeSet, HashMap};

use domain::id::{OrderLineId, ParcelId, RefundId, UserId};
use domain::messages::{Msg, t};
use domain::order::{PaymentMethod, ReturnCause};
use domain::view::{OrderLineView, RefusalKind, TimelineEntry};
use domain::{Currency, Locale, Money, Timestamp};

use crate::fulfilment::events::{ParcelCancelled, ParcelDelivered, ParcelPacked, ParcelPicked, ParcelReturned, ParcelShipped};
use crate::orders::BY_SHOPPER;
use crate::orders::events::{OrderCancelled, OrderLinkRequested, OrderPlaced, OrderReduced};
use crate::payments::events::{
    CaptureKept, CashMissing, PaymentAuthorised, PaymentCaptured, PaymentFailed, PaymentMethodChanged, PaymentRefunded, PaymentVoided,
    RefundFailed, RefundHandedOver,
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
        Ok(Actor::Guest | Actor::Customer(_)) | Err(_) => t::ORDER_ACTOR_SHOPPER,
    };
    message.text(locale).to_owned()
}

/// The parcel that an event is about.
fn parcel_of(event: &RecordedEvent) -> Option<ParcelId> {
    match event.kind.as_str() {
        ParcelPicked::KIND => event.read::<ParcelPicked>().map(|(_, event)| event.parcel),
        ParcelPacked::KIND => event.read::<ParcelPacked>().map(|(_, event)| event.parcel),
        ParcelCancelled::KIND => event.read::<ParcelCancelled>().map(|(_, event)| event.parcel),
        _ => None,
    }
}

/// When the cash of each refund was handed over, and by whom.
pub(super) fn handovers(events: &[RecordedEvent]) -> HashMap<RefundId, (Timestamp, String)> {
    let one = |event: &RecordedEvent| Some((event.read::<RefundHandedOver>()?.1.refund, (event.at, event.actor.clone())));
    events.iter().filter_map(one).collect()
}

/// What was cancelled of an order: "1 × Mug blue, 2 × Basket"; only how many where the event does not name the lines.
pub(crate) fn reduced_items(locale: Locale, reduced: &OrderReduced, label: impl Fn(OrderLineId) -> Option<String>) -> String {
    let named = |(line, units): &(OrderLineId, i64)| Some(format!("{} × {}", locale.number(*units), label(*line)?));
    let items: Option<Vec<String>> = reduced.lines.iter().map(named).collect();
    items.filter(|items| !items.is_empty()).map_or_else(|| locale.number(reduced.units), |items| items.join(", "))
}

/// The events of one order in words.
pub(super) struct Timeline<'a> {
    pub locale: Locale,
    pub currency: Currency,
    pub lines: &'a [OrderLineView],
    /// The names of the staff; given for staff only, who see more.
    pub names: Option<&'a HashMap<UserId, String>>,
    /// Why money was refunded.
    pub reasons: &'a HashMap<RefundId, String>,
}

impl Timeline<'_> {
    /// The entries of an order's events, which are in their order. Staff see each step; shoppers do not see what was undone, and see the
    /// steps of several parcels before they leave once.
    pub(super) fn entries(&self, events: &[RecordedEvent]) -> Vec<TimelineEntry> {
        let paid_by_card = events.iter().any(|event| {
            event.kind == PaymentMethodChanged::KIND
                || event.read::<OrderPlaced>().is_some_and(|(_, placed)| placed.payment == Some(PaymentMethod::Card))
        });
        let parcels_of = |kind: &str| events.iter().filter(move |event| event.kind == kind).filter_map(parcel_of).collect::<BTreeSet<_>>();
        let (packed, undone) = (parcels_of(ParcelPacked::KIND), parcels_of(ParcelCancelled::KIND));
        let mut shown_once = BTreeSet::new();
        let entry = |event: &RecordedEvent| {
            let text = match self.names {
                None if matches!(event.kind.as_str(), ParcelPicked::KIND | ParcelPacked::KIND) => {
                    let is_undone = parcel_of(event).is_some_and(|parcel| undone.contains(&parcel));
                    if is_undone || !shown_once.insert(event.kind.clone()) { None } else { self.text(event) }
                }
                None => self.text(event),
                Some(_) if event.kind == ParcelCancelled::KIND => {
                    let was_packed = parcel_of(event).is_some_and(|parcel| packed.contains(&parcel));
                    self.plain(if was_packed { t::ORDER_EVENT_UNPACKED } else { t::ORDER_EVENT_UNPICKED })
                }
                Some(_) if event.kind == PaymentVoided::KIND && !paid_by_card => self.plain(t::ORDER_EVENT_CASH_VOIDED),
                Some(_) => self.text(event).or_else(|| self.staff_text(event)),
            }?;
            let actor = self.names.map(|names| name_of(self.locale, &event.actor, names)).unwrap_or_default();
            Some(TimelineEntry { at: event.at, kind: event.kind.clone(), text, actor })
        };
        events.iter().filter_map(entry).collect()
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
            RefundHandedOver::KIND => self.with_amount(t::ORDER_EVENT_REFUND_HANDED_OVER, event.read::<RefundHandedOver>()?.1.amount),
            ParcelPicked::KIND => self.plain(t::ORDER_EVENT_PICKING),
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
        let amount = self.locale.money(Money::new(reduced.amount, reduced.currency));
        let label = |id| self.lines.iter().find(|line| line.id == id).map(OrderLineView::label);
        let items = reduced_items(self.locale, reduced, label);
        let text = t::ORDER_EVENT_REDUCED.with(self.locale, &[("items", &items), ("amount", &amount)]);
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
