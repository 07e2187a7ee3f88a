//! The server functions of the account's pages.

use domain::view::{Address, CartView, ContactDetails, OrderListView, OrderView, Preferences, SavedAddress};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};
use session::{Access, Answer, AppError, access, access_of};

use crate::address::{AddressStart, Fields};

#[cfg(feature = "ssr")]
use backend::customers::CustomerError;
#[cfg(feature = "ssr")]
use backend::identity::{self, IdentityError};
#[cfg(feature = "ssr")]
use domain::Locale;
#[cfg(feature = "ssr")]
use domain::messages::t;
#[cfg(feature = "ssr")]
use domain::order::Channel;
#[cfg(feature = "ssr")]
use session::{FormFallback, request};

#[cfg(feature = "ssr")]
use crate::address;
#[cfg(feature = "ssr")]
use crate::cart::{cart_of_cookie, clear_cart_cookie, set_cart_cookie};

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<SignIn>(),
    access_of::<SignUp>(),
    access_of::<SignOut>(),
    access_of::<ReadAccount>(),
    access_of::<ReadMyOrders>(),
    access_of::<ReadMyOrder>(),
    access_of::<ReadAddresses>(),
    access_of::<ReadSavedForm>(),
    access_of::<ChangeAddresses>(),
    access_of::<ReadPreferences>(),
    access_of::<ChangeAccount>(),
];

/// The result of signing in: the next page, and the user's cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub next: String,
    pub cart: Option<CartView>,
}

#[cfg(feature = "ssr")]
pub(super) fn identity_error(error: IdentityError) -> AppError {
    match error {
        IdentityError::Invalid(fields) => request::invalid(fields),
        IdentityError::WrongCredentials => request::refused(401, t::ACCOUNT_SIGN_IN_FAILED),
        IdentityError::TooManyAttempts => request::refused(429, t::ACCOUNT_SIGN_IN_TOO_MANY),
        IdentityError::Busy => request::fail(AppError::new(503)),
        IdentityError::SignedOut => request::fail(AppError::new(401)),
        IdentityError::Unknown => request::not_found(),
        IdentityError::Link => request::refused(410, t::ACCOUNT_LINK_INVALID_TITLE),
        IdentityError::NoMail => request::refused(503, t::ACCOUNT_NO_MAIL),
        other => request::unexpected(&other),
    }
}

#[cfg(feature = "ssr")]
fn customer_error(error: CustomerError) -> AppError {
    match error {
        CustomerError::Invalid(fields) => request::invalid(fields),
        CustomerError::SignedOut => request::fail(AppError::new(401)),
        CustomerError::Unknown => request::not_found(),
        other => request::unexpected(&other),
    }
}

#[cfg(feature = "ssr")]
async fn enter(me: &domain::view::Me, token: &str, cart: Option<String>, back: Option<String>) -> Result<SignedIn, AppError> {
    let shop = request::shop()?;
    let context = identity::context_of(me, request::context()?.request);
    request::set_session(Some(token));
    // A cookie for the sign-in addresses only.
    let device = identity::device_token(&shop, me.id, request::context()?.device.as_deref());
    for path in request::SIGN_IN_PATHS {
        request::set_cookie(session::cookies::DEVICE, &device, path, 31_536_000);
    }
    let guest = cart.and_then(|id| id.parse().ok()).or_else(cart_of_cookie);
    let cart = backend::cart::merge_on_sign_in(&shop, &context, request::locale(), Channel::Web, guest)
        .await
        .map_err(|error| request::unexpected(&error))?;
    set_cart_cookie(cart.as_ref().and_then(|cart| cart.id));
    let home = if me.role.is_some() { "/admin" } else { "/account" };
    let next = back.filter(|back| request::is_inside(back)).unwrap_or_else(|| home.to_owned());
    request::redirect(&next);
    Ok(SignedIn { next, cart })
}

#[server(endpoint = "sign_in", output = Answer)]
pub async fn sign_in(
    email: String,
    password: String,
    #[server(default)] cart: Option<String>,
    #[server(default)] back: Option<String>,
) -> Result<SignedIn, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let (me, token) = identity::sign_in(&shop, &context, request::locale(), &email, &password).await.map_err(identity_error)?;
    enter(&me, &token, cart, back).await
}
access!(SignIn, Access::Public);

/// Opens an account and signs in.
#[server(endpoint = "sign_up", output = Answer)]
pub async fn sign_up(
    name: String,
    email: String,
    #[server(default)] phone: String,
    password: String,
    #[server(default)] cart: Option<String>,
    #[server(default)] back: Option<String>,
) -> Result<SignedIn, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let contact = ContactDetails { name, email, phone };
    let (_, token) = identity::sign_up(&shop, &context, request::locale(), contact, &password).await.map_err(identity_error)?;
    let me = identity::authenticate(&shop, &token).await.map_err(identity_error)?.ok_or_else(|| AppError::new(500))?;
    enter(&me, &token, cart, back).await
}
access!(SignUp, Access::Public);

/// Signs out. The answer is the next page.
#[server(endpoint = "sign_out", output = Answer)]
pub async fn sign_out() -> Result<String, AppError> {
    if let Some(token) = request::token() {
        identity::sign_out(&request::shop()?, &token).await.map_err(identity_error)?;
    }
    request::set_session(None);
    clear_cart_cookie();
    request::redirect("/");
    Ok("/".to_owned())
}
access!(SignOut, Access::Public);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    pub contact: ContactDetails,
    /// Are they to be asked to prove their address?
    pub is_proof_needed: bool,
    /// The newest orders.
    pub orders: OrderListView,
}

#[cfg(feature = "ssr")]
async fn my_orders(after: Option<String>) -> Result<OrderListView, AppError> {
    let context = request::authorize(Access::Customer)?;
    backend::orders::of_customer(&request::shop()?, &context, after.as_deref()).await.map_err(|error| request::unexpected(&error))
}

#[server(endpoint = "read_account", input = GetUrl, output = Answer)]
pub async fn read_account() -> Result<AccountView, AppError> {
    let context = request::authorize(Access::Customer)?;
    let me = request::me().ok_or_else(|| AppError::new(401))?;
    let mut orders = my_orders(None).await?;
    orders.orders.truncate(3);
    let is_proof_needed = identity::is_proof_needed(&request::shop()?, &context).await.map_err(identity_error)?;
    Ok(AccountView { contact: me.contact, is_proof_needed, orders })
}
access!(ReadAccount, Access::Customer);

/// The shopper's orders, newest first.
#[server(endpoint = "read_my_orders", input = GetUrl, output = Answer)]
pub async fn read_my_orders(after: Option<String>) -> Result<OrderListView, AppError> {
    my_orders(after).await
}
access!(ReadMyOrders, Access::Customer);

/// One of the shopper's orders, the link under which it can be followed without an account, and the shop's contact link.
#[server(endpoint = "read_my_order", input = GetUrl, output = Answer)]
pub async fn read_my_order(order: String) -> Result<(OrderView, String, Option<String>), AppError> {
    let context = request::authorize(Access::Customer)?;
    let shop = request::shop()?;
    let id = order.parse().map_err(|_| request::not_found())?;
    let view = backend::order_management::view(&shop, &context, request::locale(), id).await.map_err(|error| match error {
        backend::orders::OrderError::Unknown | backend::orders::OrderError::Forbidden(_) => request::not_found(),
        other => request::unexpected(&other),
    })?;
    Ok((view, backend::orders::link(&shop, id), crate::layout::help(&shop)))
}
access!(ReadMyOrder, Access::Customer);

/// The address book with its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookView {
    pub saved: Vec<SavedAddress>,
    /// Code and name of each.
    pub countries: Vec<(String, String)>,
    /// The edited address, what was typed, or empty.
    pub form: AddressStart,
    /// The id of the edited address; empty for a new one.
    pub edited: String,
}

#[server(endpoint = "read_addresses", input = GetUrl, output = Answer)]
pub async fn read_addresses(edited: String) -> Result<BookView, AppError> {
    let context = request::authorize(Access::Customer)?;
    let saved = backend::customers::address_book(&request::shop()?, &context).await.map_err(customer_error)?;
    let fallback = use_context::<FormFallback>().unwrap_or_default();
    let typed: Fields = fallback.values.into_iter().collect();
    let one = saved.iter().find(|saved| saved.id.to_string() == edited).map(|saved| saved.address.clone());
    let contact = request::me().map(|me| me.contact).unwrap_or_default();
    let address = match (fallback.to.is_empty(), one) {
        (false, _) => address::read(&typed, ""),
        (true, Some(one)) => one,
        (true, None) => Address { recipient: contact.name, phone: contact.phone, ..Address::default() },
    };
    let edited = typed.get("id").cloned().unwrap_or(edited);
    Ok(BookView { saved, countries: backend::customers::countries(request::locale()), form: address::start(address)?, edited })
}
access!(ReadAddresses, Access::Customer);

/// The form of an address that the shopper has saved.
#[server(endpoint = "read_saved_form", input = Json, output = Answer)]
pub async fn read_saved_form(address: Address) -> Result<AddressStart, AppError> {
    request::authorize(Access::Customer)?;
    address::start(address)
}
access!(ReadSavedForm, Access::Customer);

/// Changes the address book: `step` is `save`, `delete` or `default`. The answer is the next page.
#[server(endpoint = "change_addresses", output = Answer)]
pub async fn change_addresses(#[server(flatten)] fields: Fields) -> Result<String, AppError> {
    let context = request::authorize(Access::Customer)?;
    let (shop, locale) = (request::shop()?, request::locale());
    let field = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let id = field("id").parse().ok();
    match (field("step").as_str(), id) {
        ("delete", Some(id)) => backend::customers::delete_address(&shop, &context, id).await.map_err(customer_error)?,
        ("default", Some(id)) => backend::customers::set_default_address(&shop, &context, id).await.map_err(customer_error)?,
        ("save", id) => {
            let read = address::read(&fields, "");
            let chosen = address::as_chosen(read.clone());
            match backend::customers::save_address(&shop, &context, locale, id, &chosen, !field("is_default").is_empty()).await {
                Ok(_) => {}
                Err(CustomerError::Invalid(errors)) => return Err(request::invalid(address::at_fields(errors, &read, ""))),
                Err(error) => return Err(customer_error(error)),
            }
        }
        _ => return Err(request::not_found()),
    }
    request::redirect("/account/addresses");
    Ok("/account/addresses".to_owned())
}
access!(ChangeAddresses, Access::Customer);

/// Contact details and preferences of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferencesView {
    pub contact: ContactDetails,
    /// Are they to be asked to prove their address?
    pub is_proof_needed: bool,
    pub preferences: Preferences,
}

/// Contact details and preferences of an account.
#[server(endpoint = "read_preferences", input = GetUrl, output = Answer)]
pub async fn read_preferences() -> Result<PreferencesView, AppError> {
    let context = request::authorize(Access::Customer)?;
    let me = request::me().ok_or_else(|| AppError::new(401))?;
    let shop = request::shop()?;
    let preferences = backend::customers::preferences(&shop, &context).await.map_err(customer_error)?;
    let is_proof_needed = identity::is_proof_needed(&shop, &context).await.map_err(identity_error)?;
    Ok(PreferencesView { contact: me.contact, is_proof_needed, preferences })
}
access!(ReadPreferences, Access::Customer);

/// Changes the account: `step` is `contact`, `preferences`, `password`, or `proof` to have the mail sent again by which the address is proved.
/// The answer is the step that was done, or `email`
/// where a new address is to be confirmed by a link that was mailed to it.
#[server(endpoint = "change_account", output = Answer)]
pub async fn change_account(#[server(flatten)] fields: Fields) -> Result<String, AppError> {
    let context = request::authorize(Access::Customer)?;
    let (shop, locale) = (request::shop()?, request::locale());
    let raw = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let step = raw("step");
    match step.as_str() {
        "contact" => {
            let contact = ContactDetails { name: raw("name"), email: raw("email"), phone: raw("phone") };
            let token = request::token().unwrap_or_default();
            let saved =
                identity::save_contact(&shop, &context, locale, &token, &contact, &raw("password")).await.map_err(identity_error)?;
            if saved == identity::ContactSaved::EmailToConfirm {
                request::redirect("/account/preferences?confirm=1");
                return Ok("email".to_owned());
            }
        }
        "preferences" => {
            let saved = backend::customers::preferences(&shop, &context).await.map_err(customer_error)?;
            let preferences = Preferences { locale: raw("language"), ..saved };
            backend::customers::save_preferences(&shop, &context, &preferences).await.map_err(customer_error)?;
            // Without a cookie the browser's language is used.
            match Locale::parse(&preferences.locale) {
                Some(language) => request::set_cookie(session::cookies::LANGUAGE, language.code(), "/", 31_536_000),
                None => request::set_cookie(session::cookies::LANGUAGE, "", "/", 0),
            }
        }
        "password" => {
            let token = request::token().unwrap_or_default();
            identity::change_password(&shop, &context, locale, &token, &raw("current_password"), &raw("new_password"))
                .await
                .map_err(identity_error)?;
        }
        "proof" => {
            identity::send_proof_again(&shop, &context, locale).await.map_err(identity_error)?;
            request::redirect("/account/preferences?sent=1");
            return Ok(step);
        }
        _ => return Err(request::not_found()),
    }
    request::redirect("/account/preferences?saved=1");
    Ok(step)
}
access!(ChangeAccount, Access::Customer);
