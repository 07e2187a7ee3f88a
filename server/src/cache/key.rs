//! Which requests may share a page, and which page it is.

use std::fmt::Write;

use domain::Locale;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use web::cookies;
use web::language::locale_of;

/// Query parameters that change what a page shows. All others (advertisers add them) are left out of the key and of the render.
const PARAMETERS: &[&str] = &["after", "before", "in_stock", "max", "min", "option", "q", "sort"];

/// Those of a product's page. One that names no variant, or not as the shop writes it, is rendered each time: made-up ones do not fill the
/// cache.
const PARAMETERS_OF_PRODUCT: &[&str] = &["variant"];

/// Pages of longer addresses are not cached.
const MAX_BYTES: usize = 1_024;

const FORWARDED: &str = "x-forwarded-for";

/// Names a cached page: its address and what else it depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Ends with the address, whose parameters are sorted and reduced to those that change something.
    pub text: String,
    /// Where the address begins in `text`.
    address_start: usize,
    locale: Locale,
    /// No language was chosen, and the address may have one, which comes before what the browser prefers.
    follows_address: bool,
    theme: &'static str,
    currency: String,
    /// Where things are delivered to: the code of a city or country.
    delivery_place: String,
}

/// What an anonymous visitor has chosen, by their cookies. Language, colours, currency and delivery place are no personal data.
#[derive(Default)]
struct Choices<'a> {
    language: Option<&'a str>,
    theme: Option<&'a str>,
    currency: Option<&'a str>,
    delivery_place: Option<&'a str>,
}

impl<'a> Choices<'a> {
    /// None for a request with any other cookie (session, cart) or with a key.
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        if headers.contains_key(header::AUTHORIZATION) {
            return None;
        }
        let mut choices = Self::default();
        for (name, value) in cookies::all(headers) {
            let choice = match name {
                cookies::LANGUAGE => &mut choices.language,
                cookies::THEME => &mut choices.theme,
                cookies::CURRENCY => &mut choices.currency,
                cookies::DELIVERY_PLACE => &mut choices.delivery_place,
                _ => return None,
            };
            // The first cookie of a name counts.
            choice.get_or_insert(value);
        }
        Some(choices)
    }
}

/// Whether the request is from a visitor without a session, cart or key.
pub(super) fn is_anonymous(headers: &HeaderMap) -> bool {
    Choices::of(headers).is_some()
}

impl Key {
    /// The key of the page that this request asks for; none when its answer must not be shared.
    #[must_use]
    pub fn of<B>(request: &Request<B>, is_cacheable: impl Fn(&str) -> bool) -> Option<Self> {
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_read || path.len() + query.len() > MAX_BYTES || !is_cacheable(path) {
            return None;
        }
        let choices = Choices::of(request.headers())?;
        let locale = locale_of(choices.language, request.headers());
        let has_chosen = choices.language.and_then(Locale::parse).is_some();
        let follows_address = !has_chosen && ["/p/", "/c/", "/pages/"].iter().any(|folder| path.starts_with(folder));
        let theme = theme(choices.theme.unwrap_or_default());
        let currency: String = choices.currency.unwrap_or_default().chars().filter(char::is_ascii_uppercase).take(3).collect();
        let delivery_place = delivery_place(choices.delivery_place.unwrap_or_default());
        let mut text = String::with_capacity(path.len() + query.len() + 32);
        // Writing into a string does not fail.
        let _ = write!(text, "{}{} {theme} {currency} {delivery_place} ", locale.code(), if follows_address { "?" } else { "" });
        let address_start = text.len();
        write_address(&mut text, path, query);
        Some(Self { text, address_start, locale, follows_address, theme, currency, delivery_place: delivery_place.to_owned() })
    }

    /// Turns the request into the one whose answer is cached: nothing of the visitor is left in it but what the key names.
    pub fn canonicalize<B>(&self, request: &mut Request<B>) {
        *request.method_mut() = Method::GET;
        if let Ok(uri) = self.text[self.address_start..].parse::<Uri>() {
            *request.uri_mut() = uri;
        }
        let chosen = [
            (cookies::LANGUAGE, if self.follows_address { "" } else { self.locale.code() }),
            (cookies::THEME, self.theme),
            (cookies::CURRENCY, &self.currency),
            (cookies::DELIVERY_PLACE, &self.delivery_place),
        ];
        let pairs = chosen.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let host = request.headers().get(header::HOST).cloned();
        // Rate limits need the client's address; pages do not depend on it.
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

fn theme(value: &str) -> &'static str {
    ["light", "dark"].into_iter().find(|theme| *theme == value).unwrap_or_default()
}

/// A valid code, else nothing: the ten digits of a city, or the two letters of a country.
fn delivery_place(value: &str) -> &str {
    let is_code =
        value.len() == 10 && value.bytes().all(|b| b.is_ascii_digit()) || value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase());
    if is_code { value } else { "" }
}

fn write_address(text: &mut String, path: &str, query: &str) {
    text.push_str(path);
    if query.is_empty() {
        return;
    }
    let parameters = if path.starts_with("/p/") { PARAMETERS_OF_PRODUCT } else { PARAMETERS };
    let changes_page = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        parameters.contains(&name) && pair.len() > name.len() + 1
    };
    let mut pairs: Vec<&str> = query.split('&').filter(changes_page).collect();
    // Values of one parameter keep their order: `sort` is stable only by name.
    pairs.sort_by_key(|pair| pair.split('=').next());
    for (index, pair) in pairs.iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
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
        Key::of(&request.body(()).unwrap(), |path| !path.starts_with("/admin"))
    }

    #[test]
    fn the_order_of_parameters_and_those_of_advertisers_are_no_part_of_the_key() {
        let plain = key("/c/home?in_stock=true&sort=price_up", &[]).unwrap();
        assert_eq!(key("/c/home?sort=price_up&utm_source=x&in_stock=true&fbclid=1", &[]).unwrap(), plain);
        assert_ne!(key("/c/home?sort=price_down&in_stock=true", &[]).unwrap(), plain);
        assert_eq!(key("/c/home?utm_source=x", &[]).unwrap(), key("/c/home", &[]).unwrap());
    }

    #[test]
    fn each_variant_of_a_product_has_a_page_of_its_own_and_other_parameters_have_none() {
        let plain = key("/p/mug", &[]).unwrap();
        let variant = key("/p/mug?utm_source=x&variant=MUG-1", &[]).unwrap();
        assert_ne!(variant, plain);
        assert_eq!(key("/p/mug?variant=MUG-1&q=anything&after=x", &[]).unwrap(), variant);
        assert_eq!(key("/p/mug?q=1&option=size:l&variant=", &[]).unwrap(), plain);
        assert_eq!(key("/c/mugs?variant=MUG-1", &[]).unwrap(), key("/c/mugs", &[]).unwrap());
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
    fn a_language_that_was_chosen_is_told_apart_from_one_that_an_address_may_overrule() {
        let headers = |key: &Key, address: &str| {
            let mut request = Request::builder().uri(address).body(()).unwrap();
            key.canonicalize(&mut request);
            let cookie = request.headers().get(header::COOKIE).map(|cookie| cookie.to_str().unwrap().to_owned()).unwrap_or_default();
            (cookie, request.headers()[header::ACCEPT_LANGUAGE].to_str().unwrap().to_owned())
        };
        for address in ["/p/tasa", "/c/mga-tasa"] {
            let (preferred, chosen) = (key(address, &[]).unwrap(), key(address, &[("cookie", "lang=en")]).unwrap());
            assert_ne!(preferred.text, chosen.text);
            assert_eq!(key(address, &[("cookie", "lang=xx")]).unwrap().text, preferred.text);
            assert_eq!(headers(&preferred, address), (String::new(), "en-PH".to_owned()));
            assert_eq!(headers(&chosen, address), ("lang=en".to_owned(), "en-PH".to_owned()));
        }
        assert_eq!(headers(&key("/", &[]).unwrap(), "/").0, "lang=en");
    }

    #[test]
    fn each_place_to_deliver_to_has_pages_of_its_own() {
        let unknown = key("/p/mug", &[]).unwrap();
        let cebu = key("/p/mug", &[("cookie", "delivery_place=0730600000")]).unwrap();
        assert_ne!(cebu.text, unknown.text);
        assert_ne!(key("/p/mug", &[("cookie", "lang=en; delivery_place=AU")]).unwrap().text, cebu.text);
        for nonsense in ["delivery_place=<b>", "delivery_place=073060000", "delivery_place=au", "delivery_place="] {
            assert_eq!(key("/p/mug", &[("cookie", nonsense)]).unwrap().text, unknown.text, "{nonsense}");
        }
        let mut request = Request::builder().uri("/p/mug").body(()).unwrap();
        cebu.canonicalize(&mut request);
        assert_eq!(request.headers()[header::COOKIE], "delivery_place=0730600000");
    }

    #[test]
    fn a_request_with_a_session_or_another_cookie_has_no_cache_key() {
        for cookie in ["session=abc", "__Host-session=abc", "lang=en; cart=cart_1", "whatever=1"] {
            assert_eq!(key("/", &[("cookie", cookie)]), None, "{cookie}");
        }
        assert_eq!(key("/", &[("authorization", "Bearer x")]), None);
        assert_eq!(key("/admin", &[]), None);
    }

    #[test]
    fn a_cached_render_gets_the_canonical_request_only() {
        let mut request = Request::builder()
            .uri("/?utm_source=x&q=a")
            .header("cookie", "theme=dark")
            .header("user-agent", "Ana's phone")
            .body(())
            .unwrap();
        Key::of(&request, |_| true).unwrap().canonicalize(&mut request);
        assert_eq!(request.uri(), "/?q=a");
        assert_eq!(request.headers()[header::COOKIE], "lang=en; theme=dark");
        assert!(!request.headers().contains_key(header::USER_AGENT));
    }
}
