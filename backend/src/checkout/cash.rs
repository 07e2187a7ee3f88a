//! How far the shop trusts orders that nobody has paid: they hold stock for whoever says a name, cash on delivery until they are sent,
//! by card until the time to pay is over.
//!
//! Each order that a shopper places leaves marks: keyed hashes of e-mail, telephone number, address and network address. As many cash
//! orders, and as many unpaid card orders, may be open at once for one mark as the settings say. The marks go when the order was
//! sent or cancelled. Staff and programs with a key are trusted to know whom they order for.
//!
//! A cash order that nobody begins to send is cancelled after some days ([`expire`]), so that no stock is held for ever.

use std::collections::HashMap;
use std::net::IpAddr;

use domain::id::OrderId;
use domain::order::PaymentMethod;
use domain::view::{CheckoutForm, OrderLimits};
use domain::{Timestamp, email, slug};

use crate::platform::context::{Actor, Context};
use crate::platform::db::{DbError, Rows, Tx};
use crate::{Shop, customers, orders, settings};

/// Cash orders of which nothing was picked yet.
macro_rules! left {
    () => {
        "o.payment_method = 'cod' and o.fulfilment_state = 'unfulfilled' and o.cancelled_at is null and o.total > 0
         and not exists (select 1 from shipments s where s.order_id = o.id and s.state <> 'cancelled')"
    };
}

/// What an order is counted by.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) hash: Vec<u8>,
    is_client: bool,
}

impl Mark {
    /// Open orders of this kind for it, at most; none for any number.
    fn most(&self, limits: &OrderLimits, method: PaymentMethod) -> Option<i64> {
        let most = match (method, self.is_client) {
            (PaymentMethod::Cod, true) => limits.cash_per_client,
            (PaymentMethod::Cod, false) => limits.cash_per_person,
            (PaymentMethod::Card, true) => limits.card_per_client,
            (PaymentMethod::Card, false) => limits.card_per_person,
        };
        (most > 0).then_some(most)
    }
}

/// Does the shop know no more of them than what they say?
pub(super) const fn is_stranger(ctx: &Context) -> bool {
    matches!(ctx.actor, Actor::Nobody | Actor::Customer(_))
}

/// What whoever orders is bound by.
pub(super) fn limits(shop: &Shop, ctx: &Context) -> OrderLimits {
    if is_stranger(ctx) { settings::shop(shop).limits } else { OrderLimits::NONE }
}

/// Does the shop take cash on delivery of them at all?
#[must_use]
pub fn is_taken(shop: &Shop, ctx: &Context) -> bool {
    limits(shop, ctx).cash
}

/// The marks of an order.
pub(super) fn marks(shop: &Shop, ctx: &Context, form: &CheckoutForm) -> Vec<Mark> {
    if !is_stranger(ctx) {
        return Vec::new();
    }
    let address = &form.shipping;
    let place =
        [&address.line1, &address.line2, &address.place, &address.city, &address.postal_code].map(|part| slug::words(part).join(" "));
    let person = [
        Some(format!("e-mail {}", email::email_key(&form.contact.email))),
        email::phone(&form.contact.phone).map(|phone| format!("phone {phone}")),
        Some(format!("address {} {}", address.country, place.join(" "))),
    ];
    // On this machine itself there is no stranger; a proxy whose word does not count would make all shoppers one.
    let client = ctx.client.filter(|client| !is_own(*client)).map(|client| format!("client {client}"));
    let mark = |text: String, is_client| Mark { hash: customers::blind(shop, "cash", &text), is_client };
    person.into_iter().flatten().map(|text| mark(text, false)).chain(client.map(|text| mark(text, true))).collect()
}

const fn is_own(client: IpAddr) -> bool {
    client.is_loopback() || client.is_unspecified()
}

/// Orders that are open and not paid, by mark and by how they are to be paid.
pub(super) type Open = HashMap<(Vec<u8>, PaymentMethod), i64>;

/// Counts what is open for these marks.
pub(super) async fn open(tx: &mut Tx, marks: impl Iterator<Item = &Mark>) -> Result<Open, DbError> {
    let mut rows = Rows::new();
    for mark in marks {
        rows.row(&[&mark.hash]);
    }
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let counts: Vec<(Vec<u8>, PaymentMethod, i64)> = tx
        .fetch_all(
            "select m.mark, o.payment_method, count(*) from (select distinct unhex(value->>0, '') as mark from json_each($1)) j
             join order_marks m on m.mark = j.mark join orders o on o.id = m.order_id
             where o.fulfilment_state = 'unfulfilled' and o.cancelled_at is null
                and (o.payment_method = 'cod' or o.payment_state in ('pending', 'requires_action', 'failed', 'voided'))
             group by m.mark, o.payment_method",
            &[&rows.end()],
        )
        .await?;
    Ok(counts.into_iter().map(|(mark, method, count)| ((mark, method), count)).collect())
}

/// May one more order that is paid in this way be open for all these marks? Then it is counted.
pub(super) fn admits(open: &mut Open, marks: &[Mark], limits: &OrderLimits, method: PaymentMethod) -> bool {
    let known = |mark: &Mark| open.get(&(mark.hash.clone(), method)).copied().unwrap_or_default();
    if marks.iter().any(|mark| mark.most(limits, method).is_some_and(|most| known(mark) >= most)) {
        return false;
    }
    for mark in marks {
        *open.entry((mark.hash.clone(), method)).or_default() += 1;
    }
    true
}

/// May this order, placed to be paid by card, be paid in cash instead?
///
/// # Errors
/// The database's.
pub async fn may_be_cash(tx: &mut Tx, shop: &Shop, order: OrderId, total: i64) -> Result<bool, DbError> {
    let limits = settings::shop(shop).limits;
    if !limits.takes_cash(total) {
        return Ok(false);
    }
    let marks: Vec<(Vec<u8>, bool)> = tx.fetch_all("select mark, is_client from order_marks where order_id = $1", &[&order]).await?;
    let marks: Vec<Mark> = marks.into_iter().map(|(hash, is_client)| Mark { hash, is_client }).collect();
    let mut counts = open(tx, marks.iter()).await?;
    Ok(admits(&mut counts, &marks, &limits, PaymentMethod::Cod))
}

/// Keeps the marks of orders.
pub(super) async fn insert(tx: &mut Tx, marks: impl Iterator<Item = (OrderId, &[Mark])>) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for (order, marks) in marks {
        for mark in marks {
            rows.row(&[&mark.hash, &order, &i64::from(mark.is_client)]);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into order_marks (mark, order_id, is_client)
         select unhex(value->>0, ''), unhex(value->>1), cast(value->>2 as bigint) from json_each($1) where true
         on conflict (mark, order_id) do nothing",
        &[&rows.end()],
    )
    .await
    .map(drop)
}

/// Cancels cash orders that nobody began to send for as many days as the settings say, and says how many.
///
/// # Errors
/// The database's.
pub async fn expire(shop: &Shop) -> Result<u64, DbError> {
    let days = settings::shop(shop).limits.cash_days;
    if days <= 0 {
        return Ok(0);
    }
    let before = shop.now().plus_millis(-days.saturating_mul(Timestamp::DAY));
    let due: Vec<(OrderId,)> = shop
        .db()
        .fetch_all(
            concat!("select o.id from orders o where ", left!(), " and o.placed_at <= $1 order by o.placed_at limit 500"),
            &[&before],
        )
        .await?;
    let mut cancelled = 0;
    for (order,) in due {
        let inner = shop.clone();
        let done = shop
            .db()
            .write(async move |tx| {
                let Some(locked) = orders::lock(tx, order).await? else { return Ok(None) };
                let still: Option<(OrderId,)> =
                    tx.fetch_optional(concat!("select o.id from orders o where ", left!(), " and o.id = $1"), &[&order]).await?;
                if still.is_none() {
                    return Ok::<_, orders::OrderError>(None);
                }
                orders::cancel_rows(tx, &inner, &locked, orders::NOT_SENT).await.map(Some)
            })
            .await;
        match done {
            Ok(Some(calls)) => {
                crate::payments::carry_out(shop, calls).await;
                cancelled += 1;
            }
            Ok(None) => {}
            Err(orders::OrderError::Db(error @ (DbError::Away | DbError::Stopped))) => return Err(error),
            Err(error) => tracing::warn!(%order, %error, "a cash order that nobody sends could not be cancelled"),
        }
    }
    shop.feed().wake();
    Ok(cancelled)
}

/// Forgets what orders that are not open any more were counted by; says how many.
///
/// # Errors
/// The database's.
pub async fn tidy(shop: &Shop) -> Result<u64, DbError> {
    let sql = "delete from order_marks where exists (select 1 from orders o
        where o.id = order_marks.order_id and (o.fulfilment_state <> 'unfulfilled' or o.cancelled_at is not null))";
    shop.db().write(async move |tx| tx.execute(sql, &[]).await).await
}
