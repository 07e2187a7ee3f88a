//! What delivery costs and how long it takes: for a cart and an address, and for a place before there is either.

use domain::cart::Totals;
use domain::id::CartId;
use domain::order::Channel;
use domain::view::{Address, CashOnDelivery, DeliveryOption, DeliveryPromise, DeliveryTo, OrderLimits};
use domain::{Locale, Money, Timestamp};

use platform::Context;
use platform::db::DbError;

use crate::cart::{self, CartPrices};
use crate::contacts::{self, address_tree};
use crate::pricing::{self, DeliveryMethod, TaxRegion, price_order};
use crate::{Shop, settings};

use super::{CheckoutError, open_order_limits};

/// The island groups of the Philippines, as delivery methods name them.
const ISLAND_GROUPS: [&str; 4] = ["NCR", "Luzon", "Visayas", "Mindanao"];

/// The ways to deliver a cart to an address, cheapest first, each with what everything costs then. What that depends on is read
/// once, however many methods there are. What is not for sale any more is in none of the sums: the cart names it, and the order is refused.
///
/// # Errors
/// [`CheckoutError::NoCart`] for a cart that is not the caller's.
pub async fn offers(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    id: CartId,
    address: &Address,
) -> Result<Vec<(DeliveryOption, Totals)>, CheckoutError> {
    let (cart, available) = cart::load(shop, ctx, channel, id).await?;
    let CartPrices { request, prices } = cart::shown_prices(shop, &cart, &available, locale, channel, TaxRegion::of(address)).await?;
    let island = address_tree::island_group(address);
    let limits = open_order_limits::limits_of(shop, ctx);
    let zone = settings::time_zone(shop);
    let mut offers = Vec::new();
    for method in prices.rules.methods_to(&address.country, island) {
        let totals = price_order(&request, &prices, Some(method))?.totals;
        let (name, description) = method.name_and_description(locale);
        let (from, to) = method.promised_days(request.at, zone);
        let option = DeliveryOption {
            code: method.code.clone(),
            name: name.to_owned(),
            description: description.to_owned(),
            fee: totals.delivery_fee,
            from: zone.plus_days(request.at, from),
            to: zone.plus_days(request.at, to),
            cash: cash_for(method, &limits, totals.total),
        };
        offers.push((option, totals));
    }
    offers.sort_by_key(|(option, _)| (option.fee.minor, option.to));
    Ok(offers)
}

/// Does the shop take cash for this total where this method delivers?
const fn cash_for(method: &DeliveryMethod, limits: &OrderLimits, total: Money) -> CashOnDelivery {
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

/// Is it known where it goes, as far as delivery methods depend on it? Before that there are none to choose from.
#[must_use]
pub fn is_delivery_place_known(address: &Address) -> bool {
    match address.country.as_str() {
        "" => false,
        "PH" => address_tree::island_group(address).is_some(),
        _ => true,
    }
}

/// What delivery to a place costs and how long it takes, whatever is bought; to each zone of the shop's country where the code names
/// no place (yet). See [`contacts::delivery_place`] for codes.
///
/// # Errors
/// The database's.
pub async fn delivery_to(shop: &Shop, locale: Locale, code: &str) -> Result<DeliveryTo, DbError> {
    let rules = pricing::rules(shop).await?;
    let at = shop.now();
    let settings = settings::shop(shop);
    let (home, zone) = (settings.country.as_str(), settings.zone());
    let promises = |region: &TaxRegion, island: Option<&str>| -> Vec<DeliveryPromise> {
        let promise = |method: &DeliveryMethod| {
            let (from, to) = method.promised_days(at, zone);
            DeliveryPromise {
                name: method.name_and_description(locale).0.to_owned(),
                rate: rules.delivery_rate(method, region),
                from: zone.plus_days(at, from),
                to: zone.plus_days(at, to),
                order_by: method.order_by(at, zone),
            }
        };
        rules.methods_to(&region.country, island).map(promise).collect()
    };
    let place = contacts::delivery_place(locale, code);
    let zones = match &place {
        Some(place) if place.code.len() == 2 => vec![promises(&TaxRegion::country(&*place.code), None)],
        Some(place) => {
            let address = Address { country: "PH".into(), place: place.code.clone(), ..Address::default() };
            vec![promises(&TaxRegion::of(&address), address_tree::island_group(&address))]
        }
        None if home == "PH" => ISLAND_GROUPS.map(|island| promises(&TaxRegion::country("PH"), Some(island))).into(),
        None => vec![promises(&TaxRegion::country(home), None)],
    };
    Ok(DeliveryTo { place, zones })
}

/// The next time at which delivery dates on pages change by the clock alone: at midnight, and at each cut-off.
///
/// # Errors
/// The database's.
pub async fn next_promise_change(shop: &Shop) -> Result<Timestamp, DbError> {
    let rules = pricing::rules(shop).await?;
    let at = shop.now();
    let zone = settings::time_zone(shop);
    let midnight = zone.start_of(zone.date(at).plus_days(1));
    Ok(rules.methods.iter().filter_map(|method| method.order_by(at, zone)).fold(midnight, Timestamp::min))
}
