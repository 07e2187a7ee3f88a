//! Who may see an order: staff who may read orders, the shopper who placed it while signed in, whoever has its signed link, and the browser
//! that placed it.

use domain::id::{OrderId, UserId};
use domain::permission::Permission;
use platform::Context;

use super::OrderError;
use crate::Shop;

/// The purpose in the signature of a link to an order.
const LINK: &str = "order";
/// The purpose in the signature of a [`proof`].
const PROOF: &str = "order.placed";

/// May the caller see an order that was placed by this user? Staff see it with what is theirs alone.
///
/// # Errors
/// [`OrderError::Unknown`], so that the existence of another shopper's order is not revealed.
pub(crate) fn may_view(ctx: &Context, placed_by: Option<UserId>) -> Result<Viewer, OrderError> {
    if ctx.may(Permission::ReadOrders) {
        return Ok(Viewer::Staff);
    }
    if ctx.user().is_some() && ctx.user() == placed_by { Ok(Viewer::Shopper) } else { Err(OrderError::Unknown) }
}

/// Who looks at an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Viewer {
    Staff,
    Shopper,
}

/// The path of the signed link with which an order is followed without an account.
#[must_use]
pub fn link(shop: &Shop, order: OrderId) -> String {
    let id = order.to_string();
    format!("/orders/follow/{id}.{}", shop.keyring().sign(LINK, &id))
}

/// The order of a signed link, by what follows `/orders/follow/`.
///
/// # Errors
/// [`OrderError::Link`] for one that the shop did not sign.
pub(crate) fn of_link(shop: &Shop, token: &str) -> Result<OrderId, OrderError> {
    let (id, signature) = token.split_once('.').ok_or(OrderError::Link)?;
    let order: OrderId = id.parse().map_err(|_| OrderError::Link)?;
    if shop.keyring().verify(LINK, &order.to_string(), signature) { Ok(order) } else { Err(OrderError::Link) }
}

/// A signature that the browser which placed an order keeps, and shows when it comes back from the bank.
#[must_use]
pub fn proof(shop: &Shop, order: OrderId) -> String {
    shop.keyring().sign(PROOF, &order.to_string())
}

/// Is this the [`proof`] of that order?
#[must_use]
pub fn is_proof(shop: &Shop, order: OrderId, proof: &str) -> bool {
    shop.keyring().verify(PROOF, &order.to_string(), proof)
}
