//! Carts: stored in the browser, synced here. The browser sends variants and quantities; the server answers with prices and with
//! what changed.
//!
//! A cart's id gives access to it, until a signed-in shopper owns it: from then on only that shopper has access. A sync that comes from an
//! older version than the stored one (another tab or device was quicker) is merged: every item stays, with the larger of the two
//! quantities, because the same wish on two devices is one wish.

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
use platform::db::{DbError, Tx};

use crate::{Shop, inventory, pricing, settings};

use code_attempt::CodeAttempt;
use events::CartMerged;
pub(crate) use price::{CartPrices, read_prices};

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
    let sent = SentCart { id, version, items, code: attempt.code(), user: ctx.user(), channel, currency: settings::shop_currency(shop) };
    let cart = shop.write(ctx, async move |tx| store_sent(tx, &sent).await).await?;
    let mut view = price::view(shop, locale, channel, cart).await?;
    attempt.finish(shop, &mut view).await?;
    Ok(view)
}

/// A cart as the browser sent it.
struct SentCart {
    id: Option<CartId>,
    version: i64,
    items: Vec<CartItem>,
    code: Option<String>,
    user: Option<UserId>,
    channel: Channel,
    currency: Currency,
}

/// Stores what was sent, as far as it is in stock. Returns the cart as it was sent, so that a notice can show what was cut.
async fn store_sent(tx: &mut Tx, sent: &SentCart) -> Result<StoredCart, CartError> {
    let existing = match sent.id {
        Some(id) => store::lock(tx, &[id]).await?.into_iter().next(),
        None => None,
    };
    if existing.as_ref().is_some_and(|cart| !is_open_to(cart, sent.user)) {
        return Err(CartError::OfAccount);
    }
    // Bought on another device: what this one still shows of it is not wanted once more.
    let items = match &existing {
        Some(cart) if cart.ordered => without(&sent.items, &cart.items),
        _ => sent.items.clone(),
    };
    let Some(mut cart) = existing.filter(|cart| !cart.ordered) else {
        let cart = StoredCart {
            id: CartId(tx.id()),
            user: sent.user,
            channel: sent.channel,
            currency: sent.currency,
            discount_code: sent.code.clone(),
            version: 1,
            ordered: false,
            items,
        };
        store::insert(tx, &cart).await?;
        let stocked = limited_to_stock(tx, cart.channel, &cart.items).await?;
        store::replace_lines(tx, cart.id, &stocked).await?;
        return Ok(cart);
    };
    let items = if sent.version == cart.version { items } else { merged(&cart.items, &items) };
    let owner = cart.user.or(sent.user);
    if items.len() > MAX_LINES {
        return Err(CartError::TooManyLines);
    }
    let stocked = limited_to_stock(tx, cart.channel, &items).await?;
    if stocked != cart.items || sent.code != cart.discount_code || owner != cart.user {
        cart.discount_code.clone_from(&sent.code);
        cart.user = owner;
        cart.items = stocked;
        store::change(tx, &mut cart).await?;
    }
    cart.items = items;
    Ok(cart)
}

/// The channel for which a cart was begun, also one that was ordered since; none where there is no such cart.
///
/// # Errors
/// The database's.
pub async fn channel_of(shop: &Shop, id: CartId) -> Result<Option<Channel>, DbError> {
    store::channel_of(&mut shop.db(), id).await
}

/// A cart with its prices of now, for the channel through which it is looked at and would be ordered.
///
/// # Errors
/// [`CartError::Unknown`] for one that does not exist, was bought, or is another shopper's.
pub async fn view(shop: &Shop, ctx: &Context, locale: Locale, channel: Channel, id: CartId) -> Result<CartView, CartError> {
    let cart = load(shop, ctx, id).await?;
    price::view(shop, locale, channel, cart).await
}

/// A cart that the caller may use.
///
/// # Errors
/// As [`view`].
pub(crate) async fn load(shop: &Shop, ctx: &Context, id: CartId) -> Result<StoredCart, CartError> {
    let stored = store::load(&mut shop.db(), id).await?;
    stored.filter(|cart| usable(cart, ctx.user())).ok_or(CartError::Unknown)
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
        Some(cart) => Ok(Some(price::view(shop, locale, channel, cart).await?)),
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
            own.items = merged(&own.items, &guest.items);
            own.items.truncate(MAX_LINES);
            own.discount_code = own.discount_code.or(guest.discount_code);
            store::change(tx, &mut own).await?;
            store::replace_lines(tx, guest.id, &[]).await?;
            tx.record(own.id, CartMerged { from: guest.id });
            Ok(Some(own))
        }
        (None, Some(mut guest)) => {
            guest.user = Some(user);
            guest.version += 1;
            store::update(tx, &guest).await?;
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

/// Removes guests' carts that were not changed for 90 days, up to 500 at a time; returns how many.
///
/// # Errors
/// The database's.
pub async fn tidy(shop: &Shop) -> Result<u64, DbError> {
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
            let Some(mut cart) = store::lock(tx, &[id]).await?.into_iter().next().filter(|cart| !cart.ordered) else { return Ok(()) };
            let stocked = limited_to_stock(tx, cart.channel, &cart.items).await?;
            if stocked != cart.items {
                cart.items = stocked;
                store::change(tx, &mut cart).await?;
            }
            Ok(())
        })
        .await
}

/// The items, not more of anything than there is for a channel.
async fn limited_to_stock(tx: &mut Tx, channel: Channel, items: &[CartItem]) -> Result<Vec<CartItem>, DbError> {
    let available = inventory::available_of(tx, channel, items.iter().map(|item| item.variant)).await?;
    Ok(items.iter().map(|item| CartItem { quantity: price::in_stock(item, &available), ..*item }).collect())
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
