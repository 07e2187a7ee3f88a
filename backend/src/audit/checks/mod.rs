//! What is checked. The statement of a check lists the wrong rows with an id after `$1` up to `$2`: the id, and what is wrong.

use domain::id::{
    CaptureId, DiscountId, EntryId, MovementId, OrderId, OrderLineId, ParcelId, PaymentAllocationId, PaymentId, RefundId, ReservationId,
    VariantId,
};
use uuid::Uuid;

use crate::Shop;
use crate::orders::{Facts, facts_of};
use platform::db::DbError;

pub(super) struct Check {
    pub name: &'static str,
    /// The statement that counts the rows to check.
    pub count: &'static str,
    /// Lists the ids of the next page after `$1`.
    pub page: &'static str,
    pub find: Find,
    /// How the report writes the id of a wrong row.
    pub name_of: fn(Uuid) -> String,
}

/// How a check finds what is wrong.
#[derive(Clone, Copy)]
pub(super) enum Find {
    /// The statement finds the wrong rows.
    Sql(&'static str),
    /// By computing each order's states from its facts.
    States,
}

#[derive(platform::db::FromRow)]
pub(super) struct Wrong {
    pub id: Uuid,
    pub what: String,
}

macro_rules! page {
    ($table:literal) => {
        concat!("select id from ", $table, " where id > $1 order by id limit 1000")
    };
}
macro_rules! count {
    ($table:literal) => {
        concat!("select count(*) from ", $table)
    };
}

mod books;
mod orders;
mod payments;
mod stock;

/// Every check.
pub(super) fn all() -> impl Iterator<Item = &'static Check> {
    books::CHECKS.iter().chain(stock::CHECKS).chain(payments::CHECKS).chain(orders::CHECKS)
}

fn all_stock(_: Uuid) -> String {
    "all stock".to_owned()
}
fn allocation(id: Uuid) -> String {
    PaymentAllocationId(id).to_string()
}
fn capture(id: Uuid) -> String {
    CaptureId(id).to_string()
}
fn discount(id: Uuid) -> String {
    DiscountId(id).to_string()
}
fn entry(id: Uuid) -> String {
    EntryId(id).to_string()
}
fn movement(id: Uuid) -> String {
    MovementId(id).to_string()
}
fn order(id: Uuid) -> String {
    OrderId(id).to_string()
}
fn line(id: Uuid) -> String {
    OrderLineId(id).to_string()
}
fn parcel(id: Uuid) -> String {
    ParcelId(id).to_string()
}
fn payment(id: Uuid) -> String {
    PaymentId(id).to_string()
}
fn refund(id: Uuid) -> String {
    RefundId(id).to_string()
}
fn reservation(id: Uuid) -> String {
    ReservationId(id).to_string()
}
fn variant(id: Uuid) -> String {
    VariantId(id).to_string()
}

/// Orders whose stored states are not those that follow from their facts.
pub(super) async fn wrong_states(shop: &Shop, after: Uuid, to: Uuid) -> Result<Vec<Wrong>, DbError> {
    let facts: Vec<Facts> =
        shop.db().fetch_all(concat!(facts_of!(), " where o.id > $1 and o.id <= $2 order by o.id"), &[&after, &to]).await?;
    let wrong = |facts: Facts| {
        let (payment, fulfilment, delivery) = (facts.payment().state(), facts.units().fulfilment(), facts.units().delivery());
        let stored = (facts.payment_state, facts.fulfilment_state, facts.delivery_state);
        let rest = (facts.rest_due.0, facts.payment().is_rest_due());
        (stored != (payment, fulfilment, delivery) || rest.0 != rest.1).then(|| {
            let kept = format!("kept as {}, {}, {}, rest due: {}", stored.0, stored.1, stored.2, rest.0);
            let what = format!("{kept}, but is {payment}, {fulfilment}, {delivery}, rest due: {}", rest.1);
            Wrong { id: facts.id.0, what }
        })
    };
    Ok(facts.into_iter().filter_map(wrong).collect())
}
