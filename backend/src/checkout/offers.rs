//! What delivery costs and how long it takes: for a cart and an address, and for a place before there is either.

use domain::cart::{Discount, Totals, totals};
use domain::id::CartId;
use domain::order::Channel;
use domain::view::{Address, CashOnDelivery, DeliveryOption, DeliveryPromise, DeliveryTo, OrderLimits};
use domain::{Locale, Money, Timestamp};

use crate::cart;
use crate::customers::{self, address_tree};
use crate::platform::Context;
use crate::platform::db::DbError;
use crate::pricing::{self, Rules};
use crate::{Shop, settings};

use super::{CheckoutError, cash};

/// The zones of the Philippines, as delivery methods name them.
const ISLANDS: [&str; 4] = ["NCR", "Luzon", "Visayas", "Mindanao"];

/// The ways to deliver a cart to an address, cheapest first, each with what everything costs then. Everything is read once, however
/// many ways there are.
///
/// # Errors
/// [`CheckoutError::NoCart`] for a cart that is not the caller's.
pub async fn offers(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    id: CartId,
    address: &Address,
) -> Result<Vec<(DeliveryOption, Totals)>, CheckoutError> {
    let cart = cart::view(shop, ctx, locale, id).await?;
    let at = shop.now();
    let rules = Rules::load(&mut shop.db(), at).await?;
    let keys: Vec<_> = cart.lines.iter().map(|line| (line.variant, Channel::Web, locale)).collect();
    let quotes = pricing::quotes(&mut shop.db(), &keys, cart.totals.total.currency, at).await?;
    let mut lines = Vec::with_capacity(cart.lines.len());
    for line in &cart.lines {
        let Some(quote) = quotes.get(&(line.variant, Channel::Web, locale)) else {
            return Err(CheckoutError::Gone(vec![line.name.clone()]));
        };
        lines.push(pricing::priced(quote, line.unit_price.minor, line.quantity, &rules, &address.country));
    }
    let discount = cart.discount_code.is_some().then_some(Discount::Amount(cart.totals.discount.minor));
    let island = address_tree::island_group(address);
    let limits = cash::limits(shop, ctx);
    let mut offers = Vec::new();
    for method in rules.methods_to(&address.country, island) {
        let sums = totals(cart.totals.total.currency, &lines, discount, Some(rules.rate_of(method, &address.country)))?;
        let (name, description) = method.words(locale);
        let (from, to) = method.days(at);
        let option = DeliveryOption {
            code: method.code.clone(),
            name: name.to_owned(),
            description: description.to_owned(),
            fee: sums.shipping,
            from: at.plus_millis(from * Timestamp::DAY),
            to: at.plus_millis(to * Timestamp::DAY),
            cash: cash_for(method, &limits, sums.total),
        };
        offers.push((option, sums));
    }
    offers.sort_by_key(|(option, _)| (option.fee.minor, option.to));
    Ok(offers)
}

/// Does the shop take cash for this total where this method delivers?
const fn cash_for(method: &pricing::Method, limits: &OrderLimits, total: Money) -> CashOnDelivery {
    if !limits.cash {
        CashOnDelivery::Off
    } else if !method.collects_cash {
        CashOnDelivery::NotCollected
    } else if !limits.takes_cash(total.minor) {
        CashOnDelivery::UpTo(Money::new(limits.cash_total, total.currency))
    } else {
        CashOnDelivery::Taken
    }
}

/// Is it known where it goes, as far as the ways to deliver depend on it? Before that there are none to choose from.
#[must_use]
pub fn is_place_known(address: &Address) -> bool {
    match address.country.as_str() {
        "" => false,
        "PH" => address_tree::island_group(address).is_some(),
        _ => true,
    }
}

/// What delivery to a place costs and how long it takes, whatever is bought; to each zone of the shop's country where the code names
/// no place (yet). See [`customers::delivery_place`] for codes.
///
/// # Errors
/// The database's.
pub async fn delivery_to(shop: &Shop, locale: Locale, code: &str) -> Result<DeliveryTo, DbError> {
    let rules = shop.listings().rules(shop).await?;
    let at = shop.now();
    let home = settings::shop(shop).country;
    let promises = |country: &str, island: Option<&str>| -> Vec<DeliveryPromise> {
        let promise = |method: &pricing::Method| {
            let (from, to) = method.days(at);
            DeliveryPromise {
                name: method.words(locale).0.to_owned(),
                rate: rules.rate_of(method, country),
                from: at.plus_millis(from * Timestamp::DAY),
                to: at.plus_millis(to * Timestamp::DAY),
                order_by: method.order_by(at),
            }
        };
        rules.methods_to(country, island).map(promise).collect()
    };
    let place = customers::delivery_place(locale, code);
    let zones = match &place {
        Some(place) if place.code.len() == 2 => vec![promises(&place.code, None)],
        Some(place) => {
            let address = Address { country: "PH".into(), place: place.code.clone(), ..Address::default() };
            vec![promises("PH", address_tree::island_group(&address))]
        }
        None if home == "PH" => ISLANDS.map(|island| promises("PH", Some(island))).into(),
        None => vec![promises(&home, None)],
    };
    Ok(DeliveryTo { place, zones })
}

/// When what pages say of delivery changes next by the clock alone: at midnight, and at each time by which something must be ordered.
///
/// # Errors
/// The database's.
pub async fn next_turn(shop: &Shop) -> Result<Timestamp, DbError> {
    let rules = shop.listings().rules(shop).await?;
    let at = shop.now();
    let midnight = domain::day_of(at).plus_millis(Timestamp::DAY);
    Ok(rules.methods.iter().filter_map(|method| method.order_by(at)).fold(midnight, Timestamp::min))
}
