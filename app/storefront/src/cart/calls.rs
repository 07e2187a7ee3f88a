//! The cart's server functions. Besides the browser's copy, a cookie names the cart to the pages that show it before a
//! script runs, or without one; it is sent to those pages only, so that all others stay cacheable for everybody.

use std::collections::BTreeMap;

use domain::id::CartId;
use domain::view::{CartItem, CartView};
use leptos::prelude::*;
use server_fn::codec::GetUrl;
use web::{Access, Answer, AppError, access, access_of};

#[cfg(feature = "ssr")]
use backend::cart::CartError;
#[cfg(feature = "ssr")]
use domain::{Quantity, id::VariantId, order::Channel, view::VariantView};
#[cfg(feature = "ssr")]
use web::request;

#[cfg(feature = "ssr")]
use crate::choice::{choose, field_of, not_combined};
#[cfg(feature = "ssr")]
use crate::query::product_address;

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<SyncCart>(), access_of::<ReadCart>(), access_of::<ChangeCart>()];

/// Paths that the cookie with the cart's id is sent to: the pages that show the cart, and the call that puts items back into it.
#[cfg(feature = "ssr")]
const PAGES: [&str; 6] = ["/cart", "/checkout", "/sign-in", "/sign-up", "/orders/follow", "/api/finish_order"];

/// Sets the cookie with the cart's id; without one it is cleared.
#[cfg(feature = "ssr")]
pub(crate) fn set_cart_cookie(id: Option<CartId>) {
    let (value, age) = id.map_or((String::new(), 0), |id| (id.to_string(), 90 * 86_400));
    for page in PAGES {
        request::set_cookie("cart", &value, page, age);
    }
}

/// Clears the cookie with the cart's id.
#[cfg(feature = "ssr")]
pub(crate) fn clear_cart_cookie() {
    set_cart_cookie(None);
}

/// The cart that the cookie names.
#[cfg(feature = "ssr")]
pub(crate) fn cart_of_cookie() -> Option<CartId> {
    request::cookie("cart").and_then(|id| id.parse().ok())
}

#[cfg(feature = "ssr")]
fn to_app_error(error: CartError) -> AppError {
    use domain::messages::t;
    match error {
        CartError::Unknown | CartError::OfAccount => request::not_found(),
        CartError::TooManyLines => request::refused(422, t::CART_TOO_MANY),
        CartError::TooLarge(_) => request::refused(422, t::CART_TOO_LARGE),
        CartError::Db(error) => request::unexpected(&error),
    }
}

/// Sends the browser's cart to the server; the answer has current prices and stock, and what changed. For the cart of an account that the
/// caller is signed out of, it is a cart without an id: the browser is to forget that it had one. So it is for the first items that were
/// sent while signed in and arrive when the session has ended: a guest's cart of them would be the next person's at this browser.
#[server(endpoint = "sync_cart", output = Answer)]
pub async fn sync_cart(
    #[server(default)] id: Option<CartId>,
    version: i64,
    #[server(default)] items: Vec<CartItem>,
    #[server(default)] code: Option<String>,
) -> Result<CartView, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    if id.is_none() && request::has_ended_session() {
        request::set_session(None);
        return Ok(super::empty());
    }
    match backend::cart::sync(&shop, &context, request::locale(), Channel::Web, id, version, items, code).await {
        Ok(view) => {
            set_cart_cookie(view.id);
            Ok(view)
        }
        Err(CartError::OfAccount) => Ok(super::empty()),
        Err(error) => Err(to_app_error(error)),
    }
}
access!(SyncCart, Access::Public);

/// The server's cart; without an id the one of the cookie, for the page before a script runs.
#[server(endpoint = "read_cart", input = GetUrl, output = Answer)]
pub async fn read_cart(id: Option<CartId>) -> Result<Option<CartView>, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let Some(id) = id.or_else(cart_of_cookie) else { return Ok(None) };
    match backend::cart::view(&shop, &context, request::locale(), Channel::Web, id).await {
        Ok(view) => Ok(Some(view)),
        Err(CartError::Unknown) => Ok(None),
        Err(error) => Err(to_app_error(error)),
    }
}
access!(ReadCart, Access::Public);

/// Changes the cart by a form without a script: `step` is `add`, `set`, `remove` or `code`. The item is named by its
/// variant, or by its product and the chosen value of each option.
#[server(endpoint = "change_cart", output = Answer)]
pub async fn change_cart(
    step: String,
    #[server(default)] variant: Option<String>,
    #[server(default)] product: Option<String>,
    #[server(default)] choice: BTreeMap<String, String>,
    #[server(default)] quantity: Option<String>,
    #[server(default)] code: Option<String>,
) -> Result<String, AppError> {
    use domain::messages::t;
    let (shop, context, locale) = (request::shop()?, request::context()?, request::locale());
    let cart = match cart_of_cookie() {
        Some(id) => match backend::cart::view(&shop, &context, locale, Channel::Web, id).await {
            Ok(view) => Some(view),
            Err(CartError::Unknown) => None,
            Err(error) => return Err(to_app_error(error)),
        },
        None => None,
    };
    let view = cart.unwrap_or_else(super::empty);
    let mut items: Vec<_> = view
        .lines
        .iter()
        .map(|line| CartItem { variant: line.variant, quantity: line.quantity, seen_price: line.unit_price.minor })
        .collect();
    let mut discount = view.discount_code.clone();
    let variant: Option<VariantId> = match (variant, product) {
        (Some(variant), _) => variant.parse().ok(),
        (None, Some(slug)) => {
            let (slug, variant) = chosen_variant(&shop, &slug, &choice).await?;
            // Its page says that it is sold out, and offers a mail for when it is back.
            if variant.available == 0 && step == "add" {
                let page = product_address(&slug, &variant.sku);
                request::redirect(&page);
                return Ok(page);
            }
            Some(variant.id)
        }
        (None, None) => None,
    };
    let wrong_quantity =
        || request::invalid(vec![("quantity".into(), t::FIELD_QUANTITY_INVALID.with(locale, &[("max", &locale.number(Quantity::MAX))]))]);
    // An unreadable number is not 0: that would remove the line.
    let quantity = quantity.map_or(Ok(1), |text| domain::number_input::whole(&text)).map_err(|_| wrong_quantity())?;
    match (step.as_str(), variant) {
        ("code", _) => discount = code.filter(|code| !code.trim().is_empty()),
        ("add", Some(variant)) => {
            let quantity = Quantity::new(quantity).map_err(|_| wrong_quantity())?;
            match items.iter_mut().find(|item| item.variant == variant) {
                Some(item) => item.quantity = Quantity::clamped(item.quantity.get() + quantity.get()),
                None => items.push(CartItem { variant, quantity, seen_price: 0 }),
            }
        }
        ("set", Some(variant)) if quantity != 0 => {
            let quantity = Quantity::new(quantity).map_err(|_| wrong_quantity())?;
            items.iter_mut().filter(|item| item.variant == variant).for_each(|item| item.quantity = quantity);
        }
        ("set" | "remove", Some(variant)) => items.retain(|item| item.variant != variant),
        _ => return Err(request::refused(404, t::PRODUCT_NOT_FOUND_BODY)),
    }
    let view =
        backend::cart::sync(&shop, &context, locale, Channel::Web, view.id, view.version, items, discount).await.map_err(to_app_error)?;
    set_cart_cookie(view.id);
    request::redirect("/cart");
    Ok("/cart".to_owned())
}
access!(ChangeCart, Access::Public);

/// The variant of a product with these values of its options, and the product's slug. An option without one is asked for, unless it has a single value.
#[cfg(feature = "ssr")]
async fn chosen_variant(shop: &backend::Shop, slug: &str, choice: &BTreeMap<String, String>) -> Result<(String, VariantView), AppError> {
    use domain::messages::t;
    let locale = request::locale();
    let product = backend::catalog::product(shop, locale, slug).await.map_err(|error| request::unexpected(&error))?;
    let product = product.ok_or_else(|| request::refused(404, t::PRODUCT_NOT_FOUND_BODY))?;
    let mut values = product.given_choice();
    for (option, value) in product.options.iter().zip(&mut values) {
        if let Some(chosen) = choice.get(&option.key) {
            value.clone_from(chosen);
        }
    }
    if let Some(variant) = product.variant(&values) {
        return Ok((product.slug.clone(), variant.clone()));
    }
    let open = product.options.iter().zip(&values).filter(|(_, value)| value.is_empty());
    let mut wrong: Vec<_> = open.map(|(option, _)| (field_of(option), choose(&option.name, locale))).collect();
    if wrong.is_empty() {
        let last = product.options.last().ok_or_else(|| request::refused(404, t::PRODUCT_NOT_FOUND_BODY))?;
        wrong.push((field_of(last), not_combined(&last.name, locale)));
    }
    Err(request::invalid(wrong))
}
