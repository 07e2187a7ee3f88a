//! The server functions of the account's pages.

use domain::view::{Address, CartView, ContactDetails, OrderListView, OrderView, Preferences, SavedAddress, SecondFactorView, SessionView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};
use web::{Access, Answer, AppError, access, access_of};

use crate::address::{AddressStart, Fields};

#[cfg(feature = "ssr")]
use backend::contacts::ContactError;
#[cfg(feature = "ssr")]
use backend::identity::{self, IdentityError, Proof};
#[cfg(feature = "ssr")]
use domain::Locale;
#[cfg(feature = "ssr")]
use domain::order::Channel;
#[cfg(feature = "ssr")]
use web::{FormFallback, request};

#[cfg(feature = "ssr")]
use crate::address;
#[cfg(feature = "ssr")]
use crate::cart::{cart_of_cookie, clear_cart_cookie, set_cart_cookie};

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<SignIn>(),
    access_of::<SignUp>(),
    access_of::<ReadSignUp>(),
    access_of::<SignOut>(),
    access_of::<ReadAccount>(),
    access_of::<ReadMyOrders>(),
    access_of::<ReadMyOrder>(),
    access_of::<ReadAddresses>(),
    access_of::<ReadSavedForm>(),
    access_of::<ChangeAddresses>(),
    access_of::<ReadPreferences>(),
    access_of::<ChangeAccount>(),
    access_of::<ReadSecurity>(),
    access_of::<ChangeSecurity>(),
];

/// The result of signing in: the next page, and the user's cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub next: String,
    pub cart: Option<CartView>,
    /// Otherwise something is to be done first: a code is to be typed, or a mail to be read.
    pub is_whole: bool,
}

#[cfg(feature = "ssr")]
fn contact_error(error: ContactError) -> AppError {
    match error {
        ContactError::Invalid(fields) => request::invalid(fields),
        ContactError::SignedOut => request::fail(AppError::new(401)),
        ContactError::Unknown => request::not_found(),
        other => request::unexpected(&other),
    }
}

#[cfg(feature = "ssr")]
pub(super) async fn enter(me: &domain::view::Me, token: &str, cart: Option<String>, back: Option<String>) -> Result<SignedIn, AppError> {
    let shop = request::shop()?;
    let context = identity::context_of(me, request::context()?.request);
    // The session that this browser had is over.
    if let Some(before) = request::token() {
        identity::sign_out(&shop, &before).await.map_err(request::identity_error)?;
    }
    request::set_session(Some(token));
    // A cookie for the sign-in addresses only.
    let device = identity::device_token(&shop, me.id, request::context()?.device.as_deref());
    for path in request::SIGN_IN_PATHS {
        request::set_cookie(web::cookies::DEVICE, &device, path, 31_536_000);
    }
    let guest = cart.and_then(|id| id.parse().ok()).or_else(cart_of_cookie);
    let cart = backend::cart::merge_on_sign_in(&shop, &context, request::locale(), Channel::Web, guest)
        .await
        .map_err(|error| request::unexpected(&error))?;
    set_cart_cookie(cart.as_ref().and_then(|cart| cart.id));
    let home = if me.role.is_some() { "/admin" } else { "/account" };
    let next = back.filter(|back| request::is_inside(back)).unwrap_or_else(|| home.to_owned());
    request::redirect(&next);
    Ok(SignedIn { next, cart, is_whole: true })
}

#[server(endpoint = "sign_in", output = Answer)]
pub async fn sign_in(
    email: String,
    password: String,
    #[server(default)] cart: Option<String>,
    #[server(default)] back: Option<String>,
) -> Result<SignedIn, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    match identity::sign_in(&shop, &context, request::locale(), &email, &password).await {
        Ok((me, token)) => enter(&me, &token, cart, back).await,
        Err(IdentityError::CodeNeeded(ticket)) => Ok(super::sign_in_code::ask(&ticket, back)),
        Err(error) => Err(request::identity_error(error)),
    }
}
access!(SignIn, Access::Public);

/// Are accounts made by a link in a mail? Otherwise the password is chosen where one signs up.
#[server(endpoint = "read_sign_up", input = GetUrl, output = Answer)]
pub async fn read_sign_up() -> Result<bool, AppError> {
    Ok(identity::signs_up_by_mail(&request::shop()?))
}
access!(ReadSignUp, Access::Public);

/// Asks for the link that makes an account, where the shop sends mails; otherwise makes it and signs in.
#[server(endpoint = "sign_up", output = Answer)]
pub async fn sign_up(
    name: String,
    email: String,
    #[server(default)] phone: String,
    #[server(default)] password: String,
    #[server(default)] cart: Option<String>,
    #[server(default)] back: Option<String>,
) -> Result<SignedIn, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let contact = ContactDetails { name, email, phone };
    if identity::signs_up_by_mail(&shop) {
        identity::request_sign_up(&shop, &context, request::locale(), contact).await.map_err(request::identity_error)?;
        let next = "/sign-up?sent=1".to_owned();
        request::redirect(&next);
        return Ok(SignedIn { next, cart: None, is_whole: false });
    }
    let (_, token) = identity::sign_up(&shop, &context, request::locale(), contact, &password).await.map_err(request::identity_error)?;
    let signed_in = identity::authenticate(&shop, &token).await.map_err(request::identity_error)?.ok_or_else(|| AppError::new(500))?;
    enter(&signed_in.me, &token, cart, back).await
}
access!(SignUp, Access::Public);

/// Signs out. The answer is the next page.
#[server(endpoint = "sign_out", output = Answer)]
pub async fn sign_out() -> Result<String, AppError> {
    if let Some(token) = request::token() {
        identity::sign_out(&request::shop()?, &token).await.map_err(request::identity_error)?;
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
    let is_proof_needed = identity::is_proof_needed(&request::shop()?, &context).await.map_err(request::identity_error)?;
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
    let saved = backend::contacts::address_book(&request::shop()?, &context).await.map_err(contact_error)?;
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
    Ok(BookView { saved, countries: backend::contacts::countries(request::locale()), form: address::start(address)?, edited })
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
        ("delete", Some(id)) => backend::contacts::delete_address(&shop, &context, id).await.map_err(contact_error)?,
        ("default", Some(id)) => backend::contacts::set_default_address(&shop, &context, id).await.map_err(contact_error)?,
        ("save", id) => {
            let read = address::read(&fields, "");
            let chosen = address::as_chosen(read.clone());
            match backend::contacts::save_address(&shop, &context, locale, id, &chosen, !field("is_default").is_empty()).await {
                Ok(_) => {}
                Err(ContactError::Invalid(errors)) => return Err(request::invalid(address::at_fields(errors, &read, ""))),
                Err(error) => return Err(contact_error(error)),
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
    /// Is a code asked, too, before the e-mail changes?
    pub has_second_factor: bool,
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
    let preferences = backend::contacts::preferences(&shop, &context).await.map_err(contact_error)?;
    let is_proof_needed = identity::is_proof_needed(&shop, &context).await.map_err(request::identity_error)?;
    let has_second_factor = identity::has_second_factor(&shop, &context).await.map_err(request::identity_error)?;
    Ok(PreferencesView { contact: me.contact, has_second_factor, is_proof_needed, preferences })
}
access!(ReadPreferences, Access::Customer);

/// Changes the account: `step` is `contact`, `preferences`, or `proof` to have the mail sent again by which the address is proved.
/// The answer is the step that was done, or `email` where a new address is to be confirmed by a link that was mailed to it.
#[server(endpoint = "change_account", output = Answer)]
pub async fn change_account(#[server(flatten)] fields: Fields) -> Result<String, AppError> {
    let context = request::authorize(Access::Customer)?;
    let (shop, locale) = (request::shop()?, request::locale());
    let raw = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let step = raw("step");
    match step.as_str() {
        "contact" => {
            let contact = ContactDetails { name: raw("name"), email: raw("email"), phone: raw("phone") };
            let (password, code) = (raw("password"), raw("code"));
            let proof = Proof { password: &password, code: &code };
            let token = request::token().unwrap_or_default();
            let saved = identity::save_contact(&shop, &context, locale, &token, &contact, proof).await.map_err(request::identity_error)?;
            if saved == identity::ContactSaved::EmailToConfirm {
                request::redirect("/account/preferences?confirm=1");
                return Ok("email".to_owned());
            }
        }
        "preferences" => {
            let saved = backend::contacts::preferences(&shop, &context).await.map_err(contact_error)?;
            let preferences = Preferences { locale: raw("language"), ..saved };
            backend::contacts::save_preferences(&shop, &context, &preferences).await.map_err(contact_error)?;
            // Without a cookie the browser's language is used.
            match Locale::parse(&preferences.locale) {
                Some(language) => request::set_cookie(web::cookies::LANGUAGE, language.code(), "/", 31_536_000),
                None => request::set_cookie(web::cookies::LANGUAGE, "", "/", 0),
            }
        }
        "proof" => {
            identity::send_proof_again(&shop, &context, locale).await.map_err(request::identity_error)?;
            request::redirect("/account/preferences?sent=1");
            return Ok(step);
        }
        _ => return Err(request::not_found()),
    }
    request::redirect("/account/preferences?saved=1");
    Ok(step)
}
access!(ChangeAccount, Access::Customer);

/// How an account is protected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityView {
    pub factor: SecondFactorView,
    /// The devices that are signed in, the one that was used last first.
    pub sessions: Vec<SessionView>,
}

#[server(endpoint = "read_security", input = GetUrl, output = Answer)]
pub async fn read_security() -> Result<SecurityView, AppError> {
    let context = request::authorize(Access::Customer)?;
    let (shop, token) = (request::shop()?, request::token().unwrap_or_default());
    let sessions = identity::sessions(&shop, &context, &token).await.map_err(request::identity_error)?;
    let factor = identity::second_factor(&shop, &context, &token).await.map_err(request::identity_error)?;
    Ok(SecurityView { factor, sessions })
}
access!(ReadSecurity, Access::Customer);

/// Changes how the account is protected: `step` is `password`; `session` to sign out one device, or `sessions` for all but this one; `app` to set
/// up an authenticator app, `app-on` and `app-off`; `codes` for new recovery codes, `codes-on`; `cancel` to leave what is set up. The answer is
/// the step that was done.
#[server(endpoint = "change_security", output = Answer)]
pub async fn change_security(#[server(flatten)] fields: Fields) -> Result<String, AppError> {
    let context = request::authorize(Access::Customer)?;
    let (shop, locale, token) = (request::shop()?, request::locale(), request::token().unwrap_or_default());
    let raw = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let step = raw("step");
    let (password, current, code) = (raw("password"), raw("current_password"), raw("code"));
    let proof = Proof { password: &password, code: &code };
    let done = match step.as_str() {
        "password" => {
            let current = Proof { password: &current, ..proof };
            identity::change_password(&shop, &context, locale, &token, current, &raw("new_password")).await
        }
        "session" => {
            let session = raw("session").parse().map_err(|_| request::not_found())?;
            identity::revoke_session(&shop, &context, session).await
        }
        "app" => identity::set_up_authenticator(&shop, &context, &token).await,
        "app-on" => identity::confirm_authenticator(&shop, &context, locale, &token, &raw("new_code"), proof).await,
        "app-off" => identity::switch_off_second_factor(&shop, &context, locale, proof).await,
        "codes" => identity::set_up_recovery_codes(&shop, &context, &token).await,
        "codes-on" => identity::confirm_recovery_codes(&shop, &context, locale, &token, proof).await,
        "cancel" => identity::cancel_set_up(&shop, &context).await,
        "sessions" => identity::revoke_other_sessions(&shop, &context, &token).await.map(drop),
        _ => return Err(request::not_found()),
    };
    done.map_err(request::identity_error)?;
    request::redirect(&format!("/account/security?done={step}"));
    Ok(step)
}
access!(ChangeSecurity, Access::Customer);
