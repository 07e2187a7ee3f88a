//! Delivery places: the cities, municipalities and countries that delivery fees and days depend on.

use std::sync::LazyLock;

use domain::view::DeliveryPlace;
use domain::{Locale, slug};

use super::address_format::countries;
use super::address_tree;

/// Offered before anything is typed: the cities with the most inhabitants.
const POPULAR: [&str; 8] = ["1380600000", "1381300000", "1380300000", "1381500000", "0730600000", "1130700000", "0631000000", "1030500000"];

const MAX_RESULTS: usize = 12;

/// A city or municipality with the words it is found by.
struct City {
    place: DeliveryPlace,
    /// Slug of its common and its official name.
    name_key: String,
    /// Slug of its province or region.
    within_key: String,
    is_city: bool,
}

static CITIES: LazyLock<Vec<City>> = LazyLock::new(|| {
    let city = |(code, name, parent): (String, &str, &str)| {
        let place = DeliveryPlace { code, name: common_name(name), within: common_parent_name(parent) };
        // Also found by the official name: `City of Cebu`.
        let name_key = format!("{}-{}", slug::slug(&place.name), slug::slug(name));
        City { within_key: slug::slug(&place.within), name_key, is_city: name.contains("City"), place }
    };
    address_tree::cities().map(city).collect()
});

/// The delivery place of a code: of a city, a municipality or anything below one, or of a country. None for the codes of regions and
/// provinces, for `PH`, and for unknown ones.
#[must_use]
pub fn delivery_place(locale: Locale, code: &str) -> Option<DeliveryPlace> {
    if code.len() == 2 {
        let found = countries(locale).into_iter().find(|(country, _)| country == code && code != "PH")?;
        return Some(DeliveryPlace { code: found.0, name: found.1, within: String::new() });
    }
    let path = address_tree::path(code);
    let city = path.iter().find(|place| matches!(place.kind.as_str(), "city" | "municipality"))?;
    CITIES.iter().find(|other| other.place.code == city.code).map(|city| city.place.clone())
}

/// The cities, municipalities and countries that match these words, the likeliest first; the biggest cities when there are no words.
#[must_use]
pub fn find_delivery_places(locale: Locale, words: &str) -> Vec<DeliveryPlace> {
    let query = slug::slug(words);
    let tokens: Vec<&str> = query.split('-').filter(|token| !token.is_empty()).collect();
    if tokens.is_empty() {
        return POPULAR.iter().filter_map(|code| delivery_place(locale, code)).collect();
    }
    let begins = |text: &str, token: &str| text.split('-').any(|word| word.starts_with(token));
    let mut found: Vec<_> = CITIES
        .iter()
        .filter(|city| tokens.iter().all(|token| begins(&city.name_key, token) || begins(&city.within_key, token)))
        .map(|city| {
            let by_name = tokens.iter().all(|token| begins(&city.name_key, token));
            ((!city.name_key.starts_with(&query), !by_name, !city.is_city, city.place.name.clone()), city.place.clone())
        })
        .collect();
    let abroad = countries(locale).into_iter().filter(|(code, _)| code != "PH").map(|(code, name)| (slug::slug(&name), code, name));
    let abroad = abroad.filter(|(key, ..)| tokens.iter().all(|token| begins(key, token)));
    found.extend(abroad.map(|(key, code, name)| {
        ((!key.starts_with(&query), false, false, name.clone()), DeliveryPlace { code, name, within: String::new() })
    }));
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found.into_iter().map(|(_, place)| place).take(MAX_RESULTS).collect()
}

/// A city's common name: `Cebu City` for `City of Cebu`.
fn common_name(name: &str) -> String {
    let plain = before_bracket(name);
    match plain.strip_prefix("City of ") {
        Some("Manila") => "Manila".to_owned(),
        Some(city) => format!("{} City", city.replace(" De ", " de ")),
        None => plain.to_owned(),
    }
}

/// A province's or region's common name: `Central Visayas` for `Region VII (Central Visayas)`.
fn common_parent_name(name: &str) -> String {
    if name.starts_with("National Capital Region") {
        return "Metro Manila".to_owned();
    }
    let bracket = name.split_once('(').filter(|(before, _)| before.starts_with("Region ")).and_then(|(_, rest)| rest.strip_suffix(')'));
    bracket.unwrap_or_else(|| before_bracket(name)).to_owned()
}

fn before_bracket(name: &str) -> &str {
    name.split_once('(').map_or(name, |(before, _)| before).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &str) -> Vec<String> {
        find_delivery_places(Locale::En, words).into_iter().map(|place| format!("{}, {}", place.name, place.within)).collect()
    }

    #[test]
    fn a_place_is_found_by_the_words_that_people_use() {
        for words in ["cebu city", "City of Cebu", "  CEBU c"] {
            assert_eq!(names(words).first().map(String::as_str), Some("Cebu City, Central Visayas"), "{words}");
        }
        assert_eq!(names("makati"), ["Makati City, Metro Manila"]);
        assert!(names("parañaque").contains(&"Parañaque City, Metro Manila".to_owned()));
        assert!(names("san fernando pampanga").contains(&"San Fernando City, Pampanga".to_owned()));
        assert_eq!(names("austral"), ["Australia, "]);
        assert!(names("zzzz").is_empty() && names("philippines").is_empty());
        assert_eq!(names("").len(), POPULAR.len());
        assert_eq!(names("").first().map(String::as_str), Some("Manila, Metro Manila"));
        assert_eq!(names("s").len(), MAX_RESULTS);
    }

    #[test]
    fn a_code_names_a_city_or_a_country_and_nothing_else() {
        let name = |code: &str| delivery_place(Locale::En, code).map(|place| place.name);
        assert_eq!(name("0730600000").as_deref(), Some("Cebu City"));
        // A barangay of Manila, which has districts between.
        assert_eq!(name("1380601001").as_deref(), Some("Manila"));
        assert_eq!(name("AU").as_deref(), Some("Australia"));
        for code in ["", "PH", "ZZ", "0700000000", "0702200000", "9999999999", "cebu", "au"] {
            assert_eq!(name(code), None, "{code}");
        }
    }
}
