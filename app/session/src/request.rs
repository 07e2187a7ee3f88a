//! The request that is being answered: the shop, who asks, in which language. On the server alone.

use std::sync::Arc;

use backend::Shop;
use backend::platform::Context;
use backend::platform::db::DbError;
use domain::Locale;
use domain::messages::{Msg, t};
use domain::permission::Access;
use domain::view::{DenialKind, Me};
use http::header::{ACCEPT, COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;

use crate::AppError;

/// Who asks, found out once a request before anything is rendered.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who is signed in.
    pub me: Option<Me>,
    /// The token of their session.
    pub token: Option<String>,
    /// What the backend knows them as.
    pub context: Context,
    /// Is the shop reached by https alone?
    pub secure: bool,
}

/// Says the addresses of the files that a part of the WebAssembly needs.
#[allow(clippy::type_complexity, reason = "named by the struct")]
#[derive(Clone)]
pub struct PartFiles(pub Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>);

/// The header that names the files of the parts of the code that a page needs.
const PAGE_FILES: HeaderName = HeaderName::from_static("x-page-files");

/// Names the files of a part of the code that the page being rendered needs, for the service worker that keeps pages for later. Not
/// as a preload or prefetch of the browser's: that shares the line with what the reader sees first, a third of a second on a phone.
pub fn name_part(part: &str) {
    let (Some(PartFiles(files)), Some(answer)) = (use_context(), use_context::<ResponseOptions>()) else { return };
    for address in files(part) {
        if let Ok(address) = HeaderValue::try_from(address) {
            answer.append_header(PAGE_FILES, address);
        }
    }
}

/// The shop.
///
/// # Errors
/// Status 500 outside of a request, which is a mistake in the program.
pub fn shop() -> Result<Shop, AppError> {
    use_context::<Shop>().ok_or_else(|| AppError::new(500))
}

fn visitor() -> Result<Visitor, AppError> {
    use_context::<Visitor>().ok_or_else(|| AppError::new(500))
}

/// What the backend knows the caller as.
///
/// # Errors
/// Status 500 outside of a request.
pub fn context() -> Result<Context, AppError> {
    Ok(visitor()?.context)
}

/// The context of a caller who may do this. Server functions ask for what is declared beside them.
///
/// # Errors
/// Status 401 when nobody is signed in, 403 when they may not.
pub fn authorize(access: Access) -> Result<Context, AppError> {
    let visitor = visitor()?;
    let refused = match access {
        Access::Public => None,
        Access::Customer => visitor.me.is_none().then_some(401),
        Access::Staff(_) if visitor.me.is_none() => Some(401),
        Access::Staff(permission) => {
            let may = visitor.me.as_ref().and_then(|me| me.role).is_some_and(|role| role.may(permission));
            (!may).then_some(403)
        }
    };
    match refused {
        None => Ok(visitor.context),
        Some(401) => Err(fail(signed_out(use_context::<Parts>().as_ref(), locale()))),
        Some(status) => {
            if let Ok(shop) = shop() {
                backend::identity::record_denial_in_background(&shop, &visitor.context, DenialKind::Permission);
            }
            Err(fail(AppError::new(status)))
        }
    }
}

/// Nobody is signed in. Whoever brings no session never was, and is not told that it ended.
#[must_use]
pub fn signed_out(parts: Option<&Parts>, locale: Locale) -> AppError {
    let was = parts.is_some_and(|parts| SESSION_COOKIES.iter().any(|name| cookie_of(parts, name).is_some_and(|token| !token.is_empty())));
    if was { AppError::new(401) } else { AppError::told(401, t::ERROR_SIGN_IN_FIRST.text(locale)) }
}

/// Who is signed in.
#[must_use]
pub fn me() -> Option<Me> {
    visitor().ok().and_then(|visitor| visitor.me)
}

/// The token of the session.
#[must_use]
pub fn token() -> Option<String> {
    visitor().ok().and_then(|visitor| visitor.token)
}

/// The reader's language.
#[must_use]
pub fn locale() -> Locale {
    use_context::<Locale>().unwrap_or_default()
}

/// A cookie of the request.
#[must_use]
pub fn cookie(name: &str) -> Option<String> {
    cookie_of(&use_context::<Parts>()?, name)
}

/// A cookie among the headers of a request.
#[must_use]
pub fn cookie_of(parts: &Parts, name: &str) -> Option<String> {
    let lines = parts.headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}

/// Is the answer a page (a plain form was sent) and not data for a script?
#[must_use]
pub fn wants_page() -> bool {
    use_context::<Parts>().is_some_and(|parts| {
        parts.headers.get(ACCEPT).and_then(|kinds| kinds.to_str().ok()).is_some_and(|kinds| kinds.contains("text/html"))
    })
}

/// The names of the session's cookie: with the prefix that binds it to https, and without.
pub const SESSION_COOKIES: [&str; 2] = ["__Host-session", "session"];

/// What a browser keeps that has signed in before.
pub const DEVICE_COOKIE: &str = "device";

/// Where one signs in: with a script, and without.
pub const SIGN_IN_PATHS: [&str; 2] = ["/api/sign_in", "/sign-in"];

/// How long a session's cookie lives, seconds; the server ends the session itself.
const SESSION_SECONDS: i64 = 30 * 86_400;

/// Begins or (with none) ends the session in this browser.
pub fn set_session(token: Option<&str>) {
    let secure = visitor().is_ok_and(|visitor| visitor.secure);
    let name = if secure { SESSION_COOKIES[0] } else { SESSION_COOKIES[1] };
    let (value, age) = token.map_or(("", 0), |token| (token, SESSION_SECONDS));
    set_cookie(name, value, "/", age);
}

/// Keeps a cookie that no script reads for so many seconds, on pages below a path; over https only, where the shop is.
pub fn set_cookie(name: &str, value: &str, path: &str, seconds: i64) {
    let flag = if visitor().is_ok_and(|visitor| visitor.secure) { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{flag}");
    if let (Some(answer), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        answer.append_header(SET_COOKIE, value);
    }
}

/// Is it a path of this shop? Nobody is led elsewhere by what was sent. Browsers take `\` for `/` and leave out tabs and ends of
/// lines, so that `/\t/elsewhere` would lead away.
#[must_use]
pub fn is_inside(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(|letter: char| letter == '\\' || letter.is_control())
}

/// Goes on to another page after a plain form. A script is told by the function's answer where to go.
pub fn redirect(path: &str) {
    // A path is made here or comes signed from the backend; one that is no header value goes nowhere.
    if HeaderValue::from_str(path).is_ok() && wants_page() {
        leptos_axum::redirect(path);
    }
}

/// The header by which a function says that its answer is shown on the form's page.
pub const SHOWN: &str = "x-shown";

/// Shows the answer of a plain form on its page, instead of going back to that page: what is told only once.
pub fn show() {
    if let Some(answer) = use_context::<ResponseOptions>().filter(|_| wants_page()) {
        answer.insert_header(HeaderName::from_static(SHOWN), HeaderValue::from_static("1"));
    }
}

/// Was a plain form sent to the function's own address? Then the answer leads back to the form's page.
fn sent_plainly() -> bool {
    wants_page() && use_context::<Parts>().is_some_and(|parts| parts.uri.path().starts_with("/api/"))
}

/// Sets the status of the answer to the error's and hands it on.
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

/// There is no such thing.
#[must_use]
pub fn not_found() -> AppError {
    fail(AppError::new(404))
}

/// Fields of a form that need another look.
#[must_use]
pub fn invalid(fields: domain::view::FieldErrors) -> AppError {
    fail(AppError::fields(fields))
}

/// A refusal with its words.
#[must_use]
pub fn refused(status: u16, message: Msg) -> AppError {
    fail(AppError::told(status, message.text(locale())))
}

/// Something that should not happen: it is logged, and the reader is told that nothing was lost. A database that is busy or does
/// not answer is no mistake, and passes: the reader is asked to come back.
#[must_use]
pub fn unexpected(error: &(dyn std::error::Error + 'static)) -> AppError {
    if DbError::is_passing_in(error) {
        tracing::warn!(%error, "a server function was not done");
        return fail(AppError::new(503));
    }
    let request = use_context::<Visitor>().map(|visitor| visitor.context.request.to_string()).unwrap_or_default();
    tracing::error!(%error, request, "a server function failed");
    fail(AppError::new(500))
}

/// The options of the answer, for what is rare: another status, another header.
#[must_use]
pub fn answer() -> ResponseOptions {
    expect_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        assert!(["/", "/account/orders?after=x#content", "/c/tasá"].into_iter().all(is_inside));
        let elsewhere =
            ["", "account", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\r\n/evil.example"];
        assert!(!elsewhere.into_iter().any(is_inside));
    }
}
