//! The transaction that places orders, for many commands at once: each statement serves them all.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::id::{CartId, VariantId};
use domain::messages::t;
use domain::order::PaymentMethod;

use platform::db::{self, DbError, Tx};

use crate::inventory::{self, Need};
use crate::pricing;

use super::draft::draft_orders;
use super::model::{Answer, CheckoutError, Command, ContendedRow, DraftLine, DraftOrder, PlacedOrder, StockedOrder};
use super::{open_order_limits, store, write};

/// The outcome of a command.
pub(super) type PlaceOutcome = db::Outcome<PlacedOrder, CheckoutError, ContendedRow>;

/// Commands by their index in the batch, each with a row that another transaction holds.
type Blocked = HashMap<usize, ContendedRow>;

/// Places an order for each command that can become one; the answers are in the commands' order. It waits for `first`, while it holds
/// nothing else, and for no other row: a command whose rows another transaction holds is left as it is.
pub(super) async fn place_orders(tx: &mut Tx, commands: &[Command], first: Option<&ContendedRow>) -> Result<Vec<PlaceOutcome>, DbError> {
    if let Some(row) = first {
        store::wait_for(tx, row).await?;
    }
    let mut answers: Vec<Option<Answer>> = vec![None; commands.len()];
    let mut blocked = Blocked::new();
    let mut fresh = answer_repeats(tx, commands, &mut answers).await?;
    let locked = store::carts_held_by_others(tx, fresh.iter().map(|index| commands[*index].cart)).await?;
    fresh.retain(|index| {
        let cart = commands[*index].cart;
        let is_locked = locked.contains(&cart);
        if is_locked {
            blocked.insert(*index, ContendedRow::Cart(cart));
        }
        !is_locked
    });
    let mut drafts = draft_orders(tx, commands, &fresh, &mut answers).await?;
    set_aside_blocked(tx, &mut drafts, &mut blocked).await?;
    limit_unpaid(tx, &mut drafts, &mut answers).await?;
    spend_codes(tx, &mut drafts, &mut answers).await?;
    let stocked = take_stock(tx, drafts, &mut answers).await?;
    write::write_orders(tx, &stocked).await?;
    for (draft, _) in &stocked {
        answers[draft.index] = Some(Ok(PlacedOrder {
            order: draft.command.order,
            number: draft.command.number.clone(),
            total: draft.totals.total,
            payment: draft.command.payment,
            replay: false,
        }));
    }
    Ok(outcomes(commands, answers, blocked))
}

/// The outcome of each command. A repeat inside this batch is answered like the first of its key.
fn outcomes(commands: &[Command], answers: Vec<Option<Answer>>, mut blocked: Blocked) -> Vec<PlaceOutcome> {
    let mut outcomes: Vec<Option<PlaceOutcome>> = answers
        .into_iter()
        .enumerate()
        .map(|(index, answer)| answer.map(PlaceOutcome::Answered).or_else(|| blocked.remove(&index).map(PlaceOutcome::Blocked)))
        .collect();
    let first: HashMap<(&str, CartId), PlaceOutcome> =
        commands.iter().zip(&outcomes).filter_map(|(c, o)| Some(((c.key.as_str(), c.cart), o.clone()?))).collect();
    for (command, outcome) in commands.iter().zip(outcomes.iter_mut()) {
        if outcome.is_none() {
            let same = first.get(&(command.key.as_str(), command.cart)).cloned();
            *outcome = Some(match same {
                Some(PlaceOutcome::Answered(Ok(placed))) => PlaceOutcome::Answered(Ok(PlacedOrder { replay: true, ..placed })),
                Some(same) => same,
                None => PlaceOutcome::Answered(Err(DbError::Busy.into())),
            });
        }
    }
    outcomes.into_iter().map(|outcome| outcome.unwrap_or(PlaceOutcome::Answered(Err(DbError::Stopped.into())))).collect()
}

/// Answers what was ordered before, and returns the indexes of the commands that are new: each key and each cart once.
async fn answer_repeats(tx: &mut Tx, commands: &[Command], answers: &mut [Option<Answer>]) -> Result<Vec<usize>, DbError> {
    let existing = store::existing_orders(tx, commands).await?;
    let (mut keys, mut carts) = (HashMap::new(), HashSet::new());
    let mut fresh = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        if let Some((hash, placed)) = existing.by_key.get(&command.key) {
            let same = *hash == command.body_hash;
            answers[index] = Some(if same { Ok(placed.clone()) } else { Err(CheckoutError::KeyReused) });
        } else if let Some(order) = existing.by_cart.get(&command.cart) {
            answers[index] = Some(order.answer_for(command));
        } else if let Some(earlier) = keys.get(command.key.as_str()) {
            let earlier: &Command = &commands[*earlier];
            if earlier.body_hash != command.body_hash {
                answers[index] = Some(Err(CheckoutError::KeyReused));
            }
        } else if !carts.insert(command.cart) {
            // Another key for a cart that is being ordered in this very batch: tried again, it finds the order.
            answers[index] = Some(Err(DbError::Busy.into()));
        } else {
            keys.insert(command.key.as_str(), index);
            fresh.push(index);
        }
    }
    Ok(fresh)
}

/// Locks stock and discount codes without waiting, and sets aside the orders that need what another transaction holds.
async fn set_aside_blocked(tx: &mut Tx, drafts: &mut Vec<DraftOrder<'_>>, blocked: &mut Blocked) -> Result<(), DbError> {
    let variants: BTreeSet<VariantId> = drafts.iter().flat_map(|d| d.lines.iter().map(|l| l.quote.variant)).collect();
    let locked = inventory::lock_free(tx, &variants).await?;
    set_aside(drafts, blocked, |draft| {
        draft.lines.iter().map(|line| line.quote.variant).find(|variant| locked.contains(variant)).map(ContendedRow::Stock)
    });
    let codes: HashSet<&String> = drafts.iter().filter_map(|d| d.discount_code.as_ref()).collect();
    let locked = store::codes_held_by_others(tx, &codes).await?;
    set_aside(drafts, blocked, |draft| draft.discount_code.clone().filter(|code| locked.contains(code)).map(ContendedRow::Code));
    Ok(())
}

fn set_aside(drafts: &mut Vec<DraftOrder<'_>>, blocked: &mut Blocked, blocking: impl Fn(&DraftOrder<'_>) -> Option<ContendedRow>) {
    drafts.retain(|draft| match blocking(draft) {
        Some(row) => {
            blocked.insert(draft.index, row);
            false
        }
        None => true,
    });
}

/// Refuses orders of shoppers who have as many unpaid ones open as the shop lets them.
async fn limit_unpaid(tx: &mut Tx, drafts: &mut Vec<DraftOrder<'_>>, answers: &mut [Option<Answer>]) -> Result<(), DbError> {
    let costs = |d: &DraftOrder<'_>| d.totals.total.minor > 0;
    let mut open = open_order_limits::open_orders(tx, drafts.iter().filter(|d| costs(d)).flat_map(|d| &d.command.marks)).await?;
    drafts.retain(|d| {
        let command = d.command;
        let good = !costs(d) || open_order_limits::admits(&mut open, &command.marks, &command.limits, command.payment);
        if !good {
            let message = if command.payment == PaymentMethod::Cod { t::CHECKOUT_CASH_OPEN } else { t::CHECKOUT_CARD_OPEN };
            answers[d.index] = Some(Err(CheckoutError::field("payment", message.text(command.locale))));
        }
        good
    });
    Ok(())
}

/// Counts the uses of discount codes; orders whose code is used up are refused.
async fn spend_codes(tx: &mut Tx, drafts: &mut Vec<DraftOrder<'_>>, answers: &mut [Option<Answer>]) -> Result<(), DbError> {
    let mut uses: BTreeMap<String, i64> = BTreeMap::new();
    for code in drafts.iter().filter_map(|d| d.discount_code.clone()) {
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
        return Err(DbError::Lost("a discount code does not suffice for all".into()));
    }
    drafts.retain(|d| {
        let good = d.discount_code.as_ref().is_none_or(|c| counted.contains(c));
        if !good {
            answers[d.index] = Some(Err(CheckoutError::Discount(d.full_total)));
        }
        good
    });
    Ok(())
}

/// Reserves stock; orders for which there is not enough are refused, and the uses of their discount codes are returned.
async fn take_stock<'a>(
    tx: &mut Tx,
    drafts: Vec<DraftOrder<'a>>,
    answers: &mut [Option<Answer>],
) -> Result<Vec<StockedOrder<'a>>, DbError> {
    let need = |l: &DraftLine| (l.id, l.quote.variant, l.price.quantity.get());
    let needs: Vec<Need> = drafts.iter().map(|d| Need { lines: d.lines.iter().map(need).collect() }).collect();
    let taken = inventory::take(tx, &needs).await?;
    let mut stocked = Vec::with_capacity(drafts.len());
    let mut unspent: BTreeMap<String, i64> = BTreeMap::new();
    for (draft, taken) in drafts.into_iter().zip(taken) {
        match taken {
            Some(taken) => stocked.push((draft, taken)),
            None => {
                answers[draft.index] = Some(Err(out_of_stock(tx, &draft).await?));
                if let Some(code) = draft.discount_code {
                    *unspent.entry(code).or_default() += 1;
                }
            }
        }
    }
    if !unspent.is_empty() {
        pricing::return_code_uses(tx, &unspent).await?;
    }
    Ok(stocked)
}

async fn out_of_stock(tx: &mut Tx, draft: &DraftOrder<'_>) -> Result<CheckoutError, DbError> {
    let available = inventory::available_of(tx, draft.lines.iter().map(|l| l.quote.variant)).await?;
    let mut needed: BTreeMap<VariantId, i64> = BTreeMap::new();
    for line in &draft.lines {
        *needed.entry(line.quote.variant).or_default() += line.price.quantity.get();
    }
    let units_of = |of: Option<&i64>| of.copied().unwrap_or(0);
    let short = |l: &&DraftLine| units_of(available.get(&l.quote.variant)) < units_of(needed.get(&l.quote.variant));
    let mut names: Vec<String> = draft.lines.iter().filter(short).map(|l| l.quote.name.clone()).collect();
    if names.is_empty() {
        // Others in the same batch took the rest.
        names = draft.lines.iter().map(|l| l.quote.name.clone()).collect();
    }
    names.dedup();
    Ok(CheckoutError::OutOfStock(names))
}
