//! Which places a postal code of the Philippines belongs to.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use domain::view::Place;

use super::address_tree::{self, code_text};

/// The places that each postal code stands with.
static PLACES: LazyLock<HashMap<u16, Vec<u32>>> = LazyLock::new(|| {
    let mut places: HashMap<u16, Vec<u32>> = HashMap::new();
    for (postal_code, place) in address_tree::postal_codes() {
        places.entry(postal_code).or_default().push(place);
    }
    places
});

/// The cities of which a postal code is known.
static CITIES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let of = |place: &u32| city(&address_tree::path(&code_text(*place))).map(|city| city.code.clone());
    PLACES.values().flatten().filter_map(of).collect()
});

fn city(path: &[Place]) -> Option<&Place> {
    path.iter().find(|place| matches!(place.kind.as_str(), "city" | "municipality"))
}

/// A city with this postal code, when all places that are known to have it are far from this one. The lists do not have every postal code, and
/// at borders a neighbour's is used: no code of the same province is said to be wrong, and none in a city of which no code is known.
pub(super) fn city_elsewhere(postal_code: &str, place: &str) -> Option<String> {
    let places = PLACES.get(&postal_code.parse().ok()?)?;
    let own = address_tree::path(place);
    city(&own).filter(|city| CITIES.contains(&city.code))?;
    let paths: Vec<Vec<Place>> = places.iter().map(|code| address_tree::path(&code_text(*code))).collect();
    if paths.iter().any(|path| are_near(path, &own)) {
        return None;
    }
    paths.iter().find_map(|path| city(path)).map(|city| city.name.clone())
}

/// Are two places in one province, or in one region where one of them is in a city without a province?
fn are_near(one: &[Place], other: &[Place]) -> bool {
    let code = |path: &[Place], kind: &str| path.iter().find(|place| place.kind == kind).map(|place| place.code.clone());
    let provinces = (code(one, "province"), code(other, "province"));
    match provinces {
        (Some(one), Some(other)) => one == other,
        _ => code(one, "region") == code(other, "region"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postal_code_of_another_province_is_told_from_one_that_is_not_known() {
        // Lahug in Cebu City.
        let lahug = address_tree::children(Some("0730600000")).into_iter().find(|place| place.name == "Lahug").unwrap().code;
        assert_eq!(city_elsewhere("2918", &lahug).as_deref(), Some("Burgos"));
        assert_eq!(city_elsewhere("1603", &lahug).as_deref(), Some("City of Pasig"));
        // Its own, that of the next city, and what no list has.
        for code in ["6000", "6015", "9999", "", "29I8"] {
            assert_eq!(city_elsewhere(code, &lahug), None, "{code}");
        }
        assert_eq!(city_elsewhere("6000", ""), None);
        // Its municipalities were parts of Cotabato, whose codes they have; the lists name none of theirs.
        let special = address_tree::children(Some("1999900000")).into_iter().next().unwrap().code;
        assert_eq!(city_elsewhere("9408", &special), None);
    }
}
