//! Limits how many wrong discount codes a client may try.

use domain::id::CartId;
use domain::view::{CartNotice, CartView, DiscountRefusal};

use platform::throttle::{self, Counter, Throttled};
use platform::{Actor, Context};

use crate::Shop;

use super::{CartError, store};

/// Wrong codes of one client before it has to wait. Many shoppers may share a network address.
const MAX_PER_CLIENT: i64 = 30;

/// A discount code that is sent with a cart.
pub(super) enum CodeAttempt {
    /// None, or the one that the cart has already.
    Unchanged(Option<String>),
    /// A new one, and the counter of its client.
    Counted(String, Counter),
    /// The client has tried too many: the cart keeps the code that it has.
    Throttled { current: Option<String>, sent: String },
}

impl CodeAttempt {
    /// Counts a code that the cart does not have yet, as wrong until [`Self::finish`].
    pub(super) async fn start(shop: &Shop, ctx: &Context, cart: Option<CartId>, code: Option<String>) -> Result<Self, CartError> {
        let Some(code) = code else { return Ok(Self::Unchanged(None)) };
        let current = match cart {
            Some(id) => store::load(&mut shop.db(), &[id]).await?.pop().and_then(|cart| cart.discount_code),
            None => None,
        };
        if current.as_ref() == Some(&code) {
            return Ok(Self::Unchanged(current));
        }
        // All shoppers of a shop that is built on the API come from the network address of its server.
        let client = match (&ctx.actor, cart, ctx.client) {
            (Actor::ApiKey(_), Some(cart), _) => cart.to_string(),
            (_, _, Some(client)) => client.to_string(),
            _ => "none".to_owned(),
        };
        let counter = Counter::new(shop.keyring(), &format!("codes {client}"), MAX_PER_CLIENT).shared();
        match throttle::attempt(shop.db(), &[counter]).await {
            Ok(()) => Ok(Self::Counted(code, counter)),
            Err(Throttled::Wait) => Ok(Self::Throttled { current, sent: code }),
            Err(Throttled::Db(error)) => Err(error.into()),
        }
    }

    /// The code that the cart has from now on.
    pub(super) fn code(&self) -> Option<String> {
        match self {
            Self::Unchanged(code) | Self::Throttled { current: code, .. } => code.clone(),
            Self::Counted(code, _) => Some(code.clone()),
        }
    }

    /// A code that exists does not count as a wrong one; above the limit the shopper gets a notice.
    pub(super) async fn finish(self, shop: &Shop, view: &mut CartView) -> Result<(), CartError> {
        match self {
            Self::Unchanged(_) => {}
            Self::Counted(_, counter) => {
                let unknown = |notice: &CartNotice| matches!(notice, CartNotice::DiscountRefused { reason: DiscountRefusal::Unknown, .. });
                if !view.notices.iter().any(unknown) {
                    shop.db().write(async move |tx| throttle::succeeded(tx, &[counter]).await).await?;
                }
            }
            Self::Throttled { sent, .. } => {
                view.notices.push(CartNotice::DiscountRefused { code: sent, reason: DiscountRefusal::TooMany });
            }
        }
        Ok(())
    }
}
