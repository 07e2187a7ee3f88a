//! The current request: the shop, the caller, the language. Only on the server.

use std::sync::Arc;

use backend::Shop;
use backend::identity::IdentityError;
use backend::platform::Context;
use backend::platform::db::DbError;
use domain::Locale;
use domain::messages::{Msg, t};
use domain::permission::{Access, Denied};
use domain::view::{DenialKind, Me};
use http::header::{ACCEPT, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;

use crate::AppError;
use crate::cookies::{self, NewCookie};

/// The caller, found out by `authenticate` in `app/src/authenticate.rs` once a request, before anything is rendered.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub me: Option<Me>,
    pub token: Option<String>,
    pub context: Context,
    /// Is the shop reached by https only?
    pub secure: bool,
}

/// Gives the addresses of the files that a part of the WebAssembly needs.
#[allow(clippy::type_complexity, reason = "named by the struct")]
#[derive(Clone)]
pub struct PartFiles(pub Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>);

/// The header that names the files of the parts of the code that a page needs.
const PAGE_FILES: HeaderName = HeaderName::from_static("x-page-files");

/// Names the files of a part of the code that this page needs, in a header for the service worker, which keeps pages for offline use. Not
/// as a preload or prefetch of the browser: that competes with what the user sees first, a third of a second on a phone.
pub fn name_part(part: &str) {
    let (Some(PartFiles(files)), Some(answer)) = (use_context(), use_context::<ResponseOptions>()) else { return };
    for address in files(part) {
        if let Ok(address) = HeaderValue::try_from(address) {
            answer.append_header(PAGE_FILES, address);
        }
    }
}

/// # Errors
/// Status 500 outside of a request, which is a bug.
pub fn shop() -> Result<Shop, AppError> {
    use_context::<Shop>().ok_or_else(|| AppError::new(500))
}

fn visitor() -> Result<Visitor, AppError> {
    use_context::<Visitor>().ok_or_else(|| AppError::new(500))
}

/// The caller's context for the backend.
///
/// # Errors
/// Status 500 outside of a request.
pub fn context() -> Result<Context, AppError> {
    Ok(visitor()?.context)
}

impl Visitor {
    /// Decides whether the visitor has this access. A refusal for lack of a permission is recorded.
    ///
    /// # Errors
    /// Why the visitor does not have it.
    pub fn authorize(&self, shop: &Shop, access: Access) -> Result<(), Denied> {
        let decision = self.context.authorize(access);
        if decision == Err(Denied::Forbidden) {
            backend::identity::record_denial_in_background(shop, &self.context, DenialKind::Permission);
        }
        decision
    }
}

/// The context of a caller with this access. Server functions ask for what is declared beside them.
///
/// # Errors
/// Status 401 without a session, 403 without the permission, 428 where they are to show first that it is them.
pub fn authorize(access: Access) -> Result<Context, AppError> {
    let visitor = visitor()?;
    match visitor.authorize(&shop()?, access) {
        Ok(()) => Ok(visitor.context),
        Err(Denied::SignedOut) => Err(fail(signed_out(use_context::<Parts>().as_ref().map(|parts| &parts.headers), locale()))),
        Err(denied) => Err(fail(AppError::new(denied.status()))),
    }
}

/// The error for a caller who is not signed in. Its message is that the session ended only where the caller sent a session cookie.
#[must_use]
pub fn signed_out(headers: Option<&HeaderMap>, locale: Locale) -> AppError {
    let had_session = headers.is_some_and(cookies::has_session);
    if had_session { AppError::new(401) } else { AppError::with_message(401, t::ERROR_SIGN_IN_FIRST.text(locale)) }
}

#[must_use]
pub fn me() -> Option<Me> {
    visitor().ok().and_then(|visitor| visitor.me)
}

#[must_use]
pub fn token() -> Option<String> {
    visitor().ok().and_then(|visitor| visitor.token)
}

/// Does the caller's browser take itself for signed in, with a session that has ended?
#[must_use]
pub fn has_ended_session() -> bool {
    me().is_none() && use_context::<Parts>().is_some_and(|parts| cookies::has_session(&parts.headers))
}

#[must_use]
pub fn locale() -> Locale {
    use_context::<Locale>().unwrap_or_default()
}

#[must_use]
pub fn cookie(name: &str) -> Option<String> {
    cookies::find(&use_context::<Parts>()?.headers, name).map(str::to_owned)
}

/// Does the caller expect a page (a form without a script), not data for a script?
#[must_use]
pub fn wants_page() -> bool {
    use_context::<Parts>().is_some_and(|parts| {
        parts.headers.get(ACCEPT).and_then(|kinds| kinds.to_str().ok()).is_some_and(|kinds| kinds.contains("text/html"))
    })
}

/// The addresses for signing in: with a script, and without.
pub const SIGN_IN_PATHS: [&str; 2] = ["/api/sign_in", "/sign-in"];

/// Begins or (with none) ends the session in this browser.
pub fn set_session(token: Option<&str>) {
    let is_secure = visitor().is_ok_and(|visitor| visitor.secure);
    let (value, seconds) = token.map_or(("", 0), |token| (token, backend::identity::SESSION_COOKIE_SECONDS));
    set_cookie(cookies::session_name(is_secure), value, "/", seconds);
}

/// Sets a cookie for `seconds` on pages below `path`: not readable by scripts, and for https only where the shop is.
pub fn set_cookie(name: &str, value: &str, path: &str, seconds: i64) {
    let is_secure = visitor().is_ok_and(|visitor| visitor.secure);
    let header = NewCookie { name, value, path, max_age_seconds: seconds, is_readable: false, is_secure }.header();
    if let (Some(answer), Some(header)) = (use_context::<ResponseOptions>(), header) {
        answer.append_header(SET_COOKIE, header);
    }
}

/// Is it a path of this shop, and not an open redirect? Browsers take `\` for `/` and drop tabs and ends of
/// lines, so that `/\t/elsewhere` would lead away.
#[must_use]
pub fn is_inside(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(|letter: char| letter == '\\' || letter.is_control())
}

/// Redirects after a form without a script. A script reads from the function's answer where to go.
pub fn redirect(path: &str) {
    // Paths are made here or come signed from the backend; one that is no header value is ignored.
    if HeaderValue::from_str(path).is_ok() && wants_page() {
        leptos_axum::redirect(path);
    }
}

/// Answers with status 301: the page is at another address of the shop, for good.
pub fn moved(to: &str) {
    // A path that is no header value is none of the shop's.
    if let (Some(answer), Ok(to)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(to)) {
        answer.set_status(StatusCode::MOVED_PERMANENTLY);
        answer.insert_header(LOCATION, to);
    }
}

/// The header that makes the form fallback show a function's answer on the form's page.
pub const SHOWN: &str = "x-shown";

/// Shows the answer to a form without a script on its page instead of redirecting: for what is shown only once.
pub fn show() {
    if let Some(answer) = use_context::<ResponseOptions>().filter(|_| wants_page()) {
        answer.insert_header(HeaderName::from_static(SHOWN), HeaderValue::from_static("1"));
    }
}

/// Was a form without a script sent to the function's own address? Then the answer leads back to the form's page.
fn sent_plainly() -> bool {
    wants_page() && use_context::<Parts>().is_some_and(|parts| parts.uri.path().starts_with("/api/"))
}

/// Sets the response's status to the error's and returns the error.
#[must_use]
pub fn fail(error: AppError) -> AppError {
    if sent_plainly() {
        return error;
    }
    if let (Some(answer), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(error.status)) {
        answer.set_status(status);
    }
    error
}

/// An error with status 404, which the response gets too.
#[must_use]
pub fn not_found() -> AppError {
    fail(AppError::new(404))
}

/// Status 422 with the errors of a form's fields.
#[must_use]
pub fn invalid(fields: domain::view::FieldErrors) -> AppError {
    fail(AppError::fields(fields))
}

/// A whole number as it was typed into a field.
///
/// # Errors
/// [`invalid`], with what is wrong at the field.
pub fn whole_number(field: &str, typed: &str) -> Result<i64, AppError> {
    let wrong = |message: Msg| invalid(vec![(field.to_owned(), message.text(locale()).to_owned())]);
    domain::number_input::whole(typed).map_err(|error| wrong(error.of_whole()))
}

/// A refusal with its message.
#[must_use]
pub fn refused(status: u16, message: Msg) -> AppError {
    fail(AppError::with_message(status, message.text(locale())))
}

/// An error of accounts and sessions as a page shows it.
#[must_use]
pub fn identity_error(error: IdentityError) -> AppError {
    match error {
        IdentityError::Forbidden(_) => fail(AppError::new(403)),
        IdentityError::Invalid(fields) => invalid(fields),
        IdentityError::WrongCredentials => refused(401, t::ACCOUNT_SIGN_IN_FAILED),
        IdentityError::TooManyAttempts => refused(429, t::ACCOUNT_SIGN_IN_TOO_MANY),
        IdentityError::Busy => fail(AppError::new(503)),
        IdentityError::SignedOut => fail(AppError::new(401)),
        IdentityError::Unknown => not_found(),
        IdentityError::LastOwner => refused(409, t::ADMIN_SETTINGS_LAST_OWNER),
        IdentityError::TicketOver => refused(410, t::ACCOUNT_CODE_TOO_LATE),
        IdentityError::WrongCode => invalid(vec![("code".to_owned(), t::FIELD_CODE_WRONG.text(locale()).to_owned())]),
        IdentityError::FactorDemanded => refused(409, t::ACCOUNT_FACTOR_DEMANDED),
        IdentityError::FactorFirst => refused(409, t::ADMIN_SETTINGS_FACTOR_FIRST),
        IdentityError::OwnFactor => refused(409, t::ADMIN_SETTINGS_FACTOR_OWN),
        IdentityError::SetupOver => refused(410, t::ACCOUNT_FACTOR_SETUP_OVER),
        IdentityError::Link => refused(410, t::ACCOUNT_LINK_INVALID_TITLE),
        IdentityError::NoMail => refused(503, t::ACCOUNT_NO_MAIL),
        other => unexpected(&other),
    }
}

/// An unexpected error: it is logged, and the message is that nothing was lost. A database that is busy or does
/// not answer is temporary: the message is to try again later. Where it did not say whether it committed, the message is to look first.
#[must_use]
pub fn unexpected(error: &(dyn std::error::Error + 'static)) -> AppError {
    if DbError::is_transient_in(error) {
        tracing::warn!(%error, "a server function was not done");
        return fail(AppError::new(503));
    }
    let request = use_context::<Visitor>().map(|visitor| visitor.context.request.to_string()).unwrap_or_default();
    if DbError::is_in_doubt_in(error) {
        tracing::error!(%error, request, "a server function was done or not");
        return fail(AppError::new(504));
    }
    tracing::error!(%error, request, "a server function failed");
    fail(AppError::new(500))
}

/// The response options, for another status or header.
#[must_use]
pub fn answer() -> ResponseOptions {
    expect_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_done_is_told_apart_from_what_was_not() {
        let told = |error: DbError| unexpected(&domain_error(error)).status;
        assert_eq!([DbError::InDoubt, DbError::Away, DbError::NotFound].map(told), [504, 503, 500]);
        let words = AppError::new(504).text(Locale::En);
        assert!(words.contains("whether") && words != AppError::new(500).text(Locale::En), "{words}");
    }

    /// A database's error deep in that of an area.
    fn domain_error(error: DbError) -> backend::order_management::OrderChangeError {
        backend::payments::PaymentError::from(error).into()
    }

    #[test]
    fn only_paths_of_the_shop_are_accepted_as_redirects() {
        assert!(["/", "/account/orders?after=x#content", "/c/tasá"].into_iter().all(is_inside));
        let elsewhere =
            ["", "account", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\r\n/evil.example"];
        assert!(!elsewhere.into_iter().any(is_inside));
    }
}
