//! Limits of unpaid orders. They reserve stock without any payment: cash orders until they are sent, card orders until the time to
//! pay is over.
//!
//! Each order of a shopper stores fingerprints: keyed hashes of e-mail, telephone number, address and network address. The settings limit how
//! many cash orders and how many unpaid card orders may be open at once for one fingerprint. Fingerprints are deleted when the order was sent or
//! cancelled. Staff and API keys have no limits.
//!
//! A cash order of which nothing is picked is cancelled after some days ([`expire_cash`](crate::order_management::expire_cash)), so
//! that no stock is held for ever.

use std::net::IpAddr;

use domain::order::PaymentMethod;
use domain::view::{CheckoutForm, OrderLimits};
use domain::{email, slug};

use platform::context::{Actor, Context};
use platform::db::DbError;

use crate::{Shop, customers, settings};

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
            (PaymentMethod::Cod, true) => limits.cash_per_client,
            (PaymentMethod::Cod, false) => limits.cash_per_person,
            (PaymentMethod::Card, true) => limits.card_per_client,
            (PaymentMethod::Card, false) => limits.card_per_person,
        };
        (limit > 0).then_some(limit)
    }
}

/// Is the caller a guest or a shopper, and neither staff nor an API key?
const fn is_stranger(ctx: &Context) -> bool {
    matches!(ctx.actor, Actor::Nobody | Actor::Customer(_))
}

/// The limits of whoever orders; none of who is trusted.
pub(super) fn limits_of(shop: &Shop, ctx: &Context) -> OrderLimits {
    if is_stranger(ctx) { settings::shop(shop).limits } else { OrderLimits::NONE }
}

/// Does the shop take cash on delivery from this caller?
#[must_use]
pub fn takes_cash(shop: &Shop, ctx: &Context) -> bool {
    limits_of(shop, ctx).cash
}

/// The fingerprints of an order that is placed with this form; none of who is trusted. An order of a counter has none: who sells is trusted.
pub(super) fn order_fingerprints(shop: &Shop, ctx: &Context, form: &CheckoutForm) -> Vec<OrderFingerprint> {
    if !is_stranger(ctx) {
        return Vec::new();
    }
    let address = &form.delivery_address;
    let parts =
        [&address.line1, &address.line2, &address.place, &address.city, &address.postal_code].map(|part| slug::words(part).join(" "));
    let person = [
        Some(format!("e-mail {}", email::email_key(&form.contact.email))),
        email::phone(&form.contact.phone).map(|phone| format!("phone {phone}")),
        Some(format!("address {} {}", address.country, parts.join(" "))),
    ];
    // Requests from this machine itself are not counted: behind a proxy that is not trusted, all shoppers would be one.
    let client = ctx.client.filter(|client| !is_local(*client)).map(|client| format!("client {client}"));
    let fingerprint = |text: String, is_client| OrderFingerprint { hash: customers::blind(shop, "cash", &text), is_client };
    person.into_iter().flatten().map(|text| fingerprint(text, false)).chain(client.map(|text| fingerprint(text, true))).collect()
}

const fn is_local(client: IpAddr) -> bool {
    client.is_loopback() || client.is_unspecified()
}

/// Deletes the fingerprints of orders that are not open any more; returns how many.
///
/// # Errors
/// The database's.
pub async fn tidy(shop: &Shop) -> Result<u64, DbError> {
    let sql = "delete from order_fingerprints where exists (select 1 from orders o
        where o.id = order_fingerprints.order_id and (o.fulfilment_state <> 'unfulfilled' or o.cancelled_at is not null))";
    shop.db().write(async move |tx| tx.execute(sql, &[]).await).await
}
