//! The transaction that places orders, for many commands at once: each statement serves them all.
//!
//! [`place_orders`] has its steps from top to bottom. This file recognises what was ordered before, locks and reads the carts and prices
//! the orders; `claim.rs` gets what other orders want too, `insert.rs` writes.

use std::collections::{HashMap, HashSet};

use domain::cart::{PricedLine, Totals};
use domain::id::{CartId, ContactId, OrderId, OrderLineId, PaymentId, UserId, VariantId};
use domain::messages::t;
use domain::order::PaymentMethod;
use domain::view::{OrderLimits, ShopSettings};
use domain::{Currency, Locale, Money, TimeZone, Timestamp};

use platform::db::{self, BatchError, DbError, Tx, json_ids, json_texts};

use crate::cart::{self, StoredCart};
use crate::pricing::{DeliveryMethod, LineItem, PriceRequest, PricedItem, PricedOrder, Prices, Quote, Tax, TaxRegion, price_order};
use crate::{inventory, settings};

use super::{CheckoutError, Delivery, OrderCommand, PlacedOrder, claim, insert};

/// A row that an order needs and another transaction may hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ContendedRow {
    Cart(CartId),
    Code(String),
    Stock(VariantId),
}

/// What becomes of a command.
pub(super) type Outcome = db::Outcome<PlacedOrder, CheckoutError, ContendedRow>;

/// Places an order for each command that can become one; the outcomes are in the commands' order. It waits for the `awaited` row, while
/// it holds nothing else, and for no other: a command whose rows another transaction holds is left as it is.
pub(super) async fn place_orders(
    tx: &mut Tx,
    commands: &[OrderCommand],
    awaited: Option<&ContendedRow>,
) -> Result<Vec<Outcome>, BatchError> {
    if let Some(row) = awaited {
        wait_for(tx, row).await?;
    }
    let mut batch = Batch { commands, outcomes: vec![None; commands.len()] };
    let mut new = answer_repeats(tx, &mut batch).await?;
    let carts = lock_carts(tx, &mut batch, &mut new).await?;
    let mut drafts = price_carts(tx, &mut batch, &new, carts).await?;
    claim::lock_stock(tx, &mut batch, &mut drafts).await?;
    claim::lock_codes(tx, &mut batch, &mut drafts).await?;
    claim::limit_unpaid(tx, &mut batch, &mut drafts).await?;
    claim::count_code_uses(tx, &mut batch, &mut drafts).await?;
    let orders = claim::reserve_stock(tx, &mut batch, drafts).await?;
    insert::insert_orders(tx, &orders).await?;
    for order in &orders {
        batch.answer(order.draft.index, Ok(order.draft.placed()));
    }
    Ok(batch.into_outcomes())
}

/// The commands of one transaction, each by its index, and what has become of them so far.
pub(super) struct Batch<'a> {
    commands: &'a [OrderCommand],
    outcomes: Vec<Option<Outcome>>,
}

impl Batch<'_> {
    fn answer(&mut self, index: usize, answer: Result<PlacedOrder, CheckoutError>) {
        self.outcomes[index] = Some(Outcome::Answered(answer));
    }

    pub(super) fn refuse(&mut self, index: usize, error: CheckoutError) {
        self.answer(index, Err(error));
    }

    /// Another transaction holds this row: the command is tried again later.
    pub(super) fn defer(&mut self, index: usize, row: ContendedRow) {
        self.outcomes[index] = Some(Outcome::Blocked(row));
    }

    /// A repeat inside the batch becomes what the first of its key and cart became.
    fn into_outcomes(mut self) -> Vec<Outcome> {
        if self.outcomes.iter().any(Option::is_none) {
            let commands = self.commands;
            let key_and_cart = |index: usize| (commands[index].key.as_str(), commands[index].cart);
            let mut known: HashMap<(&str, CartId), Outcome> = HashMap::new();
            for (index, outcome) in self.outcomes.iter().enumerate() {
                if let Some(outcome) = outcome {
                    known.entry(key_and_cart(index)).or_insert_with(|| outcome.clone());
                }
            }
            for (index, outcome) in self.outcomes.iter_mut().enumerate().filter(|(_, outcome)| outcome.is_none()) {
                *outcome = match known.get(&key_and_cart(index)).cloned() {
                    Some(Outcome::Answered(Ok(placed))) => Some(Outcome::Answered(Ok(PlacedOrder { replay: true, ..placed }))),
                    same => same,
                };
            }
        }
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::Answered(Err(DbError::Busy.into())))).collect()
    }
}

/// Waits for a row, as long as the transaction may wait for a lock.
async fn wait_for(tx: &mut Tx, row: &ContendedRow) -> Result<(), DbError> {
    match row {
        ContendedRow::Cart(id) => cart::wait_for(tx, *id).await,
        ContendedRow::Code(code) => tx.lock("select 1 from discount_codes where code = $1 for update", &[code]).await,
        ContendedRow::Stock(variant) => inventory::wait_for_stock(tx, *variant).await,
    }
}

/// Answers what was ordered before, and returns the indexes of the commands that are new: each key and each cart once.
async fn answer_repeats(tx: &mut Tx, batch: &mut Batch<'_>) -> Result<Vec<usize>, DbError> {
    let commands = batch.commands;
    let by_key = orders_of_keys(tx, commands).await?;
    let by_cart = orders_of_carts(tx, commands).await?;
    let (mut keys, mut carts) = (HashMap::new(), HashSet::new());
    let mut new = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        if let Some((hash, placed)) = by_key.get(&command.key) {
            let same = *hash == command.body_hash;
            batch.answer(index, if same { Ok(placed.clone()) } else { Err(CheckoutError::KeyReused) });
        } else if let Some(order) = by_cart.get(&command.cart) {
            batch.answer(index, order.answer_for(command));
        } else if let Some(earlier) = keys.get(command.key.as_str()) {
            let earlier: &OrderCommand = &commands[*earlier];
            if earlier.body_hash != command.body_hash {
                batch.refuse(index, CheckoutError::KeyReused);
            }
        } else if !carts.insert(command.cart) {
            // Another key for a cart that is being ordered in this very batch: tried again, it finds the order.
            batch.refuse(index, DbError::Busy.into());
        } else {
            keys.insert(command.key.as_str(), index);
            new.push(index);
        }
    }
    Ok(new)
}

#[derive(platform::db::FromRow)]
struct PlacedRow {
    id: OrderId,
    number: String,
    currency: Currency,
    total: i64,
    payment_method: PaymentMethod,
}

impl From<PlacedRow> for PlacedOrder {
    fn from(row: PlacedRow) -> Self {
        let total = Money::new(row.total, row.currency);
        Self { order: row.id, number: row.number, total, payment: row.payment_method, replay: true }
    }
}

/// The orders that these commands' keys have already, each with the hash of the form that was sent.
async fn orders_of_keys(tx: &mut Tx, commands: &[OrderCommand]) -> Result<HashMap<String, (Vec<u8>, PlacedOrder)>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        key: String,
        body_hash: Vec<u8>,
        #[sqlx(flatten)]
        order: PlacedRow,
    }
    let rows: Vec<Row> = tx
        .fetch_all(
            "select k.key, k.body_hash, o.id, o.number, o.currency, o.total, o.payment_method
             from (select distinct value->>'text' as key from json_each($1)) j
             join idempotency_keys k on k.key = j.key join orders o on o.id = k.order_id",
            &[&json_texts(commands.iter().map(|command| &command.key))],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.key, (row.body_hash, row.order.into()))).collect())
}

/// The order of a cart, and whose it is: an account's, a guest's with this e-mail, or nobody's, from a counter.
struct OrderOfCart {
    user: Option<UserId>,
    has_contact: bool,
    email_hash: Option<Vec<u8>>,
    /// Of the form that it was placed with; none for orders that were placed without one.
    body_hash: Option<Vec<u8>>,
    placed: PlacedOrder,
}

impl OrderOfCart {
    /// The answer gives access to the order, so it is only for the shopper who placed it; the cart's id alone is not enough.
    fn answer_for(&self, command: &OrderCommand) -> Result<PlacedOrder, CheckoutError> {
        let theirs = match (self.user, &command.delivery) {
            (Some(_), _) => self.user == command.user,
            (None, Some(delivery)) => self.has_contact && self.email_hash == delivery.contact.email_hash,
            // Of a counter, whose orders are for everybody who may sell there.
            (None, None) => !self.has_contact,
        };
        if !theirs {
            return Err(CheckoutError::NoCart);
        }
        if self.body_hash.as_ref().is_some_and(|hash| *hash != command.body_hash) {
            return Err(CheckoutError::Ordered { order: self.placed.order, number: self.placed.number.clone() });
        }
        Ok(self.placed.clone())
    }
}

/// The orders that these commands' carts have become already.
async fn orders_of_carts(tx: &mut Tx, commands: &[OrderCommand]) -> Result<HashMap<CartId, OrderOfCart>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        cart_id: CartId,
        user_id: Option<UserId>,
        contact_id: Option<ContactId>,
        email_hash: Option<Vec<u8>>,
        body_hash: Option<Vec<u8>>,
        #[sqlx(flatten)]
        order: PlacedRow,
    }
    let rows: Vec<Row> = tx
        .fetch_all(
            "select o.cart_id, o.user_id, o.contact_id, c.email_hash, k.body_hash, o.id, o.number, o.currency, o.total, o.payment_method
             from (select distinct unhex(value->>'id') as id from json_each($1)) j
             join orders o on o.cart_id = j.id left join contacts c on c.id = o.contact_id
             left join idempotency_keys k on k.order_id = o.id",
            &[&json_ids(commands.iter().map(|command| command.cart))],
        )
        .await?;
    let order = |row: Row| {
        let order = OrderOfCart {
            user: row.user_id,
            has_contact: row.contact_id.is_some(),
            email_hash: row.email_hash,
            body_hash: row.body_hash,
            placed: row.order.into(),
        };
        (row.cart_id, order)
    };
    Ok(rows.into_iter().map(order).collect())
}

/// Locks the carts of the new commands without waiting, and reads what they hold. Commands whose carts another transaction holds are
/// deferred.
async fn lock_carts(tx: &mut Tx, batch: &mut Batch<'_>, new: &mut Vec<usize>) -> Result<HashMap<CartId, StoredCart>, DbError> {
    let ids: Vec<CartId> = new.iter().map(|index| batch.commands[*index].cart).collect();
    let (locked, held) = cart::try_lock(tx, &ids).await?;
    new.retain(|index| {
        let cart = batch.commands[*index].cart;
        let is_held = held.contains(&cart);
        if is_held {
            batch.defer(*index, ContendedRow::Cart(cart));
        }
        !is_held
    });
    Ok(locked.into_iter().map(|cart| (cart.id, cart)).collect())
}

/// An order that is priced, and not yet written.
pub(super) struct DraftOrder<'a> {
    /// The command's position in the batch.
    pub(super) index: usize,
    pub(super) command: &'a OrderCommand,
    /// Its first attempt to be paid.
    pub(super) payment: PaymentId,
    pub(super) lines: Vec<DraftLine>,
    pub(super) totals: Totals,
    /// The tax of its delivery fee.
    pub(super) delivery_tax: Tax,
    pub(super) discount_code: Option<String>,
    /// The total without the discount.
    pub(super) undiscounted_total: Money,
    pub(super) currency: Currency,
    /// None without a delivery, as are the days.
    pub(super) delivery_name: Option<String>,
    /// Days until it arrives, at least and at most.
    pub(super) promised_days: Option<(i64, i64)>,
    /// Of the shop's settings: those that bind who orders, and the zone in which it is a day.
    pub(super) limits: OrderLimits,
    pub(super) zone: TimeZone,
}

/// A line of an order that is being placed.
pub(super) struct DraftLine {
    pub(super) id: OrderLineId,
    pub(super) quote: Quote,
    pub(super) price: PricedLine,
    pub(super) tax: Tax,
}

impl DraftOrder<'_> {
    fn placed(&self) -> PlacedOrder {
        let OrderCommand { order, number, payment, .. } = self.command;
        PlacedOrder { order: *order, number: number.clone(), total: self.totals.total, payment: *payment, replay: false }
    }
}

/// Reads settings, prices and rules once for all of these commands, and prices each order. A command that cannot become an order is
/// refused.
async fn price_carts<'a>(
    tx: &mut Tx,
    batch: &mut Batch<'a>,
    new: &[usize],
    mut carts: HashMap<CartId, StoredCart>,
) -> Result<Vec<DraftOrder<'a>>, DbError> {
    let commands = batch.commands;
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let settings = settings::shop_in(tx).await?;
    // Each order is charged what is in force now, however long it waited for others.
    let at = tx.now();
    let (mut indexes, mut requests) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
    for index in new {
        let command = &commands[*index];
        match carts.remove(&command.cart).filter(|cart| cart.user.is_none() || cart.user == command.user) {
            Some(cart) => {
                indexes.push(*index);
                requests.push(price_request(command, cart, &settings, at));
            }
            None => batch.refuse(*index, CheckoutError::NoCart),
        }
    }
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let prices = Prices::read(tx, &requests, at).await?;
    let mut drafts = Vec::with_capacity(requests.len());
    for (index, request) in indexes.into_iter().zip(&requests) {
        match draft_order(tx, index, &commands[index], request, &prices, &settings) {
            Ok(draft) => drafts.push(draft),
            Err(error) => batch.refuse(index, error),
        }
    }
    Ok(drafts)
}

fn price_request(command: &OrderCommand, cart: StoredCart, settings: &ShopSettings, at: Timestamp) -> PriceRequest {
    PriceRequest {
        channel: command.channel,
        locale: command.locale,
        currency: cart.currency,
        region: command.region.clone().unwrap_or_else(|| TaxRegion::country(&*settings.country)),
        items: cart.items.into_iter().map(|item| (item.variant, item.quantity)).collect(),
        discount_code: cart.discount_code,
        at,
    }
}

fn draft_order<'a>(
    tx: &Tx,
    index: usize,
    command: &'a OrderCommand,
    request: &PriceRequest,
    prices: &Prices,
    settings: &ShopSettings,
) -> Result<DraftOrder<'a>, CheckoutError> {
    let limits = if command.is_limited { settings.limits.clone() } else { OrderLimits::NONE };
    let method = command.delivery.as_ref().map(|delivery| chosen_method(command, delivery, &request.region, prices));
    let order = price_order(request, prices, method.as_ref().and_then(|method| method.as_ref().ok()).copied())?;
    check_items(&order)?;
    let method = method.transpose()?;
    check_total(command, &order)?;
    let draft_line = |line: &LineItem<'_>| {
        let tax_of_line = prices.rules.taxes.tax(&line.quote.tax_class, &request.region);
        DraftLine { id: OrderLineId(tx.id()), quote: line.quote.clone(), price: line.price, tax: tax_of_line }
    };
    let lines: Vec<DraftLine> = order.lines().map(draft_line).collect();
    let PricedOrder { totals, discount_code, undiscounted_total, .. } = order;
    check_size(command.locale, &limits, &lines)?;
    check_cash(command, &limits, method, totals.total)?;
    Ok(DraftOrder {
        index,
        command,
        payment: PaymentId(tx.id()),
        lines,
        totals,
        delivery_tax: prices.rules.delivery_tax(&request.region),
        discount_code,
        undiscounted_total,
        currency: request.currency,
        delivery_name: method.map(|method| method.name_and_description(command.locale).0.to_owned()),
        promised_days: method.map(|method| method.promised_days(command.at, settings.zone())),
        limits,
        zone: settings.zone(),
    })
}

/// The method that was chosen, if it is offered and goes there.
fn chosen_method<'p>(
    command: &OrderCommand,
    delivery: &Delivery,
    region: &TaxRegion,
    prices: &'p Prices,
) -> Result<&'p DeliveryMethod, CheckoutError> {
    let method = prices.rules.method(&delivery.method).filter(|method| method.goes_to(&region.country, delivery.island));
    method.ok_or_else(|| CheckoutError::field("delivery", t::DELIVERY_NOT_THERE.text(command.locale)))
}

/// Is everything in the cart for sale?
fn check_items(order: &PricedOrder<'_>) -> Result<(), CheckoutError> {
    let mut gone = Vec::new();
    for item in &order.items {
        match item {
            PricedItem::ForSale(_) => {}
            PricedItem::NotForSale(quote) => gone.push(quote.name.clone()),
            PricedItem::Unknown => return Err(CheckoutError::NoCart),
        }
    }
    if !gone.is_empty() {
        return Err(CheckoutError::NotForSale(gone));
    }
    if order.items.is_empty() { Err(CheckoutError::Empty) } else { Ok(()) }
}

/// Is it the total that the shopper saw, with the discount or knowingly without?
fn check_total(command: &OrderCommand, order: &PricedOrder<'_>) -> Result<(), CheckoutError> {
    let total = order.totals.total;
    if order.discount_refused.is_some() && command.seen_total != Some(total.minor) {
        return Err(CheckoutError::Discount(total));
    }
    if command.seen_total.is_some_and(|seen| seen != total.minor) {
        return Err(CheckoutError::TotalChanged(total));
    }
    Ok(())
}

/// Does a shopper order more than the shop lets one?
fn check_size(locale: Locale, limits: &OrderLimits, lines: &[DraftLine]) -> Result<(), CheckoutError> {
    if limits.lines > 0 && lines.len() as i64 > limits.lines {
        let message = t::CHECKOUT_TOO_MANY_LINES.with(locale, &[("max", &locale.number(limits.lines))]);
        return Err(CheckoutError::field("cart", message));
    }
    if let Some(line) = lines.iter().find(|line| limits.line_units > 0 && line.price.quantity.get() > limits.line_units) {
        let max = locale.number(limits.line_units);
        let message = t::CHECKOUT_TOO_MANY_UNITS.with(locale, &[("max", &max), ("name", &line.quote.name)]);
        return Err(CheckoutError::field("cart", message));
    }
    Ok(())
}

/// May it be paid in cash, if it is to be: does the shop take that much, and does whoever delivers collect it?
fn check_cash(command: &OrderCommand, limits: &OrderLimits, method: Option<&DeliveryMethod>, total: Money) -> Result<(), CheckoutError> {
    let locale = command.locale;
    if command.payment != PaymentMethod::Cash || total.minor <= 0 {
        return Ok(());
    }
    let message = if !limits.cash {
        t::CHECKOUT_CASH_OFF.text(locale).to_owned()
    } else if !limits.takes_cash(total.minor) {
        t::CHECKOUT_CASH_TOTAL.with(locale, &[("max", &locale.money(Money::new(limits.cash_total, total.currency)))])
    } else if method.is_some_and(|method| !method.collects_cash) {
        t::CHECKOUT_NO_CASH.text(locale).to_owned()
    } else {
        return Ok(());
    };
    Err(CheckoutError::field("payment", message))
}
