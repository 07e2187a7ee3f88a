//! Discount codes are not found out by trying: a client that tries codes that do not exist has to wait.

use domain::id::CartId;
use domain::view::{CartNotice, CartView, DiscountRefusal};

use crate::Shop;
use crate::platform::throttle::{self, Counter, Throttled};
use crate::platform::{Actor, Context};

use super::{CartError, store};

/// Wrong codes of one client before it has to wait. Many shoppers may share a network address.
const MAX_PER_CLIENT: i64 = 30;

/// A code that is sent with a cart.
pub(super) enum Guess {
    /// None, or the one that the cart has already.
    Known(Option<String>),
    /// One that the cart has not had, and what it counts on.
    Tried(String, Counter),
    /// One too many: the cart keeps the one that it has.
    Refused { kept: Option<String>, sent: String },
}

impl Guess {
    /// Counts a code that the cart has not had yet.
    pub(super) async fn begin(shop: &Shop, ctx: &Context, cart: Option<CartId>, code: Option<String>) -> Result<Self, CartError> {
        let Some(code) = code else { return Ok(Self::Known(None)) };
        let known = match cart {
            Some(id) => store::load(&mut shop.db(), id).await?.and_then(|cart| cart.discount_code),
            None => None,
        };
        if known.as_ref() == Some(&code) {
            return Ok(Self::Known(known));
        }
        // All shoppers of a shop that is built on the API come from the network address of its server.
        let client = match (&ctx.actor, cart, ctx.client) {
            (Actor::ApiKey(_), Some(cart), _) => cart.to_string(),
            (_, _, Some(client)) => client.to_string(),
            _ => "none".to_owned(),
        };
        let counter = Counter::new(shop.keys(), &format!("codes {client}"), MAX_PER_CLIENT).shared();
        match throttle::attempt(shop.db(), &[counter]).await {
            Ok(()) => Ok(Self::Tried(code, counter)),
            Err(Throttled::Wait) => Ok(Self::Refused { kept: known, sent: code }),
            Err(Throttled::Db(error)) => Err(error.into()),
        }
    }

    /// The code that the cart has from now on.
    pub(super) fn code(&self) -> Option<String> {
        match self {
            Self::Known(code) | Self::Refused { kept: code, .. } => code.clone(),
            Self::Tried(code, _) => Some(code.clone()),
        }
    }

    /// A code that exists was no guess; one too many is said.
    pub(super) async fn end(self, shop: &Shop, view: &mut CartView) -> Result<(), CartError> {
        match self {
            Self::Known(_) => {}
            Self::Tried(_, counter) => {
                let unknown = |notice: &CartNotice| matches!(notice, CartNotice::DiscountRefused { reason: DiscountRefusal::Unknown, .. });
                if !view.notices.iter().any(unknown) {
                    shop.db().write(async move |tx| throttle::succeeded(tx, &[counter]).await).await?;
                }
            }
            Self::Refused { sent, .. } => {
                view.notices.push(CartNotice::DiscountRefused { code: sent, reason: DiscountRefusal::TooMany });
            }
        }
        Ok(())
    }
}
