//! The server functions of the checkout's page: what it begins with, delivery offers, and placing the order.

use domain::cart::Totals;
use domain::id::CartId;
use domain::view::{CartView, ContactDetails, DeliveryOption, SavedAddress};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use web::{Access, Answer, AppError, access, access_of};

use super::LatestOrder;
use crate::address::{AddressStart, Fields};

#[cfg(feature = "ssr")]
use backend::checkout::CheckoutError;
#[cfg(feature = "ssr")]
use domain::Locale;
#[cfg(feature = "ssr")]
use domain::order::{Channel, PaymentMethod};
#[cfg(feature = "ssr")]
use domain::view::{Address, CheckoutForm, FieldErrors};
#[cfg(feature = "ssr")]
use web::{FormFallback, request};

#[cfg(feature = "ssr")]
use crate::address;
#[cfg(feature = "ssr")]
use crate::cart::{cart_of_cookie, clear_cart_cookie};
#[cfg(feature = "ssr")]
use crate::delivery_place;

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<BeginCheckout>(), access_of::<ReadOffers>(), access_of::<PlaceOrder>()];

/// A delivery option, and the cart's totals with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub option: DeliveryOption,
    pub totals: Totals,
}

/// The initial state of the checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutStart {
    /// The idempotency key of the order.
    pub key: String,
    /// The cart as the server prices it.
    pub cart: Option<CartView>,
    /// From what was typed, or from the account.
    pub contact: ContactDetails,
    pub signed_in: bool,
    pub book: Vec<SavedAddress>,
    /// Code and name of each.
    pub countries: Vec<(String, String)>,
    pub delivery_address: AddressStart,
    pub billing: AddressStart,
    /// The delivery options, once the place is known.
    pub offers: Vec<Offer>,
    /// Does the shop ever take cash on delivery?
    pub takes_cash: bool,
    /// The error of the discount code that was sent without a script.
    pub code_problem: Option<String>,
    /// Fields that were sent without a script.
    pub typed: Fields,
    /// The order that this browser placed last.
    pub latest: Option<LatestOrder>,
}

/// The result of placing an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// The next page: the gateway's, or the order's.
    pub address: String,
}

#[cfg(feature = "ssr")]
fn to_app_error(error: CheckoutError, seen_total: Option<i64>) -> AppError {
    use domain::messages::t;
    let locale = request::locale();
    match error {
        CheckoutError::Invalid(fields) => request::invalid(fields),
        CheckoutError::NoCart | CheckoutError::Empty => request::refused(422, t::CHECKOUT_NOTHING_TO_BUY),
        CheckoutError::OutOfStock(names) | CheckoutError::NotForSale(names) => {
            request::fail(AppError::with_message(409, t::CHECKOUT_STOCK_GONE.with(locale, &[("name", &names.join(", "))])))
        }
        CheckoutError::TotalChanged(now) => {
            let old = domain::Money::new(seen_total.unwrap_or(now.minor), now.currency);
            request::fail(AppError::with_message(
                409,
                t::CHECKOUT_TOTALS_CHANGED.with(locale, &[("old", &locale.money(old)), ("new", &locale.money(now))]),
            ))
        }
        CheckoutError::Discount(total) => {
            request::fail(AppError::with_message(409, t::CHECKOUT_DISCOUNT_LOST.with(locale, &[("total", &locale.money(total))])))
        }
        CheckoutError::Ordered { number, .. } => {
            request::fail(AppError::with_message(409, t::CHECKOUT_ORDERED_ALREADY.with(locale, &[("number", &number)])))
        }
        CheckoutError::KeyReused | CheckoutError::Key => request::refused(409, t::CHECKOUT_KEY_USED),
        CheckoutError::TooLarge(_) => request::refused(422, t::CART_TOO_LARGE),
        other => request::unexpected(&other),
    }
}

#[cfg(feature = "ssr")]
async fn offers(cart: CartId, address: &Address) -> Result<Vec<Offer>, AppError> {
    let (shop, context, locale) = (request::shop()?, request::context()?, request::locale());
    let found =
        backend::checkout::offers(&shop, &context, locale, Channel::Web, cart, address).await.map_err(|error| to_app_error(error, None))?;
    Ok(found.into_iter().map(|(option, totals)| Offer { option, totals }).collect())
}

/// The `step` of the button that applies a discount code, without a script.
pub(super) const USE_CODE: &str = "look:code";

/// The `step` of the button that continues without a discount code, without a script.
pub(super) const DROP_CODE: &str = "look:no-code";

/// Applies the discount code that was typed but not applied, or removes it where the field was emptied, so that no typed code is ignored.
/// Returns why it cannot be used.
#[cfg(feature = "ssr")]
async fn use_typed_code(id: CartId, typed: &str) -> Result<Option<String>, AppError> {
    use backend::cart;
    use domain::view::{CartItem, CartNotice};
    let (shop, context, locale) = (request::shop()?, request::context()?, request::locale());
    let typed = typed.trim();
    // Placing the order reports a cart that cannot be read.
    let Ok(before) = cart::view(&shop, &context, locale, Channel::Web, id).await else { return Ok(None) };
    let used = before.discount_code.clone().unwrap_or_default();
    let is_refused = |view: &CartView| view.notices.iter().any(|notice| matches!(notice, CartNotice::DiscountRefused { .. }));
    if typed.eq_ignore_ascii_case(&used) && !is_refused(&before) {
        return Ok(None);
    }
    let items = || before.lines.iter().map(|line| CartItem { variant: line.variant, quantity: line.quantity, seen_price: 0 }).collect();
    let use_code = async |version: i64, code: &str| {
        let code = Some(code.to_owned()).filter(|code| !code.is_empty());
        cart::sync(&shop, &context, locale, Channel::Web, Some(id), version, items(), code)
            .await
            .map_err(|error| request::unexpected(&error))
    };
    let after = use_code(before.version, typed).await?;
    let refused = after.notices.iter().find(|notice| matches!(notice, CartNotice::DiscountRefused { .. })).map(crate::cart::notice_text);
    if refused.is_some() {
        // Keep the former code.
        use_code(after.version, &used).await?;
    }
    Ok(refused)
}

/// The initial state: what was typed without a script, else from the account.
#[server(endpoint = "begin_checkout", input = GetUrl, output = Answer)]
pub async fn begin_checkout(cart: Option<CartId>) -> Result<CheckoutStart, AppError> {
    let (shop, context, locale) = (request::shop()?, request::context()?, request::locale());
    let me = request::me();
    let fallback = use_context::<FormFallback>().unwrap_or_default();
    let mut typed: Fields = fallback.values.into_iter().collect();
    let cart = cart.or_else(cart_of_cookie);
    // Without a script the code is applied or removed by a button of the form, which comes back to the page.
    let code = match typed.get("step").map(String::as_str) {
        Some(USE_CODE) => typed.get("code").cloned(),
        Some(DROP_CODE) => Some(String::new()),
        _ => None,
    };
    let code_problem = match (cart, code) {
        (Some(id), Some(code)) => use_typed_code(id, &code).await.unwrap_or_else(|error| Some(error.text(locale))),
        _ => None,
    };
    if code_problem.is_some() {
        // The page is shown with the status of an invalid form.
        let _ = request::fail(AppError::new(422));
    }
    let cart = match cart {
        Some(id) => backend::cart::view(&shop, &context, locale, Channel::Web, id).await.ok(),
        None => None,
    };
    let book = if me.is_some() {
        backend::contacts::address_book(&shop, &context).await.map_err(|error| request::unexpected(&error))?
    } else {
        Vec::new()
    };
    let (delivery_address, billing) = if fallback.to.is_empty() {
        let own = book.iter().find(|saved| saved.is_default).or(book.first()).map(|saved| saved.address.clone());
        (own.unwrap_or_else(address::of_chosen_place), Address::default())
    } else {
        (address::read(&typed, ""), address::read(&typed, "billing_"))
    };
    let offers = match &cart {
        Some(CartView { id: Some(id), .. }) if backend::checkout::is_delivery_place_known(&delivery_address) => {
            offers(*id, &delivery_address).await?
        }
        _ => Vec::new(),
    };
    let typed_or = |name: &str, otherwise: String| typed.get(name).cloned().unwrap_or(otherwise);
    let contact = me.as_ref().map(|me| me.contact.clone()).unwrap_or_default();
    let contact = ContactDetails {
        name: typed_or("name", contact.name),
        email: typed_or("email", contact.email),
        phone: typed_or("phone", contact.phone),
    };
    let key = typed.remove("key").filter(|key| key.len() >= 8).unwrap_or_else(|| shop.id().to_string());
    Ok(CheckoutStart {
        key,
        cart,
        contact,
        signed_in: me.is_some(),
        book,
        countries: backend::contacts::countries(locale),
        delivery_address: address::start(delivery_address)?,
        billing: address::start(billing)?,
        offers,
        takes_cash: backend::checkout::open_order_limits::takes_cash(&shop, &context),
        code_problem,
        typed,
        latest: super::unpaid::latest_order(&shop).await,
    })
}
access!(BeginCheckout, Access::Public);

/// The delivery options of a cart for a country, and in the Philippines the code of a region or a place in it.
#[server(endpoint = "read_offers", input = GetUrl, output = Answer)]
pub async fn read_offers(cart: CartId, country: String, place: String) -> Result<Vec<Offer>, AppError> {
    offers(cart, &Address { country, place, ..Address::default() }).await
}
access!(ReadOffers, Access::Public);

/// Places the order. The fields are those of the page's form.
#[server(endpoint = "place_order", output = Answer)]
pub async fn place_order(#[server(flatten)] fields: Fields) -> Result<Next, AppError> {
    use domain::messages::t;
    let (shop, context, locale) = (request::shop()?, request::context()?, request::locale());
    let field = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let Some(cart) = field("cart").parse().ok().or_else(cart_of_cookie) else {
        return Err(request::refused(422, t::CHECKOUT_NOTHING_TO_BUY));
    };
    let contact = ContactDetails { name: field("name"), email: field("email"), phone: field("phone") };
    let mut delivery_address = address::read(&fields, "");
    delivery_address.recipient.clone_from(&contact.name);
    delivery_address.phone.clone_from(&contact.phone);
    let billing = billing_address(&fields, &contact.name);
    let seen_total: Option<i64> = field("seen_total").parse().ok();
    let payment = field("payment").parse::<PaymentMethod>();
    let form = CheckoutForm {
        cart,
        contact,
        delivery_address: address::as_chosen(delivery_address.clone()),
        billing_address: billing.clone().map(address::as_chosen),
        delivery: field("delivery"),
        gift_note: field("gift_note"),
        payment: payment.unwrap_or(PaymentMethod::Card),
        seen_total,
    };
    let at_fields = |errors: FieldErrors| {
        let (theirs, mine): (Vec<_>, Vec<_>) =
            errors.into_iter().filter(|(name, _)| name != "recipient").partition(|(name, _)| name.starts_with("billing_"));
        let mut errors = address::at_fields(mine, &delivery_address, "");
        errors.extend(address::at_fields(theirs, &billing.clone().unwrap_or_default(), "billing_"));
        errors
    };
    // All errors are reported at once.
    let mut wrong = at_fields(backend::checkout::check_form(locale, &form));
    if payment.is_err() {
        wrong.push(("payment".into(), t::CHECKOUT_CHOOSE_PAYMENT.text(locale).into()));
    }
    if let Some(why) = use_typed_code(cart, &field("code")).await? {
        wrong.push(("code".into(), why));
    }
    if !wrong.is_empty() {
        return Err(request::invalid(wrong));
    }
    let placed = match backend::checkout::place_order(&shop, &context, locale, Channel::Web, &field("key"), form).await {
        Ok(placed) => placed,
        Err(CheckoutError::Invalid(errors)) => return Err(request::invalid(at_fields(errors))),
        Err(error) => return Err(to_app_error(error, seen_total)),
    };
    if context.user().is_some() && !field("save_address").is_empty() {
        // The order is placed: an address that cannot be saved is no reason to fail.
        if let Err(error) = backend::contacts::save_address(&shop, &context, locale, None, &delivery_address, false).await {
            tracing::warn!(%error, "an address was not saved");
        }
    }
    clear_cart_cookie();
    remember_place(locale, &delivery_address);
    // Proves to the return page that this browser placed the order.
    super::remember_order(&shop, placed.order);
    let address = placed.pay_at.unwrap_or(placed.link);
    request::redirect(&address);
    Ok(Next { address })
}
access!(PlaceOrder, Access::Public);

/// The billing address, where another one is wanted; for whoever buys, where it names nobody.
#[cfg(feature = "ssr")]
fn billing_address(fields: &Fields, buyer: &str) -> Option<Address> {
    let is_other = fields.get("billing_same").is_none_or(|same| same.trim().is_empty()) && fields.contains_key("billing_country");
    is_other.then(|| {
        let mut billing = address::read(fields, "billing_");
        if billing.recipient.is_empty() {
            buyer.clone_into(&mut billing.recipient);
        }
        billing
    })
}

/// The delivery place of later visits is where this order goes.
#[cfg(feature = "ssr")]
fn remember_place(locale: Locale, address: &Address) {
    let code = if address.country == "PH" { &address.place } else { &address.country };
    if let Some(chosen) = backend::contacts::delivery_place(locale, code) {
        delivery_place::remember(&chosen.code);
    }
}
