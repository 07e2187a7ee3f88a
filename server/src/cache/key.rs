//! Which requests may share a page, and which page it is.

use std::fmt::Write;

use domain::Locale;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};

/// Query parameters that change what a page shows. All others (advertisers add them) are left out of the key and of the render.
const PARAMETERS: &[&str] = &["after", "in_stock", "max", "min", "option", "q", "sort"];

/// Longer addresses are nobody's bookmark; they are not kept.
const MAX_BYTES: usize = 1_024;

const FORWARDED: &str = "x-forwarded-for";

/// One form of one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What it is kept under. It ends with the address, without parameters that change nothing, sorted.
    pub text: String,
    /// Where the address begins.
    address: usize,
    locale: Locale,
    theme: &'static str,
    currency: String,
    place: String,
}

/// Does nothing say who reads? Any cookie but those of language, colours, currency and the place to deliver to may.
pub(super) fn is_nobody(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::AUTHORIZATION)
        && cookies(headers).all(|(name, _)| matches!(name, "lang" | "theme" | "currency" | "place"))
}

impl Key {
    /// The key of the page that this request asks for, or none when its answer is not to be shared.
    #[must_use]
    pub fn of<B>(request: &Request<B>, generation: u64, shared: impl Fn(&str) -> bool) -> Option<Self> {
        let headers = request.headers();
        let plain = matches!(*request.method(), Method::GET | Method::HEAD) && is_nobody(headers);
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        if !plain || path.len() + query.len() > MAX_BYTES || !shared(path) {
            return None;
        }
        let mut chosen = (None, "", String::new(), "");
        for (name, value) in cookies(headers) {
            match name {
                "lang" => chosen.0 = Locale::parse(value),
                "theme" => chosen.1 = theme(value),
                "currency" => chosen.2 = value.chars().filter(char::is_ascii_uppercase).take(3).collect(),
                "place" => chosen.3 = place(value),
                _ => {}
            }
        }
        let (locale, theme, currency, place) = chosen;
        let asked = || headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).map_or(Locale::En, Locale::negotiate);
        let locale = locale.unwrap_or_else(asked);
        let mut text = String::with_capacity(path.len() + query.len() + 32);
        // Writing into a string does not fail.
        let _ = write!(text, "{generation} {} {theme} {currency} {place} ", locale.code());
        let address = text.len();
        write_address(&mut text, path, query);
        let place = place.to_owned();
        Some(Self { text, address, locale, theme, currency, place })
    }

    /// Turns the request into the one whose answer is kept: nothing of the reader is left in it but what the key names.
    pub fn canonicalize<B>(&self, request: &mut Request<B>) {
        *request.method_mut() = Method::GET;
        if let Ok(uri) = self.text[self.address..].parse::<Uri>() {
            *request.uri_mut() = uri;
        }
        let mut cookies = format!("lang={}", self.locale.code());
        if !self.theme.is_empty() {
            let _ = write!(cookies, "; theme={}", self.theme);
        }
        if !self.currency.is_empty() {
            let _ = write!(cookies, "; currency={}", self.currency);
        }
        if !self.place.is_empty() {
            let _ = write!(cookies, "; place={}", self.place);
        }
        let host = request.headers().get(header::HOST).cloned();
        // Who is limited is the client, and not the proxy before this program; a page is not made of it.
        let forwarded: Vec<_> = request.headers().get_all(FORWARDED).into_iter().cloned().collect();
        let headers = request.headers_mut();
        headers.clear();
        for hops in forwarded {
            headers.append(FORWARDED, hops);
        }
        if let Ok(cookies) = HeaderValue::try_from(cookies) {
            headers.insert(header::COOKIE, cookies);
        }
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(self.locale.tag()));
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        if let Some(host) = host {
            headers.insert(header::HOST, host);
        }
    }
}

/// The cookies that a request carries.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('=')).map(|(name, value)| (name.trim(), value.trim()))
}

fn theme(value: &str) -> &'static str {
    ["light", "dark"].into_iter().find(|known| *known == value).unwrap_or_default()
}

/// The code of a place: ten digits, or the two letters of a country.
fn place(value: &str) -> &str {
    let is_code =
        value.len() == 10 && value.bytes().all(|b| b.is_ascii_digit()) || value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase());
    if is_code { value } else { "" }
}

fn write_address(text: &mut String, path: &str, query: &str) {
    text.push_str(path);
    if query.is_empty() {
        return;
    }
    let known = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        PARAMETERS.contains(&name) && pair.len() > name.len() + 1
    };
    let mut pairs: Vec<&str> = query.split('&').filter(known).collect();
    // Values of one parameter keep their order: `sort` is stable only by name.
    pairs.sort_by_key(|pair| pair.split('=').next());
    for (at, pair) in pairs.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str, headers: &[(&str, &str)]) -> Option<Key> {
        let mut request = Request::builder().uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Key::of(&request.body(()).unwrap(), 1, |path| !path.starts_with("/admin"))
    }

    #[test]
    fn the_order_of_parameters_and_those_of_advertisers_change_nothing() {
        let plain = key("/c/home?in_stock=true&sort=price_up", &[]).unwrap();
        assert_eq!(key("/c/home?sort=price_up&utm_source=x&in_stock=true&fbclid=1", &[]).unwrap(), plain);
        assert_ne!(key("/c/home?sort=price_down&in_stock=true", &[]).unwrap(), plain);
        assert_eq!(key("/c/home?utm_source=x", &[]).unwrap(), key("/c/home", &[]).unwrap());
    }

    #[test]
    fn language_and_theme_have_pages_of_their_own() {
        let english = key("/", &[]).unwrap();
        assert_ne!(key("/", &[("accept-language", "fil")]).unwrap().text, english.text);
        assert_eq!(key("/", &[("accept-language", "fil"), ("cookie", "lang=en")]).unwrap().text, english.text);
        assert_ne!(key("/", &[("cookie", "theme=dark")]).unwrap().text, english.text);
        assert_eq!(key("/", &[("cookie", "theme=<b>")]).unwrap().text, english.text);
    }

    #[test]
    fn each_place_to_deliver_to_has_pages_of_its_own() {
        let unknown = key("/p/mug", &[]).unwrap();
        let cebu = key("/p/mug", &[("cookie", "place=0730600000")]).unwrap();
        assert_ne!(cebu.text, unknown.text);
        assert_ne!(key("/p/mug", &[("cookie", "lang=en; place=AU")]).unwrap().text, cebu.text);
        for nonsense in ["place=<b>", "place=073060000", "place=au", "place="] {
            assert_eq!(key("/p/mug", &[("cookie", nonsense)]).unwrap().text, unknown.text, "{nonsense}");
        }
        let mut request = Request::builder().uri("/p/mug").body(()).unwrap();
        cebu.canonicalize(&mut request);
        assert_eq!(request.headers()[header::COOKIE], "lang=en; place=0730600000");
    }

    #[test]
    fn whoever_is_known_shares_nothing() {
        for cookie in ["session=abc", "__Host-session=abc", "lang=en; cart=cart_1", "whatever=1"] {
            assert_eq!(key("/", &[("cookie", cookie)]), None, "{cookie}");
        }
        assert_eq!(key("/", &[("authorization", "Bearer x")]), None);
        assert_eq!(key("/admin", &[]), None);
    }

    #[test]
    fn nothing_of_the_reader_reaches_the_render() {
        let mut request = Request::builder()
            .uri("/?utm_source=x&q=a")
            .header("cookie", "theme=dark")
            .header("user-agent", "Ana's phone")
            .body(())
            .unwrap();
        Key::of(&request, 1, |_| true).unwrap().canonicalize(&mut request);
        assert_eq!(request.uri(), "/?q=a");
        assert_eq!(request.headers()[header::COOKIE], "lang=en; theme=dark");
        assert!(!request.headers().contains_key(header::USER_AGENT));
    }
}
