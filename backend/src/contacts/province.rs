//! The states and provinces that taxes may depend on, by code.

use domain::view::Address;

use super::address_format::country_format;
use super::address_tree;

/// The code of an address's state or province: as the address formats have it, in the Philippines the PSGC code of the province or of the
/// independent city. Empty where the address names none, and in countries whose states have no codes.
#[must_use]
pub fn province_code(address: &Address) -> String {
    if address.country == "PH" {
        let place = if address.place.is_empty() { address_tree::resolve(address).unwrap_or_default() } else { address.place.clone() };
        return address_tree::path(&place).into_iter().nth(1).map(|place| place.code).unwrap_or_default();
    }
    let state = country_format(&address.country).and_then(|country| country.state(&address.province));
    state.map(|(code, _)| code.clone()).unwrap_or_default()
}

/// Code, as [`province_code`] gives it, and name of a state or province that is written as its code or its name; in the Philippines as its
/// code. None for an unknown one.
#[must_use]
pub fn find_province(country: &str, written: &str) -> Option<(String, String)> {
    if country == "PH" {
        let path = address_tree::path(written.trim());
        return match path.as_slice() {
            [_, place] => Some((place.code.clone(), place.name.clone())),
            _ => None,
        };
    }
    country_format(country)?.state(written).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_province_is_known_by_the_code_that_its_addresses_have() {
        let at = |country: &str, place: &str, province: &str| {
            province_code(&Address { country: country.into(), place: place.into(), province: province.into(), ..Address::default() })
        };
        // Adams in Ilocos Norte; Davao, which belongs to no province; a city without its barangay; a region alone.
        assert_eq!((at("PH", "0102801001", ""), at("PH", "1130700021", "")), ("0102800000".to_owned(), "1130700000".to_owned()));
        assert_eq!((at("PH", "1380600000", ""), at("PH", "0100000000", "")), ("1380600000".to_owned(), String::new()));
        assert_eq!((at("AU", "", "Victoria"), at("AU", "", "VIC"), at("AU", "", "")), ("VIC".to_owned(), "VIC".to_owned(), String::new()));
        assert_eq!((at("SG", "", "East"), at("", "", "")), (String::new(), String::new()));
        let found = |country: &str, written: &str| find_province(country, written).map(|(code, name)| format!("{code} {name}"));
        assert_eq!(found("PH", " 0102800000 ").as_deref(), Some("0102800000 Ilocos Norte"));
        assert_eq!((found("AU", "vic").as_deref(), found("AU", "Victoria").as_deref()), (Some("VIC Victoria"), Some("VIC Victoria")));
        for (country, written) in [("AU", "XX"), ("AU", ""), ("PH", "0100000000"), ("PH", "0102801000"), ("SG", "1"), ("", "")] {
            assert_eq!(found(country, written), None, "{country} {written}");
        }
    }
}
