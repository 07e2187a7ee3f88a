//! Limits of unpaid orders. They reserve stock without any payment: cash orders until they are sent, card orders until the time to
//! pay is over.
//!
//! Each order of a shopper stores fingerprints: keyed hashes of e-mail, telephone number, address and network address. The settings limit how
//! many cash orders and how many unpaid card orders may be open at once for one fingerprint. Fingerprints are deleted when the order was sent or
//! cancelled. Staff and API keys have no limits.
//!
//! A cash order of which nothing is picked is cancelled after some days ([`expire_cash`](crate::order_management::expire_cash)), so
//! that no stock is held for ever.

use std::collections::HashMap;
use std::net::IpAddr;

use domain::order::PaymentMethod;
use domain::view::{Address, CheckoutForm, ContactDetails, OrderLimits};
use domain::{email, phone, slug};

use platform::context::{Actor, Context};
use platform::db::{DbError, Tx, json_ids};

use crate::{Shop, contacts, settings};

/// What an order is counted by: a keyed hash of an e-mail, a telephone number, an address or a network address.
#[derive(Clone, Debug)]
pub(super) struct OrderFingerprint {
    pub(super) hash: Vec<u8>,
    /// Is it a network address?
    pub(super) is_client: bool,
}

impl OrderFingerprint {
    /// The most open orders with this payment method for it; none for any number.
    pub(super) fn limit(&self, limits: &OrderLimits, method: PaymentMethod) -> Option<i64> {
        let limit = match (method, self.is_client) {
            (PaymentMethod::Cash, true) => limits.cash_per_client,
            (PaymentMethod::Cash, false) => limits.cash_per_person,
            (PaymentMethod::Card, true) => limits.card_per_client,
            (PaymentMethod::Card, false) => limits.card_per_person,
        };
        (limit > 0).then_some(limit)
    }
}

/// The fingerprints whose open orders with this payment method are limited.
pub(super) fn limited<'a>(
    fingerprints: &'a [OrderFingerprint],
    limits: &'a OrderLimits,
    method: PaymentMethod,
) -> impl Iterator<Item = &'a OrderFingerprint> {
    fingerprints.iter().filter(move |fingerprint| fingerprint.limit(limits, method).is_some())
}

/// Is the caller a guest or a shopper, and neither staff nor an API key?
pub(super) const fn is_shopper(ctx: &Context) -> bool {
    matches!(ctx.actor, Actor::Guest | Actor::Customer(_))
}

/// The limits of whoever orders, to be shown; none of who is trusted.
pub(super) fn limits_of(shop: &Shop, ctx: &Context) -> OrderLimits {
    if is_shopper(ctx) { settings::shop(shop).limits } else { OrderLimits::NONE }
}

/// Does the shop take cash on delivery from this caller?
#[must_use]
pub fn takes_cash(shop: &Shop, ctx: &Context) -> bool {
    limits_of(shop, ctx).cash
}

/// The fingerprints of an order that is placed with this form; none of who is trusted. An order of a counter has none: who sells is trusted.
pub(super) fn order_fingerprints(shop: &Shop, ctx: &Context, form: &CheckoutForm) -> Vec<OrderFingerprint> {
    if !is_shopper(ctx) {
        return Vec::new();
    }
    let person = person_fingerprints(shop, &form.contact, &form.delivery_address);
    // Requests from this machine itself are not counted: behind a proxy that is not trusted, all shoppers would be one.
    let client = ctx.client.filter(|client| !is_local(*client)).map(|client| blind_index(shop, &format!("client {client}")));
    let fingerprint = |is_client| move |hash| OrderFingerprint { hash, is_client };
    person.into_iter().map(fingerprint(false)).chain(client.map(fingerprint(true))).collect()
}

/// The fingerprints of who buys, and of where it is delivered.
pub(crate) fn person_fingerprints(shop: &Shop, contact: &ContactDetails, address: &Address) -> Vec<Vec<u8>> {
    let parts =
        [&address.line1, &address.line2, &address.place, &address.city, &address.postal_code].map(|part| slug::words(part).join(" "));
    let person = [
        Some(format!("e-mail {}", email::email_key(&contact.email))),
        phone::phone(&contact.phone).map(|phone| format!("phone {phone}")),
        Some(format!("address {} {}", address.country, parts.join(" "))),
    ];
    person.into_iter().flatten().map(|text| blind_index(shop, &text)).collect()
}

fn blind_index(shop: &Shop, text: &str) -> Vec<u8> {
    contacts::blind_index(shop, "cash", text)
}

const fn is_local(client: IpAddr) -> bool {
    client.is_loopback() || client.is_unspecified()
}

/// Numbers of orders that are open and not paid, by fingerprint and payment method.
pub(super) struct OpenOrders(HashMap<(Vec<u8>, PaymentMethod), i64>);

impl OpenOrders {
    /// Counts what is open for these fingerprints, which are [`limited`]: nothing else bounds how many orders there are to count.
    pub(super) async fn count(tx: &mut Tx, fingerprints: impl Iterator<Item = &OrderFingerprint>) -> Result<Self, DbError> {
        #[derive(platform::db::FromRow)]
        struct Row {
            fingerprint: Vec<u8>,
            payment_method: PaymentMethod,
            orders: i64,
        }
        let mut fingerprints = fingerprints.map(|fingerprint| &fingerprint.hash).peekable();
        if fingerprints.peek().is_none() {
            return Ok(Self(HashMap::new()));
        }
        let rows: Vec<Row> = tx
            .fetch_all(
                "select m.fingerprint, o.payment_method, count(*) as orders
                 from (select distinct unhex(value->>'id', '') as fingerprint from json_each($1)) j
                 join order_fingerprints m on m.fingerprint = j.fingerprint join orders o on o.id = m.order_id
                 where o.fulfilment_state = 'unfulfilled' and o.cancelled_at is null
                    and (o.payment_method = 'cod' or o.payment_state in ('pending', 'requires_action', 'failed', 'voided'))
                 group by m.fingerprint, o.payment_method",
                &[&json_ids(fingerprints)],
            )
            .await?;
        Ok(Self(rows.into_iter().map(|row| ((row.fingerprint, row.payment_method), row.orders)).collect()))
    }

    /// May one more order with this payment method be open for all these fingerprints? If so, it is counted.
    pub(super) fn admit(&mut self, fingerprints: &[OrderFingerprint], limits: &OrderLimits, method: PaymentMethod) -> bool {
        let open = |fingerprint: &OrderFingerprint| self.0.get(&(fingerprint.hash.clone(), method)).copied().unwrap_or_default();
        if fingerprints.iter().any(|fingerprint| fingerprint.limit(limits, method).is_some_and(|limit| open(fingerprint) >= limit)) {
            return false;
        }
        for fingerprint in fingerprints {
            *self.0.entry((fingerprint.hash.clone(), method)).or_default() += 1;
        }
        true
    }
}

/// Deletes the fingerprints of orders that are not open any more; returns how many.
///
/// # Errors
/// The database's.
pub async fn delete_closed(shop: &Shop) -> Result<u64, DbError> {
    let sql = "delete from order_fingerprints where exists (select 1 from orders o
        where o.id = order_fingerprints.order_id and (o.fulfilment_state <> 'unfulfilled' or o.cancelled_at is not null))";
    shop.db().write(async move |tx| tx.execute(sql, &[]).await).await
}
