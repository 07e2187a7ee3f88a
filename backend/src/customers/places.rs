//! Places of the Philippines: regions, provinces, cities and municipalities, barangays.
//!
//! The list is the Philippine Standard Geographic Code (`domain/data/README.md` names the source); it is read once, when it
//! is first asked for, and holds 43,767 places in 700 kB.

use std::sync::LazyLock;

use domain::slug;
use domain::view::{Address, Place};

const PLACES: &str = include_str!("../../../domain/data/ph/places.tsv");
const ISLANDS: &str = include_str!("../../../domain/data/ph/islands.tsv");

/// What is offered beneath a place; the regions, when there is none above.
///
/// The levels are those of an address form. Beneath a region stand its provinces *and* its independent cities; beneath an
/// independent city at once its barangays. Manila's districts are left out: its barangays stand beneath the city. A barangay
/// without a postal code of its own is given that of its district or city, where that has exactly one.
#[must_use]
pub fn places(parent: Option<&str>) -> Vec<Place> {
    let parent = match parent.map(str::trim).filter(|code| !code.is_empty()) {
        None => 0,
        Some(code) => match code.parse::<u32>() {
            Ok(code) if code > 0 => code,
            _ => return Vec::new(),
        },
    };
    let tree = &*TREE;
    let mut found = Vec::new();
    for row in tree.upper.iter().filter(|row| row.parent == parent) {
        if row.kind == b'd' {
            found.extend(tree.barangays_of(row.code).iter());
        } else {
            found.push(row);
        }
    }
    found.extend(tree.barangays_of(parent).iter());
    found.into_iter().map(|row| tree.view(row)).collect()
}

/// A place and those above it, from the region downwards.
#[must_use]
pub fn chain(code: &str) -> Vec<Place> {
    let tree = &*TREE;
    tree.above(code.parse().unwrap_or(0)).into_iter().rev().map(|row| tree.view(row)).collect()
}

/// The code, name and next place above of every city and municipality: a province, or the region of an independent city.
pub(super) fn cities() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    let tree = &*TREE;
    tree.upper
        .iter()
        .filter(|row| matches!(row.kind, b'c' | b'm'))
        .filter_map(|row| Some((code_text(row.code), row.name(), tree.row(row.parent)?.name())))
}

/// The island group that deliveries are priced by: `NCR`, `Luzon`, `Visayas` or `Mindanao`. None outside the Philippines, and
/// where neither the place nor the region is known.
#[must_use]
pub fn island_group(address: &Address) -> Option<&'static str> {
    if address.country != "PH" {
        return None;
    }
    let tree = &*TREE;
    let region = tree
        .above(address.place.parse().unwrap_or(0))
        .last()
        .map(|row| row.code)
        .or_else(|| tree.child_named(0, &address.region).map(|row| row.code))?;
    ISLANDS.lines().filter_map(|line| line.split_once('\t')).find(|(code, _)| code.parse() == Ok(region)).map(|(_, island)| island.trim())
}

/// The address with what its barangay's code tells filled in: the names above it, the postal code where none was written.
///
/// An address that names its places but has no code is given the code, if the names lead to one.
#[must_use]
pub fn complete(mut address: Address) -> Address {
    if address.country != "PH" {
        return address;
    }
    if address.place.is_empty() {
        if let Ok(code) = find(&address) {
            address.place = code;
        }
        return with_postal_code(address);
    }
    for place in chain(&address.place) {
        let field = match place.kind.as_str() {
            "region" => &mut address.region,
            "province" => &mut address.province,
            "city" | "municipality" => &mut address.city,
            "barangay" => &mut address.barangay,
            _ => continue,
        };
        if field.trim().is_empty() {
            *field = place.name;
        }
    }
    with_postal_code(address)
}

fn with_postal_code(mut address: Address) -> Address {
    if address.postal_code.trim().is_empty()
        && let Some(code) = TREE.postal_code(address.place.parse().unwrap_or(0))
    {
        address.postal_code = code;
    }
    address
}

/// The code of the barangay that the names lead to.
///
/// # Errors
/// The first field from the top that is empty, or that no place beneath the one above is called.
pub(super) fn find(address: &Address) -> Result<String, &'static str> {
    let tree = &*TREE;
    let region = tree.child_named(0, &address.region).ok_or("region")?;
    let above_city = if address.province.trim().is_empty() {
        region
    } else {
        let province = tree.child_named(region.code, &address.province).ok_or("province")?;
        // In the form an independent city may have been chosen at the province's level.
        if province.kind == b'p' { province } else { region }
    };
    let city = tree.child_named(above_city.code, &address.city).filter(|row| row.kind != b'p');
    let city = city.ok_or(if above_city.kind == b'r' && address.province.trim().is_empty() && !address.city.trim().is_empty() {
        // The city is in a province that was not named.
        "province"
    } else {
        "city"
    })?;
    tree.child_named(city.code, &address.barangay).map(|row| code_text(row.code)).ok_or("barangay")
}

/// Does the barangay's code stand for the places that the address names? A name that is empty is not compared.
///
/// # Errors
/// The field that names another place, or `barangay` when the code is no barangay's.
pub(super) fn agrees(address: &Address) -> Result<(), &'static str> {
    let above = TREE.above(address.place.parse().unwrap_or(0));
    if above.first().is_none_or(|row| row.kind != b'b') {
        return Err("barangay");
    }
    let mut province = "";
    let mut city = "";
    for row in above.iter().rev() {
        let (field, written) = match row.kind {
            b'r' => ("region", &address.region),
            b'p' => {
                province = row.name();
                continue;
            }
            b'c' | b'm' => {
                city = row.name();
                ("city", &address.city)
            }
            b'b' => ("barangay", &address.barangay),
            _ => continue,
        };
        if !written.trim().is_empty() && !same(written, row.name()) {
            return Err(field);
        }
    }
    // An independent city has no province; the form may then repeat the city there.
    let written = address.province.trim();
    if written.is_empty() || same(written, if province.is_empty() { city } else { province }) { Ok(()) } else { Err("province") }
}

/// The places, in the order of their codes.
struct Tree {
    /// Everything above barangays.
    upper: Vec<Row>,
    barangays: Vec<Row>,
}

/// A place: its name is a part of [`PLACES`].
struct Row {
    code: u32,
    /// 0 above regions.
    parent: u32,
    name_at: u32,
    name_len: u8,
    kind: u8,
    /// 0 when not known.
    postal: u16,
}

static TREE: LazyLock<Tree> = LazyLock::new(Tree::read);

impl Tree {
    fn read() -> Self {
        let mut tree = Self { upper: Vec::with_capacity(2_000), barangays: Vec::with_capacity(43_000) };
        let mut at = 0;
        for line in PLACES.split('\n') {
            if let Some(row) = Row::read(line, at) {
                if row.kind == b'b' { tree.barangays.push(row) } else { tree.upper.push(row) }
            }
            at += line.len() + 1;
        }
        tree
    }

    fn barangays_of(&self, parent: u32) -> &[Row] {
        if parent == 0 || !parent.is_multiple_of(1000) {
            return &[];
        }
        let from = self.barangays.partition_point(|row| row.code <= parent);
        let to = self.barangays.partition_point(|row| row.code < parent + 1000);
        &self.barangays[from..to]
    }

    fn row(&self, code: u32) -> Option<&Row> {
        let rows = if code.is_multiple_of(1000) { &self.upper } else { &self.barangays };
        rows.binary_search_by_key(&code, |row| row.code).ok().and_then(|at| rows.get(at))
    }

    /// A place and those above it, upwards.
    fn above(&self, code: u32) -> Vec<&Row> {
        let mut found = Vec::with_capacity(5);
        let mut next = self.row(code);
        while let Some(row) = next {
            found.push(row);
            next = self.row(row.parent);
        }
        found
    }

    /// The place of that name beneath another, however it is spelt: `Lipa` and `Lipa City` for `City of Lipa`. None when
    /// the spelling fits several and is nobody's own. `Cebu` is a province and `Cebu City` a city.
    fn child_named(&self, parent: u32, name: &str) -> Option<&Row> {
        if name.trim().is_empty() {
            return None;
        }
        let districts = self.upper.iter().filter(|row| row.parent == parent && row.kind == b'd');
        let children: Vec<&Row> = self
            .upper
            .iter()
            .filter(|row| row.parent == parent && row.kind != b'd')
            .chain(self.barangays_of(parent))
            .chain(districts.flat_map(|row| self.barangays_of(row.code)))
            .collect();
        let whole = slug::slug(name);
        if let Some(row) = children.iter().find(|row| slug::slug(row.name()) == whole) {
            return Some(row);
        }
        let alike: Vec<&Row> = children.into_iter().filter(|row| same(name, row.name())).collect();
        match alike.as_slice() {
            [only] => Some(only),
            several => {
                let city = whole.split('-').any(|word| word == "city");
                let mut fitting = several.iter().filter(|row| (row.kind == b'c') == city);
                fitting.next().copied().filter(|_| fitting.next().is_none())
            }
        }
    }

    /// The postal code of a place, or of the nearest above it up to the city.
    fn postal_code(&self, code: u32) -> Option<String> {
        let above = self.above(code);
        above.iter().take_while(|row| !matches!(row.kind, b'p' | b'r')).find(|row| row.postal > 0).map(|row| format!("{:04}", row.postal))
    }

    fn view(&self, row: &Row) -> Place {
        let kind = match row.kind {
            b'r' => "region",
            b'p' => "province",
            b'c' => "city",
            b'm' => "municipality",
            b'd' => "district",
            _ => "barangay",
        };
        Place {
            code: code_text(row.code),
            name: row.name().to_owned(),
            kind: kind.to_owned(),
            postal_code: self.postal_code(row.code).unwrap_or_default(),
        }
    }
}

impl Row {
    /// A line of the list; none for a comment or an empty one. `at` is where the line begins.
    fn read(line: &str, at: usize) -> Option<Self> {
        let mut cells = line.split('\t');
        let code: u32 = cells.next()?.parse().ok()?;
        let parent = cells.next()?;
        let kind = *cells.next()?.as_bytes().first()?;
        let name = cells.next()?;
        let parent = match kind {
            b'r' => 0,
            b'b' => code / 1000 * 1000,
            _ => parent.parse().ok()?,
        };
        let before_name = line.match_indices('\t').nth(2)?.0 + 1;
        Some(Self {
            code,
            parent,
            name_at: u32::try_from(at + before_name).ok()?,
            name_len: u8::try_from(name.len()).ok()?,
            kind,
            postal: cells.next().and_then(|code| code.trim().parse().ok()).unwrap_or(0),
        })
    }

    fn name(&self) -> &'static str {
        let from = self.name_at as usize;
        PLACES.get(from..from + usize::from(self.name_len)).unwrap_or_default()
    }
}

fn code_text(code: u32) -> String {
    format!("{code:010}")
}

/// May two spellings name one place?
fn same(written: &str, name: &str) -> bool {
    let bracket = name.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    written.trim() == name || key(written) == key(name) || (!bracket.is_empty() && slug::slug(written) == slug::slug(bracket))
}

/// A name without accents, capitals, punctuation, what stands in brackets, and the `City` of a city.
fn key(name: &str) -> String {
    let plain = name.split_once('(').map_or(name, |(before, _)| before);
    let slug = slug::slug(if plain.trim().is_empty() { name } else { plain });
    let slug = slug.strip_prefix("city-of-").unwrap_or(&slug);
    slug.strip_suffix("-city").unwrap_or(slug).to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at what is not as expected")]
mod tests {
    use super::*;

    fn named(places: &[Place], name: &str) -> Place {
        places.iter().find(|place| place.name == name).cloned().unwrap_or_else(|| panic!("{name} is not offered"))
    }

    fn address(region: &str, province: &str, city: &str, barangay: &str) -> Address {
        Address {
            country: "PH".into(),
            region: region.into(),
            province: province.into(),
            city: city.into(),
            barangay: barangay.into(),
            ..Address::default()
        }
    }

    #[test]
    fn a_barangay_is_found_from_the_region_down() {
        let regions = places(None);
        assert_eq!(regions.len(), 18);
        let region = named(&regions, "Region IV-A (CALABARZON)");
        let province = named(&places(Some(&region.code)), "Batangas");
        let city = named(&places(Some(&province.code)), "City of Lipa");
        assert_eq!((city.kind.as_str(), city.postal_code.as_str()), ("city", "4217"));
        let barangay = places(Some(&city.code)).into_iter().next().unwrap();
        assert_eq!(barangay.kind, "barangay");
        let chain = chain(&barangay.code);
        assert_eq!(chain.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), [&region.name, &province.name, &city.name, &barangay.name]);
        assert!(places(Some(&barangay.code)).is_empty() && places(Some("nonsense")).is_empty());
    }

    #[test]
    fn manilas_barangays_stand_beneath_the_city_with_their_districts_postal_code() {
        let manila = named(&places(Some("1300000000")), "City of Manila");
        let barangays = places(Some(&manila.code));
        assert_eq!(barangays.len(), 897);
        assert!(barangays.iter().any(|place| place.postal_code == "1002"));
        assert!(barangays.iter().all(|place| place.kind == "barangay"));
    }

    #[test]
    fn every_place_leads_up_to_a_region_and_each_region_has_its_islands() {
        let tree = &*TREE;
        assert_eq!(tree.upper.len() + tree.barangays.len(), 43_767);
        for row in tree.barangays.iter().chain(&tree.upper) {
            assert_eq!(tree.above(row.code).last().map(|top| top.kind), Some(b'r'), "{}", row.code);
        }
        for region in places(None) {
            let address = address(&region.name, "", "", "");
            assert!(island_group(&address).is_some(), "{}", region.name);
        }
    }

    #[test]
    fn spoken_names_lead_to_the_code_and_wrong_ones_to_the_field() {
        let written = address("NCR", "", "Manila", "barangay 1");
        assert_eq!(find(&written).as_deref(), Ok("1380601001"));
        assert_eq!(island_group(&written), Some("NCR"));
        assert_eq!(find(&address("Region VII (Central Visayas)", "", "Cebu City", "Lahug")).map(|code| chain(&code).len()), Ok(3));
        assert_eq!(find(&address("Region VII (Central Visayas)", "Cebu City", "City of Cebu", "Lahug")).map(|code| code.len()), Ok(10));
        assert_eq!(find(&address("Region IV-A (CALABARZON)", "", "Lipa", "Sabang")), Err("province"));
        assert_eq!(find(&address("Calabarzon", "Batangas", "Lipa City", "Nowhere")), Err("barangay"));
        assert_eq!(find(&address("Region IV-A (CALABARZON)", "Cebu", "Lipa", "Sabang")), Err("province"));
    }

    #[test]
    fn a_code_and_names_of_another_place_do_not_agree() {
        let mut wrong = address("Region I (Ilocos Region)", "Ilocos Norte", "Adams", "Adams");
        wrong.place = "0102801001".into();
        assert_eq!(agrees(&wrong), Ok(()));
        wrong.city = "Bacarra".into();
        assert_eq!(agrees(&wrong), Err("city"));
        wrong.city = "Adams".into();
        wrong.province = "Cebu".into();
        assert_eq!(agrees(&wrong), Err("province"));
        wrong.place = "0102801000".into();
        assert_eq!(agrees(&wrong), Err("barangay"));
        let filled = complete(Address { country: "PH".into(), place: "0102801001".into(), ..Address::default() });
        assert_eq!(
            (filled.city.as_str(), filled.postal_code.as_str(), filled.region.as_str()),
            ("Adams", "2922", "Region I (Ilocos Region)")
        );
    }
}
