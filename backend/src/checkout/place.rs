//! The transaction that makes orders, for many commands at once: each statement serves them all.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use domain::cart::{Totals, totals};
use domain::id::{CartId, EntryId, OrderLineId, PaymentId, ReservationId, VariantId};
use domain::messages::t;
use domain::order::{PaymentMethod, PaymentState};
use domain::{Currency, Money, Quantity};
use uuid::Uuid;

use crate::accounting::{self, Entry};
use crate::customers;
use crate::inventory::{self, Need, NewReservation, Taken};
use crate::platform::clock::Clock;
use crate::platform::db::{self, DbError, Tx};
use crate::platform::rng::Rng;
use crate::pricing::{self, Quote, Rules};

use super::store::{self, NewOrder};
use super::{CheckoutError, Command, PAYMENT_TIME, PlacedOrder, cash};

/// Where ids come from. Not the whole shop: the shop owns the batch that owns this.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
}

impl Ids {
    fn next(&self) -> Uuid {
        self.rng.uuid(self.clock.now())
    }
}

/// A line that is being bought.
pub(super) struct Line {
    pub(super) id: OrderLineId,
    pub(super) quote: Quote,
    pub(super) price: i64,
    pub(super) quantity: Quantity,
    pub(super) tax_rate_bp: i64,
}

/// An order on its way: priced, not yet written.
struct Draft<'a> {
    index: usize,
    command: &'a Command,
    lines: Vec<Line>,
    totals: Totals,
    discount_code: Option<String>,
    /// What it costs without the discount.
    full: Money,
    currency: Currency,
    delivery_name: String,
    promised: (i64, i64),
}

type Answer = Result<PlacedOrder, CheckoutError>;

/// What an order cannot do without, and somebody else may hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Row {
    /// The cart that it is made of.
    Cart(CartId),
    /// The code that makes it cheaper.
    Code(String),
    /// The stock of something in it.
    Stock(VariantId),
}

/// What became of a command.
pub(super) type PlaceOutcome = db::Outcome<PlacedOrder, CheckoutError, Row>;

/// Commands by their place in the batch, each with what it did not get.
type Held = HashMap<usize, Row>;

/// Makes an order of each command that can be one; the answers are in the commands' order. It waits for `first`, while it holds
/// nothing else, and for no other row: a command whose rows somebody else holds is left as it is.
pub(super) async fn place_orders(tx: &mut Tx, ids: &Ids, commands: &[Command], first: Option<&Row>) -> Result<Vec<PlaceOutcome>, DbError> {
    if let Some(row) = first {
        store::wait_for(tx, row).await?;
    }
    let mut answers: Vec<Option<Answer>> = vec![None; commands.len()];
    let mut held = Held::new();
    let mut fresh = set_aside_repeats(tx, commands, &mut answers).await?;
    let theirs = store::lock_carts(tx, fresh.iter().map(|index| commands[*index].cart)).await?;
    fresh.retain(|index| {
        let cart = commands[*index].cart;
        let is_theirs = theirs.contains(&cart);
        if is_theirs {
            held.insert(*index, Row::Cart(cart));
        }
        !is_theirs
    });
    let mut drafts = draft(tx, ids, commands, &fresh, &mut answers).await?;
    set_aside_held(tx, &mut drafts, &mut held).await?;
    bound_unpaid(tx, &mut drafts, &mut answers).await?;
    spend_codes(tx, &mut drafts, &mut answers).await?;

    let needs: Vec<Need> =
        drafts.iter().map(|d| Need { lines: d.lines.iter().map(|l| (l.id, l.quote.variant, l.quantity.get())).collect() }).collect();
    let taken = inventory::take(tx, &needs).await?;
    let mut kept: Vec<(Draft<'_>, Taken)> = Vec::with_capacity(drafts.len());
    let mut unspent: HashMap<String, i64> = HashMap::new();
    for (draft, taken) in drafts.into_iter().zip(taken) {
        match taken {
            Some(taken) => kept.push((draft, taken)),
            None => {
                answers[draft.index] = Some(Err(out_of_stock(tx, &draft).await?));
                if let Some(code) = draft.discount_code {
                    *unspent.entry(code).or_default() -= 1;
                }
            }
        }
    }
    if !unspent.is_empty() {
        pricing::use_codes(tx, &unspent).await?;
    }
    write(tx, ids, &kept).await?;
    for (draft, _) in &kept {
        answers[draft.index] = Some(Ok(PlacedOrder {
            order: draft.command.order,
            number: draft.command.number.clone(),
            total: draft.totals.total,
            payment: draft.command.payment,
            replay: false,
        }));
    }
    Ok(together(commands, answers, held))
}

/// The outcome of each command. A repeat inside this batch is answered as its first.
fn together(commands: &[Command], answers: Vec<Option<Answer>>, mut held: Held) -> Vec<PlaceOutcome> {
    let mut outcomes: Vec<Option<PlaceOutcome>> = answers
        .into_iter()
        .enumerate()
        .map(|(index, answer)| answer.map(PlaceOutcome::Answered).or_else(|| held.remove(&index).map(PlaceOutcome::Blocked)))
        .collect();
    let first: HashMap<(&str, CartId), PlaceOutcome> =
        commands.iter().zip(&outcomes).filter_map(|(c, o)| Some(((c.key.as_str(), c.cart), o.clone()?))).collect();
    for (command, outcome) in commands.iter().zip(outcomes.iter_mut()) {
        if outcome.is_none() {
            let same = first.get(&(command.key.as_str(), command.cart)).cloned();
            *outcome = Some(match same {
                Some(PlaceOutcome::Answered(Ok(made))) => PlaceOutcome::Answered(Ok(PlacedOrder { replay: true, ..made })),
                Some(same) => same,
                None => PlaceOutcome::Answered(Err(DbError::Busy.into())),
            });
        }
    }
    outcomes.into_iter().map(|outcome| outcome.unwrap_or(PlaceOutcome::Answered(Err(DbError::Stopped.into())))).collect()
}

/// Locks stock and discount codes without waiting, and leaves out the orders that want what somebody else holds.
async fn set_aside_held(tx: &mut Tx, drafts: &mut Vec<Draft<'_>>, held: &mut Held) -> Result<(), DbError> {
    let variants: BTreeSet<VariantId> = drafts.iter().flat_map(|d| d.lines.iter().map(|l| l.quote.variant)).collect();
    let theirs = inventory::lock_free(tx, &variants).await?;
    leave_out(drafts, held, |draft| {
        draft.lines.iter().map(|line| line.quote.variant).find(|variant| theirs.contains(variant)).map(Row::Stock)
    });
    let codes: HashSet<&String> = drafts.iter().filter_map(|d| d.discount_code.as_ref()).collect();
    let theirs = store::lock_codes(tx, &codes).await?;
    leave_out(drafts, held, |draft| draft.discount_code.clone().filter(|code| theirs.contains(code)).map(Row::Code));
    Ok(())
}

fn leave_out(drafts: &mut Vec<Draft<'_>>, held: &mut Held, wanting: impl Fn(&Draft<'_>) -> Option<Row>) {
    drafts.retain(|draft| match wanting(draft) {
        Some(row) => {
            held.insert(draft.index, row);
            false
        }
        None => true,
    });
}

/// Answers what was ordered before, and says which commands are new: each key and each cart once.
async fn set_aside_repeats(tx: &mut Tx, commands: &[Command], answers: &mut [Option<Answer>]) -> Result<Vec<usize>, DbError> {
    let known = store::known(tx, commands).await?;
    let (mut keys, mut carts) = (HashMap::new(), HashSet::new());
    let mut fresh = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        if let Some((hash, made)) = known.keys.get(&command.key) {
            let same = *hash == command.body_hash;
            answers[index] = Some(if same { Ok(made.clone()) } else { Err(CheckoutError::KeyReused) });
        } else if let Some(ordered) = known.carts.get(&command.cart) {
            answers[index] = Some(ordered.answer_for(command));
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

/// Reads carts, prices and rules once for all, and adds each order up.
async fn draft<'a>(
    tx: &mut Tx,
    ids: &Ids,
    commands: &'a [Command],
    fresh: &[usize],
    answers: &mut [Option<Answer>],
) -> Result<Vec<Draft<'a>>, DbError> {
    let Some(first) = fresh.first() else { return Ok(Vec::new()) };
    let at = commands[*first].at;
    let carts = store::carts(tx, fresh.iter().map(|i| commands[*i].cart)).await?;
    let mut keys = HashSet::new();
    let mut currencies = HashSet::new();
    for index in fresh {
        let command = &commands[*index];
        if let Some(cart) = carts.get(&command.cart) {
            currencies.insert(cart.currency);
            keys.extend(cart.items.iter().map(|(variant, _)| (*variant, command.channel, command.locale)));
        }
    }
    let keys: Vec<_> = keys.into_iter().collect();
    let mut quotes = HashMap::new();
    for currency in currencies {
        quotes.insert(currency, pricing::quotes(tx, &keys, currency, at).await?);
    }
    let codes: Vec<String> = carts.values().filter_map(|c| c.discount_code.clone()).collect::<HashSet<_>>().into_iter().collect();
    let codes = pricing::codes(tx, &codes).await?;
    let rules = Rules::load(tx, at).await?;
    let mut drafts = Vec::with_capacity(fresh.len());
    for index in fresh {
        let command = &commands[*index];
        let cart = carts.get(&command.cart).filter(|c| c.user.is_none() || c.user == command.user);
        let one = cart
            .ok_or(CheckoutError::NoCart)
            .and_then(|cart| add_up(ids, *index, command, cart, quotes.get(&cart.currency), &codes, &rules));
        match one {
            Ok(draft) => drafts.push(draft),
            Err(error) => answers[*index] = Some(Err(error)),
        }
    }
    Ok(drafts)
}

fn add_up<'a>(
    ids: &Ids,
    index: usize,
    command: &'a Command,
    cart: &store::Cart,
    quotes: Option<&HashMap<pricing::QuoteKey, Quote>>,
    codes: &HashMap<String, pricing::Code>,
    rules: &Rules,
) -> Result<Draft<'a>, CheckoutError> {
    let mut lines = Vec::with_capacity(cart.items.len());
    let mut gone = Vec::new();
    for (variant, quantity) in &cart.items {
        let quote = quotes.and_then(|q| q.get(&(*variant, command.channel, command.locale)));
        match quote.map(|q| (q, q.price)) {
            Some((quote, Some(price))) if quote.on_sale => lines.push(Line {
                id: OrderLineId(ids.next()),
                quote: quote.clone(),
                price,
                quantity: *quantity,
                tax_rate_bp: rules.tax_rate(&quote.tax_class, &command.country),
            }),
            Some((quote, _)) => gone.push(quote.name.clone()),
            None => return Err(CheckoutError::NoCart),
        }
    }
    if !gone.is_empty() {
        return Err(CheckoutError::Gone(gone));
    }
    if lines.is_empty() {
        return Err(CheckoutError::Empty);
    }
    let method = rules.method(&command.delivery).filter(|m| m.goes_to(&command.country, command.island)).ok_or_else(|| {
        let message = t::DELIVERY_NOT_THERE.text(command.locale);
        CheckoutError::Invalid(vec![("delivery".to_owned(), message.to_owned())])
    })?;
    let rate = rules.rate_of(method, &command.country);
    let priced: Vec<_> = lines.iter().map(|l| pricing::priced(&l.quote, l.price, l.quantity, rules, &command.country)).collect();
    let mut sum = totals(cart.currency, &priced, None, Some(rate))?;
    let full = sum.total;
    let mut discount_code = None;
    if let Some(code) = &cart.discount_code {
        match codes.get(code).map(|c| c.discount(sum.subtotal, command.at)) {
            Some(Ok(discount)) => {
                sum = totals(cart.currency, &priced, Some(discount), Some(rate))?;
                discount_code = Some(code.clone());
            }
            // The shopper has seen what it costs without.
            _ if command.seen_total == Some(full.minor) => {}
            _ => return Err(CheckoutError::Discount(full)),
        }
    }
    if command.seen_total.is_some_and(|seen| seen != sum.total.minor) {
        return Err(CheckoutError::TotalChanged(sum.total));
    }
    check_limits(command, &lines, sum.total)?;
    if command.payment == PaymentMethod::Cod && !method.collects_cash && sum.total.minor > 0 {
        return Err(invalid("payment", t::CHECKOUT_NO_CASH.text(command.locale)));
    }
    Ok(Draft {
        index,
        command,
        lines,
        totals: sum,
        discount_code,
        full,
        currency: cart.currency,
        delivery_name: method.words(command.locale).0.to_owned(),
        promised: method.days(command.at),
    })
}

/// Refuses unpaid orders of whom enough are open already.
async fn bound_unpaid(tx: &mut Tx, drafts: &mut Vec<Draft<'_>>, answers: &mut [Option<Answer>]) -> Result<(), DbError> {
    let costs = |d: &Draft<'_>| d.totals.total.minor > 0;
    let mut open = cash::open(tx, drafts.iter().filter(|d| costs(d)).flat_map(|d| &d.command.marks)).await?;
    drafts.retain(|d| {
        let command = d.command;
        let good = !costs(d) || cash::admits(&mut open, &command.marks, &command.limits, command.payment);
        if !good {
            let words = if command.payment == PaymentMethod::Cod { t::CHECKOUT_CASH_OPEN } else { t::CHECKOUT_CARD_OPEN };
            answers[d.index] = Some(Err(invalid("payment", words.text(command.locale))));
        }
        good
    });
    Ok(())
}

/// What is wrong with one field of the form.
fn invalid(field: &str, words: impl Into<String>) -> CheckoutError {
    CheckoutError::Invalid(vec![(field.to_owned(), words.into())])
}

/// Does a shopper order more than the shop lets one?
fn check_limits(command: &Command, lines: &[Line], total: Money) -> Result<(), CheckoutError> {
    let (limits, locale) = (&command.limits, command.locale);
    if limits.lines > 0 && lines.len() as i64 > limits.lines {
        let words = t::CHECKOUT_TOO_MANY_LINES.with(locale, &[("max", &locale.number(limits.lines))]);
        return Err(invalid("cart", words));
    }
    if let Some(line) = lines.iter().find(|line| limits.line_units > 0 && line.quantity.get() > limits.line_units) {
        let max = locale.number(limits.line_units);
        return Err(invalid("cart", t::CHECKOUT_TOO_MANY_UNITS.with(locale, &[("max", &max), ("name", &line.quote.name)])));
    }
    if command.payment == PaymentMethod::Cod && total.minor > 0 && !limits.takes_cash(total.minor) {
        let words = if limits.cash {
            t::CHECKOUT_CASH_TOTAL.with(locale, &[("max", &locale.money(Money::new(limits.cash_total, total.currency)))])
        } else {
            t::CHECKOUT_CASH_OFF.text(locale).to_owned()
        };
        return Err(invalid("payment", words));
    }
    Ok(())
}

/// Counts the uses of discount codes; orders whose code is used up are refused.
async fn spend_codes(tx: &mut Tx, drafts: &mut Vec<Draft<'_>>, answers: &mut [Option<Answer>]) -> Result<(), DbError> {
    let mut uses: HashMap<String, i64> = HashMap::new();
    for code in drafts.iter().filter_map(|d| d.discount_code.clone()) {
        *uses.entry(code).or_default() += 1;
    }
    if uses.is_empty() {
        return Ok(());
    }
    let counted: HashSet<String> = pricing::use_codes(tx, &uses).await?.into_iter().collect();
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
            answers[d.index] = Some(Err(CheckoutError::Discount(d.full)));
        }
        good
    });
    Ok(())
}

async fn out_of_stock(tx: &mut Tx, draft: &Draft<'_>) -> Result<CheckoutError, DbError> {
    let available = inventory::available_of(tx, draft.lines.iter().map(|l| l.quote.variant)).await?;
    let mut wanted: BTreeMap<VariantId, i64> = BTreeMap::new();
    for line in &draft.lines {
        *wanted.entry(line.quote.variant).or_default() += line.quantity.get();
    }
    let short = |l: &&Line| available.get(&l.quote.variant).copied().unwrap_or(0) < wanted.get(&l.quote.variant).copied().unwrap_or(0);
    let mut names: Vec<String> = draft.lines.iter().filter(short).map(|l| l.quote.name.clone()).collect();
    if names.is_empty() {
        // Others in the same batch took the rest.
        names = draft.lines.iter().map(|l| l.quote.name.clone()).collect();
    }
    names.dedup();
    Ok(CheckoutError::OutOfStock(names))
}

/// Writes the orders and all that belongs to them, one statement a table.
async fn write(tx: &mut Tx, ids: &Ids, kept: &[(Draft<'_>, Taken)]) -> Result<(), DbError> {
    let Some((first, _)) = kept.first() else { return Ok(()) };
    let at = first.command.at;
    let commands = || kept.iter().map(|(d, _)| d.command);
    customers::store::insert_contacts(tx, &commands().map(|c| c.contact.clone()).collect::<Vec<_>>()).await?;
    let addresses: Vec<_> = commands().flat_map(|c| [Some(c.shipping.clone()), c.billing.clone()]).flatten().collect();
    customers::store::insert_addresses(tx, &addresses).await?;

    let orders: Vec<NewOrder<'_>> = kept
        .iter()
        .map(|(d, _)| NewOrder {
            command: d.command,
            totals: &d.totals,
            lines: &d.lines,
            currency: d.currency,
            discount_code: d.discount_code.as_deref(),
            delivery_name: &d.delivery_name,
            promised: d.promised,
            payment: PaymentId(ids.next()),
            payment_state: if d.totals.total.minor == 0 { PaymentState::Paid } else { PaymentState::Pending },
        })
        .collect();
    store::insert_orders(tx, &orders).await?;
    cash::insert(tx, kept.iter().map(|(d, _)| (d.command.order, d.command.marks.as_slice()))).await?;

    let mut reservations = Vec::new();
    for (draft, taken) in kept {
        let card = draft.command.payment == PaymentMethod::Card && draft.totals.total.minor > 0;
        let expires_at = card.then(|| draft.command.at.plus_millis(PAYMENT_TIME));
        for (line, variant, location, units) in taken {
            let id = ReservationId(ids.next());
            let (line, variant, location, units) = (*line, *variant, *location, *units);
            reservations.push(NewReservation { id, order: draft.command.order, line, variant, location, units, expires_at });
        }
    }
    inventory::insert_reservations(tx, at, &reservations).await?;

    let entries: Vec<Entry> = kept.iter().map(|(d, _)| entry(EntryId(ids.next()), d)).collect();
    accounting::post_all(tx, &entries).await.map_err(|e| match e {
        accounting::AccountingError::Db(e) => e,
        other => DbError::Lost(other.to_string()),
    })?;
    store::insert_events(tx, ids_for_events(ids, kept)).await?;
    store::insert_expiry_jobs(
        tx,
        kept.iter().filter(|(d, _)| d.command.payment == PaymentMethod::Card).map(|(d, _)| (ids.next(), d.command)),
    )
    .await
}

/// What is owed against what was sold, taxed and delivered.
fn entry(id: EntryId, draft: &Draft<'_>) -> Entry {
    let t = &draft.totals;
    let shipping_net = t.shipping.minor - t.shipping_tax.minor;
    let sales = t.total.minor - t.tax.minor - shipping_net;
    Entry {
        id,
        kind: "order.placed",
        order: Some(draft.command.order),
        reference: draft.command.order.0,
        currency: draft.currency,
        at: draft.command.at,
        postings: vec![
            ("accounts_receivable", t.total.minor),
            ("sales", -sales),
            ("shipping_income", -shipping_net),
            ("vat_payable", -t.tax.minor),
        ],
    }
}

fn ids_for_events<'a>(ids: &Ids, kept: &'a [(Draft<'_>, Taken)]) -> Vec<store::NewEvent<'a>> {
    let mut events = Vec::with_capacity(kept.len() * 2);
    for (draft, taken) in kept {
        let units: i64 = taken.iter().map(|t| t.3).sum();
        let total = Money::new(draft.totals.total.minor, draft.currency);
        let placed = serde_json::json!({ "number": draft.command.number, "total": total, "channel": draft.command.channel,
            "payment": draft.command.payment });
        let variants: HashSet<VariantId> = taken.iter().map(|t| t.1).collect();
        let reserved = serde_json::json!({ "units": units, "variants": variants });
        events.push(store::NewEvent { id: ids.next(), kind: "order.placed", command: draft.command, data: placed.to_string() });
        events.push(store::NewEvent { id: ids.next(), kind: "stock.reserved", command: draft.command, data: reserved.to_string() });
    }
    events
}
