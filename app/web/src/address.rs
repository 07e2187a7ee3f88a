//! Percent-encoding, and the addresses of pages that lead back.

#[cfg(feature = "ssr")]
use leptos::prelude::use_context;
#[cfg(not(feature = "ssr"))]
use leptos::prelude::window;

/// A value encoded for the query of an address (RFC 3986).
#[must_use]
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

/// The sign-in page's address, with the current page to come back to.
#[must_use]
pub fn sign_in_address() -> String {
    format!("/sign-in?back={}", escaped(&here()))
}

/// The address of the page where a member of staff shows that it is them, and that leads to this address afterwards.
#[must_use]
pub fn confirm_address(back: &str) -> String {
    format!("/admin/confirm?back={}", escaped(back))
}

#[cfg(feature = "ssr")]
fn here() -> String {
    let request = use_context::<http::request::Parts>();
    request.and_then(|request| request.uri.path_and_query().map(|here| here.as_str().to_owned())).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
fn here() -> String {
    let location = window().location();
    [location.pathname(), location.search()].into_iter().filter_map(Result::ok).collect()
}
