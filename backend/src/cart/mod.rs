//! Carts: stored in the browser, synced here. The browser sends variants and quantities; the server answers with prices and with
//! what changed.
//!
//! A cart's id gives access to it, until a signed-in shopper owns it: from then on only that shopper has access. A sync that comes from an
//! older version than the stored one (another tab or device was quicker) is merged: every item stays, with the larger of the two
//! quantities, because the same wish on two devices is one wish.

mod change;
mod code_attempt;
pub mod events;
mod price;
mod store;

use std::collections::HashMap;

use domain::cart::MAX_LINES;
use domain::id::{CartId, UserId, VariantId};
use domain::order::Channel;
use domain::view::{CartItem, CartView};
use domain::{Currency, Locale, MoneyError, Quantity, Timestamp};

use platform::Context;
use platform::cache::Cache;
use platform::db::{DbError, Tx};

use crate::{Shop, inventory, pricing, settings};

pub(crate) use change::{CartBatcher, cart_batcher};
use change::{CartCommand, Change};
use code_attempt::CodeAttempt;
use events::CartMerged;
pub(crate) use price::{CartPrices, shown_prices};
use store::ChangedCart;
pub(crate) use store::{try_lock, wait_for};

/// Why a cart was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CartError {
    /// No such cart, or another shopper's.
    #[error("there is no such cart")]
    Unknown,
    /// The cart that was sent belongs to an account that the caller is not signed in to (any more).
    #[error("the cart belongs to an account")]
    OfAccount,
    /// More than [`MAX_LINES`] different items.
    #[error("a cart holds at most 200 different items")]
    TooManyLines,
    /// The sum is beyond what can be paid.
    #[error("the total is too large")]
    TooLarge(#[from] MoneyError),
    #[error("{0}")]
    Db(#[from] DbError),
}

/// Units that can be had, by variant. Variants without any are missing.
pub(crate) type Available = HashMap<VariantId, i64>;

/// A cart as stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredCart {
    pub id: CartId,
    pub user: Option<UserId>,
    /// Where it was begun. It is priced for the channel through which it is ordered.
    pub channel: Channel,
    pub currency: Currency,
    pub discount_code: Option<String>,
    pub version: i64,
    pub ordered: bool,
    pub items: Vec<CartItem>,
}

/// The channels for which carts were begun, in memory: none ever changes.
pub(crate) struct CartChannels(Cache<CartId, Channel>);

impl CartChannels {
    /// Of about so many carts, some 100 bytes each.
    const MAX_ENTRIES: usize = 20_000;

    fn insert(&self, id: CartId, channel: Channel) {
        self.0.insert(self.0.begin_reading(), id, channel);
    }
}

impl Default for CartChannels {
    fn default() -> Self {
        Self(Cache::new(Self::MAX_ENTRIES))
    }
}

/// Takes what the browser (or an API client) holds and answers with prices, stock and what changed. Without a cart, or with one that
/// was bought, a new one is created.
///
/// # Errors
/// [`CartError::TooManyLines`] beyond 200 lines; [`CartError::OfAccount`] for the cart of an account that the caller is not signed in to,
/// which may be a sync that was under way when the shopper signed out: its items are nobody else's. Nothing is changed then.
#[expect(clippy::too_many_arguments, reason = "each comes from the browser or is known of it, and none goes with another")]
pub async fn sync(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    id: Option<CartId>,
    version: i64,
    items: Vec<CartItem>,
    discount: Option<String>,
) -> Result<CartView, CartError> {
    let items = folded(items)?;
    let attempt = CodeAttempt::start(shop, ctx, id, discount.as_deref().and_then(pricing::normal_code)).await?;
    let mut view = change(shop, ctx, locale, channel, id, Change::Sync { version, items, code: attempt.code() }).await?;
    attempt.finish(shop, &mut view).await?;
    Ok(view)
}

/// Sets the items of a cart that is there, whatever it holds, and answers as [`sync`] does.
///
/// # Errors
/// [`CartError::Unknown`] for a cart that does not exist, was bought, or is another shopper's; [`CartError::TooManyLines`] beyond
/// 200 lines.
pub async fn set_items(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    id: CartId,
    items: Vec<CartItem>,
) -> Result<CartView, CartError> {
    change(shop, ctx, locale, channel, Some(id), Change::SetItems(folded(items)?)).await
}

/// Has a cart changed together with those of others, and answers with its prices of now.
async fn change(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    id: Option<CartId>,
    change: Change,
) -> Result<CartView, CartError> {
    let command = CartCommand { id, change, user: ctx.user(), channel, currency: settings::shop_currency(shop) };
    let (cart, available) = shop.cart_batcher().call(command).await?;
    shop.cart_channels().insert(cart.id, cart.channel);
    price::view(shop, locale, channel, cart, available).await
}

/// The channel for which a cart was begun, also one that was ordered since; none where there is no such cart.
///
/// # Errors
/// The database's.
pub async fn channel_of(shop: &Shop, id: CartId) -> Result<Option<Channel>, DbError> {
    shop.cart_channels().0.get_or_read(id, store::channel_of(&mut shop.db(), id)).await
}

/// A cart with its prices of now, for the channel through which it is looked at and would be ordered.
///
/// # Errors
/// [`CartError::Unknown`] for one that does not exist, was bought, or is another shopper's.
pub async fn view(shop: &Shop, ctx: &Context, locale: Locale, channel: Channel, id: CartId) -> Result<CartView, CartError> {
    let (cart, available) = load(shop, ctx, channel, id).await?;
    price::view(shop, locale, channel, cart, available).await
}

/// A cart that the caller may use, and the units of its items that orders of a channel can get.
///
/// # Errors
/// As [`view`].
pub(crate) async fn load(shop: &Shop, ctx: &Context, channel: Channel, id: CartId) -> Result<(StoredCart, Available), CartError> {
    let stored = store::load_stocked(&mut shop.db(), id, channel).await?;
    stored.filter(|(cart, _)| usable(cart, ctx.user())).ok_or(CartError::Unknown)
}

/// After sign-in: the guest's cart and the shopper's own become one, nothing is lost, and it belongs to the shopper.
///
/// # Errors
/// The database's.
pub async fn merge_on_sign_in(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    guest: Option<CartId>,
) -> Result<Option<CartView>, CartError> {
    let Some(user) = ctx.user() else { return Ok(None) };
    let cart = shop.write(ctx, async move |tx| merge_carts(tx, user, guest).await).await?;
    match cart {
        Some(cart) => {
            let available = inventory::available_of(&mut shop.db(), channel, cart.items.iter().map(|item| item.variant)).await?;
            Ok(Some(price::view(shop, locale, channel, cart, available).await?))
        }
        None => Ok(None),
    }
}

async fn merge_carts(tx: &mut Tx, user: UserId, guest: Option<CartId>) -> Result<Option<StoredCart>, CartError> {
    let open = store::open_of(tx, user).await?;
    let ids: Vec<CartId> = open.into_iter().chain(guest).collect();
    let carts = store::lock(tx, &ids).await?;
    let find = |id: Option<CartId>| carts.iter().find(|cart| Some(cart.id) == id && usable(cart, Some(user))).cloned();
    match (find(open), find(guest)) {
        (Some(own), Some(guest)) if own.id == guest.id => Ok(Some(own)),
        (Some(mut own), Some(guest)) => {
            let stored = std::mem::take(&mut own.items);
            own.items = merged(&stored, &guest.items);
            own.items.truncate(MAX_LINES);
            own.discount_code = own.discount_code.or(guest.discount_code);
            own.version += 1;
            store::put(tx, &[ChangedCart { cart: &own, stored: &stored }]).await?;
            store::clear(tx, guest.id).await?;
            tx.record(own.id, CartMerged { from: guest.id });
            Ok(Some(own))
        }
        (None, Some(mut guest)) => {
            guest.user = Some(user);
            guest.version += 1;
            store::put(tx, &[ChangedCart { cart: &guest, stored: &guest.items }]).await?;
            Ok(Some(guest))
        }
        (Some(own), None) => Ok(Some(own)),
        (None, None) => Ok(None),
    }
}

/// What was sent beyond what was bought.
fn without(items: &[CartItem], bought: &[CartItem]) -> Vec<CartItem> {
    let beyond = |item: &CartItem| {
        let had = bought.iter().find(|line| line.variant == item.variant).map_or(0, |line| line.quantity.get());
        (item.quantity.get() > had).then(|| CartItem { quantity: Quantity::clamped(item.quantity.get() - had), ..*item })
    };
    items.iter().filter_map(beyond).collect()
}

/// How long a guest's cart is stored after its last change: the lifetime of the browser's cookie.
const IDLE_MS: i64 = 90 * Timestamp::DAY;

/// Deletes guests' carts that were not changed for 90 days, up to 500 at a time; returns how many.
///
/// # Errors
/// The database's.
pub async fn delete_idle(shop: &Shop) -> Result<u64, DbError> {
    shop.db().write(async move |tx| store::remove_idle(tx, tx.now().plus_millis(-IDLE_MS)).await).await
}

/// Cuts a cart to what is in stock, after an order was refused because there is less: what the shopper is shown from now on is what
/// will be ordered.
///
/// # Errors
/// The database's.
pub(crate) async fn cut_to_stock(shop: &Shop, id: CartId) -> Result<(), CartError> {
    shop.db()
        .write(async move |tx| {
            let Some(cart) = store::lock(tx, &[id]).await?.into_iter().next().filter(|cart| !cart.ordered) else { return Ok(()) };
            let available = inventory::available_of(tx, cart.channel, cart.items.iter().map(|item| item.variant)).await?;
            let stocked = StoredCart { items: price::limited_to(&available, &cart.items), version: cart.version + 1, ..cart.clone() };
            if stocked.items != cart.items {
                store::put(tx, &[ChangedCart { cart: &stocked, stored: &cart.items }]).await?;
            }
            Ok(())
        })
        .await
}

/// May this cart be used by this shopper (or guest)?
fn usable(cart: &StoredCart, user: Option<UserId>) -> bool {
    !cart.ordered && is_open_to(cart, user)
}

/// Is it nobody's, or this shopper's?
fn is_open_to(cart: &StoredCart, user: Option<UserId>) -> bool {
    cart.user.is_none() || cart.user == user
}

/// Each variant once, quantities added up to at most what a line holds.
fn folded(items: Vec<CartItem>) -> Result<Vec<CartItem>, CartError> {
    let mut out: Vec<CartItem> = Vec::with_capacity(items.len().min(MAX_LINES));
    let mut positions: HashMap<VariantId, usize> = HashMap::new();
    for item in items {
        if let Some(position) = positions.get(&item.variant) {
            let line = &mut out[*position];
            line.quantity = Quantity::clamped(line.quantity.get() + item.quantity.get());
        } else {
            positions.insert(item.variant, out.len());
            out.push(item);
        }
        if out.len() > MAX_LINES {
            return Err(CartError::TooManyLines);
        }
    }
    Ok(out)
}

/// Every item of both, with the larger quantity.
fn merged(stored: &[CartItem], sent: &[CartItem]) -> Vec<CartItem> {
    let mut out = stored.to_vec();
    for item in sent {
        match out.iter_mut().find(|line| line.variant == item.variant) {
            Some(line) => line.quantity = line.quantity.max(item.quantity),
            None => out.push(*item),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn item(n: u128, quantity: i64) -> CartItem {
        CartItem { variant: VariantId(Uuid::from_u128(n)), quantity: Quantity::clamped(quantity), seen_price: 0 }
    }

    #[test]
    fn bought_units_leave_the_cart_and_added_ones_stay() {
        assert_eq!(without(&[item(1, 2), item(2, 3), item(3, 1)], &[item(1, 2), item(2, 1)]), [item(2, 2), item(3, 1)]);
    }

    #[test]
    fn merging_two_carts_keeps_every_item() {
        let both = merged(&[item(1, 2), item(2, 1)], &[item(1, 3), item(3, 1)]);
        assert_eq!(both, vec![item(1, 3), item(2, 1), item(3, 1)]);
    }

    #[test]
    fn two_lines_of_one_variant_become_one() {
        assert_eq!(folded(vec![item(1, 2), item(1, 3)]).ok(), Some(vec![item(1, 5)]));
    }

    #[test]
    fn ten_thousand_lines_are_refused() {
        let many = (0..10_000).map(|n| item(n, 1)).collect();
        assert!(matches!(folded(many), Err(CartError::TooManyLines)));
    }
}
