//! Writes the orders of a batch.

use std::collections::BTreeSet;

use domain::id::{EntryId, PaymentId, ReservationId, VariantId};
use domain::order::{PaymentMethod, PaymentState};

use platform::db::{DbError, Tx};
use platform::jobs;

use crate::accounting::{self, AccountingError, Entry};
use crate::customers;
use crate::inventory::events::StockReserved;
use crate::inventory::{self, NewReservation};
use crate::order_management::ExpireOrder;
use crate::orders::events::OrderPlaced;
use crate::payments::UNPAID_FOR_MS;

use super::model::{DraftOrder, NewOrder, StockedOrder};
use super::{insert, open_order_limits};

/// Writes orders and everything that belongs to them, one statement a table.
pub(super) async fn write_orders(tx: &mut Tx, orders: &[StockedOrder<'_>]) -> Result<(), DbError> {
    if orders.is_empty() {
        return Ok(());
    }
    insert_people(tx, orders).await?;
    let new: Vec<NewOrder<'_>> = orders
        .iter()
        .map(|(draft, _)| NewOrder {
            draft,
            payment: PaymentId(tx.id()),
            payment_state: if draft.totals.total.minor == 0 { PaymentState::Paid } else { PaymentState::Pending },
        })
        .collect();
    insert::insert_orders(tx, &new).await?;
    insert::insert_keys(tx, &new).await?;
    insert::insert_lines(tx, &new).await?;
    insert::insert_payments(tx, &new).await?;
    insert::close_carts(tx, &new).await?;
    open_order_limits::insert(tx, orders.iter().map(|(draft, _)| (draft.command.order, draft.command.marks.as_slice()))).await?;
    insert_reservations(tx, orders).await?;
    post_entries(tx, orders).await?;
    record_events(tx, orders);
    enqueue_expiry(tx, orders).await
}

async fn insert_people(tx: &mut Tx, orders: &[StockedOrder<'_>]) -> Result<(), DbError> {
    let commands = || orders.iter().map(|(draft, _)| draft.command);
    customers::insert_contacts(tx, commands().map(|command| &command.contact)).await?;
    customers::insert_addresses(tx, commands().flat_map(|command| std::iter::once(&command.shipping).chain(&command.billing))).await
}

async fn insert_reservations(tx: &mut Tx, orders: &[StockedOrder<'_>]) -> Result<(), DbError> {
    let mut reservations = Vec::new();
    for (draft, taken) in orders {
        let card = draft.command.payment == PaymentMethod::Card && draft.totals.total.minor > 0;
        let expires_at = card.then(|| draft.command.at.plus_millis(UNPAID_FOR_MS));
        for (line, variant, location, units) in taken {
            let id = ReservationId(tx.id());
            let (line, variant, location, units) = (*line, *variant, *location, *units);
            reservations.push(NewReservation { id, order: draft.command.order, line, variant, location, units, expires_at });
        }
    }
    let Some((first, _)) = orders.first() else { return Ok(()) };
    inventory::insert_reservations(tx, first.command.at, &reservations).await
}

async fn post_entries(tx: &mut Tx, orders: &[StockedOrder<'_>]) -> Result<(), DbError> {
    let entries: Vec<Entry> = orders.iter().map(|(draft, _)| entry(EntryId(tx.id()), draft)).collect();
    accounting::post_all(tx, &entries).await.map_err(|error| match error {
        AccountingError::Db(error) => error,
        other => DbError::Lost(other.to_string()),
    })
}

/// The journal entry of a sale: what is owed against what was sold, taxed and delivered.
fn entry(id: EntryId, draft: &DraftOrder<'_>) -> Entry {
    let totals = &draft.totals;
    let shipping_net = totals.shipping.minor - totals.shipping_tax.minor;
    let sales = totals.total.minor - totals.tax.minor - shipping_net;
    Entry {
        id,
        kind: "order.placed",
        order: Some(draft.command.order),
        reference: draft.command.order.0,
        currency: draft.currency,
        at: draft.command.at,
        postings: vec![
            ("accounts_receivable", totals.total.minor),
            ("sales", -sales),
            ("shipping_income", -shipping_net),
            ("vat_payable", -totals.tax.minor),
        ],
    }
}

/// Each order's events are by whoever placed it.
fn record_events(tx: &mut Tx, orders: &[StockedOrder<'_>]) {
    for (draft, taken) in orders {
        let command = draft.command;
        let placed = OrderPlaced {
            number: command.number.clone(),
            total: draft.totals.total,
            channel: command.channel,
            payment: Some(command.payment),
        };
        tx.record_as(&command.context, command.order, placed);
        let variants: BTreeSet<VariantId> = taken.iter().map(|(_, variant, ..)| *variant).collect();
        let reserved = StockReserved { units: taken.iter().map(|(.., units)| units).sum(), variants: variants.into_iter().collect() };
        tx.record_as(&command.context, command.order, reserved);
    }
}

/// Card orders are cancelled when they are not paid in time.
async fn enqueue_expiry(tx: &mut Tx, orders: &[StockedOrder<'_>]) -> Result<(), DbError> {
    let expiry = |draft: &DraftOrder<'_>| {
        let job = ExpireOrder { order: draft.command.order };
        let key = job.key();
        (job, draft.command.at.plus_millis(UNPAID_FOR_MS), key)
    };
    let by_card = orders.iter().filter(|(draft, _)| draft.command.payment == PaymentMethod::Card);
    let expiries: Vec<_> = by_card.map(|(draft, _)| expiry(draft)).collect();
    jobs::enqueue_all(tx, &expiries).await
}
