//! The language of a request. On the server alone.

use domain::Locale;
use http::request::Parts;
use http::{HeaderMap, header};

use crate::cookies;

/// The visitor's language: what they chose, else what their browser prefers.
#[must_use]
pub fn visitor_locale(headers: &HeaderMap) -> Locale {
    locale_of(cookies::find(headers, cookies::LANGUAGE), headers)
}

/// The same where the chosen language is read already.
#[must_use]
pub fn locale_of(chosen: Option<&str>, headers: &HeaderMap) -> Locale {
    chosen.and_then(Locale::parse).unwrap_or_else(|| preferred_locale(headers))
}

/// The one language that the address of a page is written in, as that of a product is by its slug. The router finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressLanguage(pub Locale);

/// The language of a page: what the visitor chose, else that of its address, so that who comes from a search engine finds the page that
/// was shown there, else what the browser prefers.
#[must_use]
pub fn page_locale(parts: &Parts) -> Locale {
    let of_address = || parts.extensions.get::<AddressLanguage>().map(|language| language.0);
    chosen_locale(&parts.headers).or_else(of_address).unwrap_or_else(|| preferred_locale(&parts.headers))
}

/// The language that the visitor chose.
#[must_use]
pub fn chosen_locale(headers: &HeaderMap) -> Option<Locale> {
    cookies::find(headers, cookies::LANGUAGE).and_then(Locale::parse)
}

/// The language that `Accept-Language` prefers, English without one. The API has no other way to choose.
#[must_use]
pub fn preferred_locale(headers: &HeaderMap) -> Locale {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map_or(Locale::En, Locale::negotiate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_page_is_in_the_language_of_its_address_unless_another_was_chosen() {
        let mut parts = http::Request::new(()).into_parts().0;
        parts.headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        assert_eq!(page_locale(&parts), Locale::En);
        parts.extensions.insert(AddressLanguage(Locale::Fil));
        assert_eq!(page_locale(&parts), Locale::Fil);
        parts.headers.insert(header::COOKIE, HeaderValue::from_static("lang=en"));
        assert_eq!(page_locale(&parts), Locale::En);
    }

    #[test]
    fn a_chosen_language_overrides_the_browsers() {
        let mut headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static("fil,en;q=0.5"))]);
        assert_eq!((visitor_locale(&headers), preferred_locale(&headers)), (Locale::Fil, Locale::Fil));
        headers.insert(header::COOKIE, HeaderValue::from_static("lang=en"));
        assert_eq!((visitor_locale(&headers), preferred_locale(&headers)), (Locale::En, Locale::Fil));
        headers.insert(header::COOKIE, HeaderValue::from_static("lang=xx"));
        assert_eq!(visitor_locale(&headers), Locale::Fil);
        assert_eq!(visitor_locale(&HeaderMap::new()), Locale::En);
    }
}
