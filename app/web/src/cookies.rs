//! Cookies: their names, reading them from a request, and their form. On the server alone. `request.rs` sets those of the session.

use ::cookie::time::Duration;
use ::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

/// The names of the session's cookie: with the prefix that binds it to https, and without.
const SESSION: [&str; 2] = ["__Host-session", "session"];

/// Names a browser that has signed in before.
pub const DEVICE: &str = "device";

/// The ticket of somebody whose password was right, who is asked for a code.
pub const SIGN_IN_TICKET: &str = "sign_in_ticket";

/// The chosen language's code.
pub const LANGUAGE: &str = "lang";

/// The theme that the user chose.
pub const THEME: &str = "theme";

/// The code of the chosen currency.
pub const CURRENCY: &str = "currency";

/// The code of the city or country that the shopper has things delivered to.
pub const DELIVERY_PLACE: &str = "delivery_place";

/// Names and values of all cookies of a request.
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(Cookie::split_parse).filter_map(Result::ok).filter_map(|cookie| Some((cookie.name_raw()?, cookie.value_raw()?)))
}

/// The first cookie of this name.
#[must_use]
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers).find(|(other, _)| *other == name).map(|(_, value)| value)
}

/// The session's token. `is_secure`: the shop is reached by https only.
#[must_use]
pub fn session_token(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    find(headers, session_name(is_secure)).filter(|token| !token.is_empty())
}

/// The name of the session's cookie.
#[must_use]
pub const fn session_name(is_secure: bool) -> &'static str {
    if is_secure { SESSION[0] } else { SESSION[1] }
}

/// Whether the request brings a session's token, valid or not.
#[must_use]
pub fn has_session(headers: &HeaderMap) -> bool {
    all(headers).any(|(name, value)| SESSION.contains(&name) && !value.is_empty())
}

/// A cookie to set, sent by the browser with requests from the shop's own pages and with links to it.
#[derive(Clone, Copy, Debug)]
pub struct NewCookie<'a> {
    pub name: &'a str,
    pub value: &'a str,
    /// It is sent to pages below this path.
    pub path: &'a str,
    /// Seconds; 0 removes the cookie.
    pub max_age_seconds: i64,
    /// Whether scripts can read it.
    pub is_readable: bool,
    /// Whether it is sent over https only.
    pub is_secure: bool,
}

impl NewCookie<'_> {
    /// The `Set-Cookie` header; none for a value that is not allowed in headers.
    #[must_use]
    pub fn header(&self) -> Option<HeaderValue> {
        let cookie = Cookie::build((self.name, self.value))
            .path(self.path)
            .max_age(Duration::seconds(self.max_age_seconds))
            .same_site(SameSite::Lax)
            .http_only(!self.is_readable)
            .secure(self.is_secure);
        HeaderValue::from_str(&cookie.to_string()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_from_all_lines_and_the_first_of_a_name_counts() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("lang=fil; =x; broken;session=; delivery_place=0730600000"));
        headers.append(header::COOKIE, HeaderValue::from_static("lang=en; cart=a=b"));
        assert_eq!((find(&headers, LANGUAGE), find(&headers, "cart"), find(&headers, "broken")), (Some("fil"), Some("a=b"), None));
        assert!(!has_session(&headers));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-session=token"));
        assert!(has_session(&headers));
    }

    #[test]
    fn a_cookie_has_its_path_lifetime_and_protection() {
        let cookie = NewCookie { name: "session", value: "abc", path: "/", max_age_seconds: 60, is_readable: false, is_secure: true };
        let header = cookie.header().unwrap();
        let mut parts: Vec<_> = header.to_str().unwrap().split("; ").collect();
        assert_eq!(parts.remove(0), "session=abc");
        parts.sort_unstable();
        assert_eq!(parts, ["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Lax", "Secure"]);
        assert!(NewCookie { value: "a\nb", ..cookie }.header().is_none());
    }
}
