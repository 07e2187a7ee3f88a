//! Where a delivery goes, as far as its fee and its days depend on it: a city or municipality, or another country.

use std::sync::LazyLock;

use domain::view::DeliveryPlace;
use domain::{Locale, slug};

use super::formats::countries;
use super::places;

/// What is offered before anything is typed: the cities that most people live in.
const POPULAR: [&str; 8] = ["1380600000", "1381300000", "1380300000", "1381500000", "0730600000", "1130700000", "0631000000", "1030500000"];

/// The most that is offered.
const MAX_OFFERED: usize = 12;

/// A city or municipality with the words it is found by.
struct City {
    place: DeliveryPlace,
    own: String,
    above: String,
    is_city: bool,
}

static CITIES: LazyLock<Vec<City>> = LazyLock::new(|| {
    let city = |(code, name, above): (String, &str, &str)| {
        let place = DeliveryPlace { code, name: spoken(name), within: spoken_above(above) };
        // Found by the official name as well: `City of Cebu`.
        let own = format!("{}-{}", slug::slug(&place.name), slug::slug(name));
        City { above: slug::slug(&place.within), own, is_city: name.contains("City"), place }
    };
    places::cities().map(city).collect()
});

/// The place that a code stands for: that of a city or municipality, or of anything beneath it, or of a country. None for the codes of
/// regions and provinces, of the Philippines as a whole, and for nonsense.
#[must_use]
pub fn delivery_place(locale: Locale, code: &str) -> Option<DeliveryPlace> {
    if code.len() == 2 {
        let found = countries(locale).into_iter().find(|(known, _)| known == code && code != "PH")?;
        return Some(DeliveryPlace { code: found.0, name: found.1, within: String::new() });
    }
    let chain = places::chain(code);
    let city = chain.iter().find(|place| matches!(place.kind.as_str(), "city" | "municipality"))?;
    CITIES.iter().find(|known| known.place.code == city.code).map(|known| known.place.clone())
}

/// The cities, municipalities and countries that these words may mean, the likeliest first; some big cities without words.
#[must_use]
pub fn find_delivery_places(locale: Locale, words: &str) -> Vec<DeliveryPlace> {
    let asked = slug::slug(words);
    let tokens: Vec<&str> = asked.split('-').filter(|token| !token.is_empty()).collect();
    if tokens.is_empty() {
        return POPULAR.iter().filter_map(|code| delivery_place(locale, code)).collect();
    }
    let begins = |text: &str, token: &str| text.split('-').any(|word| word.starts_with(token));
    let mut found: Vec<_> = CITIES
        .iter()
        .filter(|city| tokens.iter().all(|token| begins(&city.own, token) || begins(&city.above, token)))
        .map(|city| {
            let own = tokens.iter().all(|token| begins(&city.own, token));
            ((!city.own.starts_with(&asked), !own, !city.is_city, city.place.name.clone()), city.place.clone())
        })
        .collect();
    let abroad = countries(locale).into_iter().filter(|(code, _)| code != "PH").map(|(code, name)| (slug::slug(&name), code, name));
    let abroad = abroad.filter(|(key, ..)| tokens.iter().all(|token| begins(key, token)));
    found.extend(abroad.map(|(key, code, name)| {
        ((!key.starts_with(&asked), false, false, name.clone()), DeliveryPlace { code, name, within: String::new() })
    }));
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found.into_iter().map(|(_, place)| place).take(MAX_OFFERED).collect()
}

/// A city's name as people say it: `Cebu City` for `City of Cebu`.
fn spoken(name: &str) -> String {
    let plain = before_bracket(name);
    match plain.strip_prefix("City of ") {
        Some("Manila") => "Manila".to_owned(),
        Some(city) => format!("{} City", city.replace(" De ", " de ")),
        None => plain.to_owned(),
    }
}

/// A province's or region's name as people say it: `Central Visayas` for `Region VII (Central Visayas)`.
fn spoken_above(name: &str) -> String {
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
        assert_eq!(names("s").len(), MAX_OFFERED);
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
