//! Claims for the orders of a batch what other transactions compete for: stock, uses of discount codes, and one of the unpaid orders that a shopper
//! may have open. Orders that do not get it are refused, or deferred where another transaction holds the row.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::id::VariantId;
use domain::messages::t;
use domain::order::PaymentMethod;

use platform::db::{BatchError, DbError, Tx, json_texts};

use crate::inventory::{self, Allocation, Demand, OrderDemand};
use crate::pricing;

use super::CheckoutError;
use super::open_order_limits::{OpenOrders, limited};
use super::place_orders::{Batch, ContendedRow, DraftLine, DraftOrder};

/// An order with the stock that is reserved for it.
pub(super) struct ReservedOrder<'a> {
    pub(super) draft: DraftOrder<'a>,
    pub(super) allocations: Vec<Allocation>,
}

/// Locks the stock of the orders without waiting, and defers those that need what another transaction holds.
pub(super) async fn lock_stock(tx: &mut Tx, batch: &mut Batch<'_>, drafts: &mut Vec<DraftOrder<'_>>) -> Result<(), DbError> {
    let variants: BTreeSet<VariantId> = drafts.iter().flat_map(|draft| draft.lines.iter().map(|line| line.quote.variant)).collect();
    let held = inventory::try_lock_stock(tx, &variants).await?;
    defer(batch, drafts, |draft| {
        draft.lines.iter().map(|line| line.quote.variant).find(|variant| held.contains(variant)).map(ContendedRow::Stock)
    });
    Ok(())
}

/// Locks the discount codes of the orders without waiting, and defers those that need what another transaction holds.
pub(super) async fn lock_codes(tx: &mut Tx, batch: &mut Batch<'_>, drafts: &mut Vec<DraftOrder<'_>>) -> Result<(), DbError> {
    let codes: HashSet<&String> = drafts.iter().filter_map(|draft| draft.discount_code.as_ref()).collect();
    if codes.is_empty() || !tx.is_postgres() {
        return Ok(());
    }
    let codes = json_texts(codes);
    let locked: Vec<String> = tx
        .fetch_scalars(
            "select code from discount_codes where code in (select value->>'text' from json_each($1)) order by code for update skip locked",
            &[&codes],
        )
        .await?;
    let all: Vec<String> =
        tx.fetch_scalars("select code from discount_codes where code in (select value->>'text' from json_each($1))", &[&codes]).await?;
    let locked: HashSet<String> = locked.into_iter().collect();
    let held: HashSet<String> = all.into_iter().filter(|code| !locked.contains(code)).collect();
    defer(batch, drafts, |draft| draft.discount_code.clone().filter(|code| held.contains(code)).map(ContendedRow::Code));
    Ok(())
}

fn defer(batch: &mut Batch<'_>, drafts: &mut Vec<DraftOrder<'_>>, held: impl Fn(&DraftOrder<'_>) -> Option<ContendedRow>) {
    drafts.retain(|draft| match held(draft) {
        Some(row) => {
            batch.defer(draft.index, row);
            false
        }
        None => true,
    });
}

/// Refuses orders of shoppers who have as many unpaid ones open as the shop lets them.
pub(super) async fn limit_unpaid(tx: &mut Tx, batch: &mut Batch<'_>, drafts: &mut Vec<DraftOrder<'_>>) -> Result<(), DbError> {
    let costs = |draft: &DraftOrder<'_>| draft.totals.total.minor > 0;
    let counted = drafts.iter().filter(|draft| costs(draft));
    let counted = counted.flat_map(|draft| limited(&draft.command.fingerprints, &draft.limits, draft.command.payment));
    let mut open = OpenOrders::count(tx, counted).await?;
    drafts.retain(|draft| {
        let command = draft.command;
        let admitted = !costs(draft) || open.admit(&command.fingerprints, &draft.limits, command.payment);
        if !admitted {
            let message = if command.payment == PaymentMethod::Cash { t::CHECKOUT_CASH_OPEN } else { t::CHECKOUT_CARD_OPEN };
            batch.refuse(draft.index, CheckoutError::field("payment", message.text(command.locale)));
        }
        admitted
    });
    Ok(())
}

/// Counts the uses of discount codes; orders whose code is used up are refused.
pub(super) async fn count_code_uses(tx: &mut Tx, batch: &mut Batch<'_>, drafts: &mut Vec<DraftOrder<'_>>) -> Result<(), BatchError> {
    let mut uses: BTreeMap<String, i64> = BTreeMap::new();
    for code in drafts.iter().filter_map(|draft| draft.discount_code.clone()) {
        *uses.entry(code).or_default() += 1;
    }
    if uses.is_empty() {
        return Ok(());
    }
    let counted: HashSet<String> = pricing::count_code_uses(tx, &uses).await?.into_iter().collect();
    if counted.len() == uses.len() {
        return Ok(());
    }
    if drafts.len() > 1 {
        // Some of several may still have it: each is tried alone.
        return Err(BatchError::OneByOne);
    }
    drafts.retain(|draft| {
        let is_counted = draft.discount_code.as_ref().is_none_or(|code| counted.contains(code));
        if !is_counted {
            batch.refuse(draft.index, CheckoutError::Discount(draft.undiscounted_total));
        }
        is_counted
    });
    Ok(())
}

/// Reserves stock; orders for which there is not enough are refused, and the uses of their discount codes are returned.
pub(super) async fn reserve_stock<'a>(
    tx: &mut Tx,
    batch: &mut Batch<'_>,
    drafts: Vec<DraftOrder<'a>>,
) -> Result<Vec<ReservedOrder<'a>>, BatchError> {
    let demand = |line: &DraftLine| Demand { line: line.id, variant: line.quote.variant, units: line.price.quantity.get() };
    let order = |draft: &DraftOrder<'_>| OrderDemand { channel: draft.command.channel, lines: draft.lines.iter().map(demand).collect() };
    let orders: Vec<OrderDemand> = drafts.iter().map(order).collect();
    let allocated = inventory::reserve(tx, &orders).await?.ok_or(BatchError::OneByOne)?;
    let mut reserved = Vec::with_capacity(drafts.len());
    let mut unspent: BTreeMap<String, i64> = BTreeMap::new();
    for (draft, allocations) in drafts.into_iter().zip(allocated) {
        match allocations {
            Some(allocations) => reserved.push(ReservedOrder { draft, allocations }),
            None => {
                batch.refuse(draft.index, out_of_stock(tx, &draft).await?);
                if let Some(code) = draft.discount_code {
                    *unspent.entry(code).or_default() += 1;
                }
            }
        }
    }
    if !unspent.is_empty() {
        pricing::return_code_uses(tx, &unspent).await?;
    }
    Ok(reserved)
}

/// The refusal that names what there is not enough of.
async fn out_of_stock(tx: &mut Tx, draft: &DraftOrder<'_>) -> Result<CheckoutError, DbError> {
    let available = inventory::available_of(tx, draft.command.channel, draft.lines.iter().map(|line| line.quote.variant)).await?;
    let mut needed: BTreeMap<VariantId, i64> = BTreeMap::new();
    for line in &draft.lines {
        *needed.entry(line.quote.variant).or_default() += line.price.quantity.get();
    }
    let units_of = |of: Option<&i64>| of.copied().unwrap_or(0);
    let short = |line: &&DraftLine| units_of(available.get(&line.quote.variant)) < units_of(needed.get(&line.quote.variant));
    let mut names: Vec<String> = draft.lines.iter().filter(short).map(|line| line.quote.name.clone()).collect();
    if names.is_empty() {
        // Others in the same batch took the rest.
        names = draft.lines.iter().map(|line| line.quote.name.clone()).collect();
    }
    names.dedup();
    Ok(CheckoutError::OutOfStock(names))
}
