//! Barangays, cities and municipalities by the words that people type, for an address form that fills itself in.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use domain::view::DeliveryPlace;
use domain::{Locale, slug};

use super::address_tree::{self, code_text};
use super::delivery_place::{delivery_place, find_delivery_places};

const MAX_RESULTS: usize = 8;
const MAX_CITIES: usize = 3;
/// Words of a search that count.
const MAX_WORDS: usize = 6;
/// Fewer letters fit too many of the 43,000 places.
const MIN_CHARS: usize = 3;

/// The names of all barangays, one after the other, so that a search is one pass over a megabyte.
struct BarangayNames {
    /// `\n-` and the slug of each.
    keys: String,
    /// Where each begins in `keys`, ascending.
    starts: Vec<u32>,
    /// The code of each.
    codes: Vec<u32>,
}

static BARANGAYS: LazyLock<BarangayNames> = LazyLock::new(|| {
    let mut names = BarangayNames { keys: String::with_capacity(1 << 20), starts: Vec::new(), codes: Vec::new() };
    for (code, name) in address_tree::barangays() {
        names.starts.push(u32::try_from(names.keys.len()).unwrap_or(u32::MAX));
        names.codes.push(code);
        names.keys.push_str("\n-");
        names.keys.push_str(&slug::slug(name));
    }
    names.keys.push('\n');
    names
});

impl BarangayNames {
    /// Those with a word that begins with this, as code and slug.
    fn with_word(&self, word: &str) -> Vec<(u32, &str)> {
        let mut found: Vec<(u32, &str)> = Vec::new();
        for (at, _) in self.keys.match_indices(&format!("-{word}")) {
            let index = self.starts.partition_point(|start| *start as usize <= at).saturating_sub(1);
            let Some(code) = self.codes.get(index) else { continue };
            if found.last().is_some_and(|(last, _)| last == code) {
                continue;
            }
            let from = self.starts.get(index).map_or(0, |start| *start as usize + 2);
            let to = self.keys[from..].find('\n').map_or(self.keys.len(), |length| from + length);
            found.push((*code, &self.keys[from..to]));
        }
        found
    }
}

/// The cities, municipalities and barangays that match these words, the likeliest first: each word begins one of the place's name, or of the
/// city or province that it is in. None for fewer than three letters.
#[must_use]
pub fn find_address_places(locale: Locale, words: &str) -> Vec<DeliveryPlace> {
    let query = slug::slug(words);
    if query.len() < MIN_CHARS {
        return Vec::new();
    }
    let cities = find_delivery_places(locale, words).into_iter().filter(|place| place.code.len() > 2).take(MAX_CITIES);
    let mut places: Vec<DeliveryPlace> = cities.collect();
    places.extend(find_barangays(locale, &query).take(MAX_RESULTS - places.len()));
    places
}

fn find_barangays(locale: Locale, query: &str) -> impl Iterator<Item = DeliveryPlace> {
    let mut tokens: Vec<&str> = query.split('-').filter(|token| !token.is_empty()).collect();
    tokens.sort_unstable();
    tokens.dedup();
    // The longest words are in the fewest names.
    tokens.sort_by_key(|token| Reverse(token.len()));
    tokens.truncate(MAX_WORDS);
    let begins = |key: &str, token: &str| key.split('-').any(|word| word.starts_with(token));
    // By city, or district of Manila.
    let mut cities: HashMap<u32, Option<(DeliveryPlace, String)>> = HashMap::new();
    let mut found = Vec::new();
    for token in tokens.iter().filter(|token| token.len() > 1) {
        for (code, key) in BARANGAYS.with_word(token) {
            let city = cities.entry(code / 1000).or_insert_with(|| {
                let city = delivery_place(locale, &code_text(code))?;
                let key = slug::slug(&format!("{} {}", city.name, city.within));
                Some((city, key))
            });
            let Some((city, city_key)) = city else { continue };
            if !tokens.iter().all(|token| begins(key, token) || begins(city_key, token)) {
                continue;
            }
            let elsewhere = tokens.iter().filter(|token| !begins(key, token)).count();
            let is_named_so = query.starts_with(key) || key.starts_with(query);
            found.push((!is_named_so, elsewhere, key.len(), city.name.clone(), code));
        }
    }
    found.sort();
    found.dedup();
    found.into_iter().filter_map(move |(.., city, code)| {
        let (_, within) = cities.get(&(code / 1000))?.as_ref().map(|(city, _)| (city, &city.within))?;
        let code = code_text(code);
        let name = address_tree::path(&code).pop()?.name;
        Some(DeliveryPlace { code, name, within: format!("{city}, {within}") })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &str) -> Vec<String> {
        find_address_places(Locale::En, words).into_iter().map(|place| format!("{}, {}", place.name, place.within)).collect()
    }

    #[test]
    fn a_barangay_is_found_with_its_city_and_a_city_before_the_barangays_of_its_name() {
        assert_eq!(names("poblacion makati").first().map(String::as_str), Some("Poblacion, Makati City, Metro Manila"));
        assert_eq!(names("MAKATI, Pobla").first().map(String::as_str), Some("Poblacion, Makati City, Metro Manila"));
        assert_eq!(names("quezon city").first().map(String::as_str), Some("Quezon City, Metro Manila"));
        assert_eq!(names("lahug").first().map(String::as_str), Some("Lahug, Cebu City, Central Visayas"));
        // Manila has districts between the city and its barangays.
        assert!(
            names("barangay 659 manila").iter().any(|name| name.ends_with(", Manila, Metro Manila")),
            "{:?}",
            names("barangay 659 manila")
        );
        assert!(names("ma").is_empty() && names("zzzz").is_empty() && names("australia").is_empty());
        assert!(names("san").len() == MAX_RESULTS && names("poblacion").len() == MAX_RESULTS);
    }

    #[test]
    fn each_place_is_offered_once() {
        for words in ["san san", "barangay barangay 1", "sta sta sta"] {
            let mut codes: Vec<String> = find_address_places(Locale::En, words).into_iter().map(|place| place.code).collect();
            let all = codes.len();
            codes.sort();
            codes.dedup();
            assert_eq!(codes.len(), all, "{words}");
        }
    }
}
