//! The states of orders and parcels as badges.

use domain::order::{DeliveryState, FulfilmentState, ParcelState, PaymentMethod, PaymentState};
use leptos::prelude::*;
use ui::{StatusBadge, Tone, tr};

/// The payment state. Cash that is due differs from an unpaid card.
#[must_use]
pub fn payment(state: PaymentState, method: PaymentMethod) -> AnyView {
    let (tone, settled, text) = match state {
        PaymentState::Pending if method == PaymentMethod::Cash => (Tone::Info, false, tr!(ORDER_STATE_CASH_DUE)),
        PaymentState::Pending => (Tone::Warning, false, tr!(ORDER_STATE_PENDING)),
        PaymentState::RequiresAction => (Tone::Warning, false, tr!(ORDER_STATE_REQUIRES_ACTION)),
        PaymentState::Authorised => (Tone::Info, false, tr!(ORDER_STATE_AUTHORISED)),
        PaymentState::PartlyPaid => (Tone::Warning, false, tr!(ORDER_STATE_PART_PAID)),
        PaymentState::Paid => (Tone::Success, true, tr!(ORDER_STATE_PAID)),
        PaymentState::PartlyRefunded => (Tone::Info, true, tr!(ORDER_STATE_PART_REFUNDED)),
        PaymentState::Refunded => (Tone::Neutral, true, tr!(ORDER_STATE_REFUNDED)),
        PaymentState::Failed => (Tone::Danger, true, tr!(ORDER_STATE_FAILED)),
        PaymentState::Voided => (Tone::Neutral, true, tr!(ORDER_STATE_VOIDED)),
    };
    view! { <StatusBadge tone settled text/> }.into_any()
}

/// The fulfilment state. An order that may not be shipped before it is paid is not shown as one to pack.
#[must_use]
pub fn fulfilment(fulfilment: FulfilmentState, delivery: DeliveryState, payment: PaymentState, method: PaymentMethod) -> AnyView {
    let (tone, settled, text) = match (fulfilment, delivery) {
        (FulfilmentState::Cancelled | FulfilmentState::Returned, DeliveryState::Returned) | (FulfilmentState::Returned, _) => {
            (Tone::Neutral, true, tr!(ORDER_STATE_RETURNED))
        }
        (FulfilmentState::Cancelled, _) => (Tone::Danger, true, tr!(ORDER_STATE_CANCELLED)),
        (_, DeliveryState::Delivered) => (Tone::Success, true, tr!(ORDER_STATE_DELIVERED)),
        (FulfilmentState::Fulfilled, _) => (Tone::Info, false, tr!(ORDER_STATE_SHIPPED)),
        (FulfilmentState::Partial, _) => (Tone::Info, false, tr!(ORDER_STATE_PART_SHIPPED)),
        (FulfilmentState::Unfulfilled, DeliveryState::Preparing) => (Tone::Warning, false, tr!(ORDER_STATE_PICKING)),
        (FulfilmentState::Unfulfilled, DeliveryState::Packed) => (Tone::Warning, false, tr!(ORDER_STATE_PACKED)),
        (FulfilmentState::Unfulfilled, _) if !payment.may_be_sent(method) => (Tone::Neutral, false, tr!(ORDER_STATE_WAITS_PAYMENT)),
        (FulfilmentState::Unfulfilled, _) => (Tone::Warning, false, tr!(ORDER_STATE_UNFULFILLED)),
    };
    view! { <StatusBadge tone settled text/> }.into_any()
}

/// The state of a parcel.
#[must_use]
pub fn parcel(state: ParcelState) -> AnyView {
    let (tone, settled, text) = match state {
        ParcelState::Picking => (Tone::Warning, false, tr!(ORDER_STATE_PICKING)),
        ParcelState::Packed => (Tone::Warning, false, tr!(ORDER_STATE_PACKED)),
        ParcelState::Shipped => (Tone::Info, false, tr!(ORDER_STATE_IN_TRANSIT)),
        ParcelState::Delivered => (Tone::Success, true, tr!(ORDER_STATE_DELIVERED)),
        ParcelState::Returned => (Tone::Neutral, true, tr!(ORDER_STATE_RETURNED)),
        ParcelState::Cancelled => (Tone::Neutral, true, tr!(ORDER_STATE_CANCELLED)),
    };
    view! { <StatusBadge tone settled text/> }.into_any()
}
