//! What a cart costs now, and what changed since the shopper saw it.

use domain::order::Channel;
use domain::view::{CartItem, CartLineView, CartNotice, CartView};
use domain::{Locale, Money, Quantity};

use platform::db::DbError;

use crate::pricing::{LineItem, PriceRequest, PricedItem, Prices, TaxRegion, price_order};
use crate::{Shop, settings};

use super::{Available, CartError, StoredCart};

/// A cart with everything that its price depends on.
pub(crate) struct CartPrices {
    /// The cart's items, cut to what is in stock.
    pub(crate) request: PriceRequest,
    pub(crate) prices: Prices,
}

/// What a cart's price depends on, to be shown, for a channel and for the taxes of a region.
pub(crate) async fn shown_prices(
    shop: &Shop,
    cart: &StoredCart,
    available: &Available,
    locale: Locale,
    channel: Channel,
    region: TaxRegion,
) -> Result<CartPrices, DbError> {
    let request = PriceRequest {
        channel,
        locale,
        currency: cart.currency,
        region,
        items: limited_to(available, &cart.items).iter().map(|item| (item.variant, item.quantity)).collect(),
        discount_code: cart.discount_code.clone(),
        at: shop.now(),
    };
    let prices = Prices::shown(shop, &request).await?;
    Ok(CartPrices { request, prices })
}

/// The items, not more of anything than there is.
pub(super) fn limited_to(available: &Available, items: &[CartItem]) -> Vec<CartItem> {
    items.iter().map(|item| CartItem { quantity: in_stock(item, available), ..*item }).collect()
}

/// An item's quantity, or as many as there are. Of what is sold out it stays as it is, until the shopper takes it out or it comes back.
fn in_stock(item: &CartItem, available: &Available) -> Quantity {
    match available.get(&item.variant) {
        Some(units) if *units > 0 => item.quantity.min(Quantity::clamped(*units)),
        _ => item.quantity,
    }
}

/// Prices a cart for its page, as an order through this channel would be. Delivery is not in it: where it goes is not known yet.
pub(super) async fn view(
    shop: &Shop,
    locale: Locale,
    channel: Channel,
    cart: StoredCart,
    available: Available,
) -> Result<CartView, CartError> {
    let region = TaxRegion::country(settings::shop(shop).country);
    let CartPrices { request, prices } = shown_prices(shop, &cart, &available, locale, channel, region).await?;
    let order = price_order(&request, &prices, None)?;
    let mut notices = Vec::new();
    let mut lines = Vec::with_capacity(cart.items.len());
    for (item, priced) in cart.items.iter().zip(&order.items) {
        match priced {
            PricedItem::ForSale(line) => {
                let available = available.get(&item.variant).copied().unwrap_or(0);
                notices.extend(changes(item, line, available, cart.currency));
                lines.push(line_view(line, available, cart.currency)?);
            }
            PricedItem::NotForSale(quote) => notices.push(CartNotice::Gone { name: quote.name.clone() }),
            // Nothing is known of it, not even a name; it is not stored either.
            PricedItem::Unknown => {}
        }
    }
    if let (Some(code), Some(reason)) = (&cart.discount_code, order.discount_refused) {
        notices.push(CartNotice::DiscountRefused { code: code.clone(), reason });
    }
    Ok(CartView { id: Some(cart.id), version: cart.version, lines, totals: order.totals, discount_code: order.discount_code, notices })
}

/// The notice about an item whose price or stock changed.
fn changes(item: &CartItem, line: &LineItem<'_>, available: i64, currency: domain::Currency) -> Vec<CartNotice> {
    let name = || line.quote.name.clone();
    let mut notices = Vec::new();
    if available == 0 {
        notices.push(CartNotice::SoldOut { name: name() });
    } else if available < item.quantity.get() {
        notices.push(CartNotice::QuantityCut { name: name(), from: item.quantity.get(), to: available });
    }
    let unit_price = line.price.unit_price;
    if item.seen_price != 0 && item.seen_price != unit_price {
        let money = |minor| Money::new(minor, currency);
        notices.push(CartNotice::PriceChanged { name: name(), from: money(item.seen_price), to: money(unit_price) });
    }
    notices
}

fn line_view(line: &LineItem<'_>, available: i64, currency: domain::Currency) -> Result<CartLineView, CartError> {
    let LineItem { quote, price } = line;
    let unit_price = Money::new(price.unit_price, currency);
    Ok(CartLineView {
        variant: quote.variant,
        slug: quote.slug.clone(),
        name: quote.name.clone(),
        options: quote.options.clone(),
        sku: quote.sku.clone(),
        picture: quote.picture,
        quantity: price.quantity,
        unit_price,
        total: unit_price.times(price.quantity.get())?,
        tax_rate_bp: price.tax_rate_bp,
        weight_g: price.weight_g,
        available: available.min(price.quantity.get() + 10),
    })
}
