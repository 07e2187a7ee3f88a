//! Carts: kept in the browser, synced here. The browser says what and how many, the server says what it costs and what changed.
//!
//! Who holds a cart's id may use it, until a signed-in shopper owns it: from then on nobody else may. A sync that comes from an
//! older version than the stored one (another tab or device was quicker) is merged: every article stays, with the larger of
//! the two quantities, because the same wish on two devices is one wish.

mod guesses;
mod store;

use std::collections::HashMap;

use domain::cart::{MAX_LINES, PricedLine, totals};
use domain::id::{CartId, UserId, VariantId};
use domain::order::Channel;
use domain::view::{CartItem, CartLineView, CartNotice, CartView, DiscountRefusal};
use domain::{Currency, Locale, Money, MoneyError, Quantity, Timestamp};

use crate::inventory;
use crate::platform::Context;
use crate::platform::db::{Db, DbError, Tx};
use crate::platform::events::{self, Event};
use crate::pricing::{self, Rules};
use crate::{Shop, settings};

use guesses::Guess;

/// Why a cart was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CartError {
    /// No such cart, or somebody else's.
    #[error("there is no such cart")]
    Unknown,
    /// More than [`MAX_LINES`] different articles.
    #[error("a cart holds at most 200 different articles")]
    TooManyLines,
    /// The sum is beyond what can be paid.
    #[error("the total is too large")]
    TooLarge(#[from] MoneyError),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

/// A cart as stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub id: CartId,
    pub user: Option<UserId>,
    pub channel: Channel,
    pub currency: Currency,
    pub discount_code: Option<String>,
    pub version: i64,
    pub ordered: bool,
    pub items: Vec<CartItem>,
}

/// Takes what the browser (or an API client) holds and answers with prices, stock and what changed. Without a cart, or with
/// one that was bought or is somebody else's, a new one is made.
///
/// # Errors
/// [`CartError::TooManyLines`] beyond 200 lines; nothing is changed then.
#[expect(clippy::too_many_arguments, reason = "each is told by the browser or known of it, and none goes with another")]
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
    let guess = Guess::begin(shop, ctx, id, discount.as_deref().and_then(pricing::normal_code)).await?;
    let code = guess.code();
    let (inner, user, currency) = (shop.clone(), ctx.user(), settings::shop_currency(shop));
    let stored = shop
        .db()
        .write(async move |tx| {
            let at = inner.now();
            let known = match id {
                Some(id) => store::lock(tx, &[id]).await?.into_iter().next(),
                None => None,
            };
            // Bought on another device: what this one still shows of it is not wanted once more.
            let items = match &known {
                Some(cart) if cart.ordered && (cart.user.is_none() || cart.user == user) => without(&items, &cart.items),
                _ => items.clone(),
            };
            let Some(mut cart) = known.filter(|cart| usable(cart, user)) else {
                let cart = Stored {
                    id: CartId(inner.id()),
                    user,
                    channel,
                    currency,
                    discount_code: code.clone(),
                    version: 1,
                    ordered: false,
                    items: items.clone(),
                };
                store::insert(tx, &cart, at).await?;
                let kept = in_stock(tx, &cart.items).await?;
                store::replace_lines(tx, cart.id, &kept).await?;
                return Ok::<_, CartError>(cart);
            };
            let wanted = if version == cart.version { items.clone() } else { merged(&cart.items, &items) };
            let owner = cart.user.or(user);
            if wanted.len() > MAX_LINES {
                return Err(CartError::TooManyLines);
            }
            let kept = in_stock(tx, &wanted).await?;
            if kept != cart.items || code != cart.discount_code || owner != cart.user {
                cart.discount_code = code.clone();
                cart.user = owner;
                cart.items = kept;
                store::change(tx, &mut cart, at).await?;
            }
            // Priced as it was asked for, so that the shopper is told what was cut.
            cart.items = wanted;
            Ok(cart)
        })
        .await?;
    let mut view = price(shop, locale, stored).await?;
    guess.end(shop, &mut view).await?;
    Ok(view)
}

/// A cart with its prices of now.
///
/// # Errors
/// [`CartError::Unknown`] for one that does not exist, was bought, or is somebody else's.
pub async fn view(shop: &Shop, ctx: &Context, locale: Locale, id: CartId) -> Result<CartView, CartError> {
    let stored = store::load(&mut shop.db(), id).await?;
    let cart = stored.filter(|cart| usable(cart, ctx.user())).ok_or(CartError::Unknown)?;
    price(shop, locale, cart).await
}

/// The signed-in shopper's open cart.
///
/// # Errors
/// The database's.
pub async fn mine(shop: &Shop, ctx: &Context, locale: Locale) -> Result<Option<CartView>, CartError> {
    let Some(user) = ctx.user() else { return Ok(None) };
    match store::open_of(&mut shop.db(), user).await? {
        Some(id) => Ok(Some(view(shop, ctx, locale, id).await?)),
        None => Ok(None),
    }
}

/// After sign-in: the guest's cart and the shopper's own become one, nothing is lost, and it belongs to the shopper.
///
/// # Errors
/// The database's.
pub async fn merge_on_sign_in(shop: &Shop, ctx: &Context, locale: Locale, guest: Option<CartId>) -> Result<Option<CartView>, CartError> {
    let Some(user) = ctx.user() else { return Ok(None) };
    let (inner, context) = (shop.clone(), ctx.clone());
    let merged_cart = shop
        .db()
        .write(async move |tx| {
            let at = inner.now();
            let open = store::open_of(tx, user).await?;
            let ids: Vec<CartId> = open.into_iter().chain(guest).collect();
            let carts = store::lock(tx, &ids).await?;
            let find = |id: Option<CartId>| carts.iter().find(|cart| Some(cart.id) == id && usable(cart, Some(user))).cloned();
            let (own, guest) = (find(open), find(guest));
            let cart = match (own, guest) {
                (Some(own), Some(guest)) if own.id == guest.id => own,
                (Some(mut own), Some(guest)) => {
                    own.items = merged(&own.items, &guest.items);
                    own.items.truncate(MAX_LINES);
                    own.discount_code = own.discount_code.or(guest.discount_code);
                    store::change(tx, &mut own, at).await?;
                    store::replace_lines(tx, guest.id, &[]).await?;
                    let data = serde_json::json!({ "from": guest.id });
                    events::append(tx, &inner, &context, at, &[Event::new("cart.merged", own.id.0, data)]).await?;
                    own
                }
                (None, Some(mut guest)) => {
                    guest.user = Some(user);
                    guest.version += 1;
                    store::update(tx, &guest, at).await?;
                    guest
                }
                (Some(own), None) => own,
                (None, None) => return Ok::<_, CartError>(None),
            };
            Ok(Some(cart))
        })
        .await?;
    match merged_cart {
        Some(cart) => Ok(Some(price(shop, locale, cart).await?)),
        None => Ok(None),
    }
}

/// What was put in beyond what was bought.
fn without(items: &[CartItem], bought: &[CartItem]) -> Vec<CartItem> {
    let beyond = |item: &CartItem| {
        let had = bought.iter().find(|line| line.variant == item.variant).map_or(0, |line| line.quantity.get());
        (item.quantity.get() > had).then(|| CartItem { quantity: Quantity::clamped(item.quantity.get() - had), ..*item })
    };
    items.iter().filter_map(beyond).collect()
}

/// How long a guest's cart is kept that nobody touches, milliseconds: as long as the browser's cookie names it.
const IDLE: i64 = 90 * Timestamp::DAY;

/// Removes guests' carts that nobody has touched for 90 days, up to 500 at a time; says how many.
///
/// # Errors
/// The database's.
pub async fn tidy(shop: &Shop) -> Result<u64, DbError> {
    let before = shop.now().plus_millis(-IDLE);
    shop.db().write(async move |tx| store::remove_idle(tx, before).await).await
}

/// After an order was refused because less is there than was put in: the cart takes what there is, so that what the shopper is shown
/// from now on is what will be ordered.
///
/// # Errors
/// The database's.
pub(crate) async fn fit(shop: &Shop, id: CartId) -> Result<(), CartError> {
    let inner = shop.clone();
    shop.db()
        .write(async move |tx| {
            let Some(mut cart) = store::lock(tx, &[id]).await?.into_iter().next().filter(|cart| !cart.ordered) else { return Ok(()) };
            let kept = in_stock(tx, &cart.items).await?;
            if kept != cart.items {
                cart.items = kept;
                store::change(tx, &mut cart, inner.now()).await?;
            }
            Ok(())
        })
        .await
}

/// Not more of anything than there is. What is sold out stays as it is, until the shopper takes it out or it comes back.
async fn in_stock(tx: &mut Tx, items: &[CartItem]) -> Result<Vec<CartItem>, DbError> {
    let available = inventory::available_of(tx, items.iter().map(|item| item.variant)).await?;
    let fitted = |item: &CartItem| match available.get(&item.variant) {
        Some(free) if *free > 0 => CartItem { quantity: item.quantity.min(Quantity::clamped(*free)), ..*item },
        _ => *item,
    };
    Ok(items.iter().map(fitted).collect())
}

/// May this cart be used by this shopper (or guest)?
fn usable(cart: &Stored, user: Option<UserId>) -> bool {
    !cart.ordered && (cart.user.is_none() || cart.user == user)
}

/// Each article once, quantities added up to at most what a line holds.
fn folded(items: Vec<CartItem>) -> Result<Vec<CartItem>, CartError> {
    let mut out: Vec<CartItem> = Vec::with_capacity(items.len().min(MAX_LINES));
    let mut places: HashMap<VariantId, usize> = HashMap::new();
    for item in items {
        if let Some(place) = places.get(&item.variant) {
            let line = &mut out[*place];
            line.quantity = Quantity::clamped(line.quantity.get() + item.quantity.get());
        } else {
            places.insert(item.variant, out.len());
            out.push(item);
        }
        if out.len() > MAX_LINES {
            return Err(CartError::TooManyLines);
        }
    }
    Ok(out)
}

/// Every article of both, with the larger quantity.
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

/// Prices a cart and says what changed since the shopper saw it.
async fn price(shop: &Shop, locale: Locale, cart: Stored) -> Result<CartView, CartError> {
    let at = shop.now();
    let mut db: &Db = shop.db();
    let keys: Vec<_> = cart.items.iter().map(|i| (i.variant, cart.channel, locale)).collect();
    let quotes = pricing::quotes(&mut db, &keys, cart.currency, at).await?;
    let available = inventory::available_of(&mut db, cart.items.iter().map(|i| i.variant)).await?;
    let rules = Rules::load(&mut db, at).await?;
    let country = settings::shop(shop).country;
    let money = |minor| Money::new(minor, cart.currency);

    let mut notices = Vec::new();
    let (mut lines, mut sums): (Vec<CartLineView>, Vec<PricedLine>) = (Vec::new(), Vec::new());
    for item in &cart.items {
        let Some(quote) = quotes.get(&(item.variant, cart.channel, locale)) else { continue };
        let (Some(unit_price), true) = (quote.price, quote.on_sale) else {
            notices.push(CartNotice::Gone { name: quote.name.clone() });
            continue;
        };
        let free = available.get(&item.variant).copied().unwrap_or(0);
        let mut quantity = item.quantity;
        if free == 0 {
            notices.push(CartNotice::SoldOut { name: quote.name.clone() });
        } else if free < quantity.get() {
            notices.push(CartNotice::QuantityCut { name: quote.name.clone(), from: quantity.get(), to: free });
            quantity = Quantity::clamped(free);
        }
        if item.seen_price != 0 && item.seen_price != unit_price {
            notices.push(CartNotice::PriceChanged { name: quote.name.clone(), from: money(item.seen_price), to: money(unit_price) });
        }
        let priced = pricing::priced(quote, unit_price, quantity, &rules, &country);
        sums.push(priced);
        lines.push(CartLineView {
            variant: item.variant,
            slug: quote.slug.clone(),
            name: quote.name.clone(),
            options: quote.options.clone(),
            sku: quote.sku.clone(),
            picture: quote.picture,
            quantity,
            unit_price: money(unit_price),
            total: money(unit_price).times(quantity.get())?,
            tax_rate_bp: priced.tax_rate_bp,
            weight_g: quote.weight_g,
            available: free.min(quantity.get() + 10),
        });
    }
    // Where it goes is not known here: delivery is added where it is.
    let mut sum = totals(cart.currency, &sums, None, None)?;
    let mut discount_code = None;
    if let Some(code) = &cart.discount_code {
        let found = pricing::codes(&mut db, std::slice::from_ref(code)).await?;
        let discount = found.get(code).ok_or(DiscountRefusal::Unknown).and_then(|c| c.discount(sum.subtotal, at));
        match discount {
            Ok(discount) => {
                sum = totals(cart.currency, &sums, Some(discount), None)?;
                discount_code = Some(code.clone());
            }
            Err(reason) => notices.push(CartNotice::DiscountRefused { code: code.clone(), reason }),
        }
    }
    Ok(CartView { id: Some(cart.id), version: cart.version, lines, totals: sum, discount_code, notices })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn item(n: u128, quantity: i64) -> CartItem {
        CartItem { variant: VariantId(Uuid::from_u128(n)), quantity: Quantity::clamped(quantity), seen_price: 0 }
    }

    #[test]
    fn what_was_bought_is_not_wanted_again_but_more_of_it_is() {
        assert_eq!(without(&[item(1, 2), item(2, 3), item(3, 1)], &[item(1, 2), item(2, 1)]), [item(2, 2), item(3, 1)]);
    }

    #[test]
    fn merging_two_carts_loses_nothing() {
        let both = merged(&[item(1, 2), item(2, 1)], &[item(1, 3), item(3, 1)]);
        assert_eq!(both, vec![item(1, 3), item(2, 1), item(3, 1)]);
    }

    #[test]
    fn two_lines_of_one_article_become_one() {
        assert_eq!(folded(vec![item(1, 2), item(1, 3)]).ok(), Some(vec![item(1, 5)]));
    }

    #[test]
    fn ten_thousand_lines_are_refused() {
        let many = (0..10_000).map(|n| item(n, 1)).collect();
        assert!(matches!(folded(many), Err(CartError::TooManyLines)));
    }
}
