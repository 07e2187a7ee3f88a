//! The tree of Philippine addresses: regions, provinces, cities and municipalities, barangays.
//!
//! It is the Philippine Standard Geographic Code (`domain/data/README.md` names the source). It is parsed on first use and holds
//! 43,767 places in 700 kB.

use std::sync::LazyLock;

use domain::slug;
use domain::view::{Address, Place};

const PLACES: &str = include_str!("../../../domain/data/ph/places.tsv");
const ISLANDS: &str = include_str!("../../../domain/data/ph/islands.tsv");

/// The places directly below another, as an address form offers them; the regions without a parent.
///
/// Below a region are its provinces *and* its independent cities; the barangays of an independent city are directly below it.
/// Manila's districts are left out: its barangays are directly below the city. A barangay without a postal code of its own gets
/// that of its district or city, where that has exactly one.
#[must_use]
pub fn children(parent: Option<&str>) -> Vec<Place> {
    let parent = match parent.map(str::trim).filter(|code| !code.is_empty()) {
        None => 0,
        Some(code) => match code.parse::<u32>() {
            Ok(code) if code > 0 => code,
            _ => return Vec::new(),
        },
    };
    let tree = &*TREE;
    let mut children = Vec::new();
    for node in tree.upper.iter().filter(|node| node.parent == parent) {
        if node.level == Level::District {
            children.extend(tree.barangays_of(node.code).iter());
        } else {
            children.push(node);
        }
    }
    children.extend(tree.barangays_of(parent).iter());
    children.into_iter().map(|node| tree.view(node)).collect()
}

/// A place and its ancestors, from the region down.
#[must_use]
pub fn path(code: &str) -> Vec<Place> {
    let tree = &*TREE;
    tree.ancestors(code.parse().unwrap_or(0)).into_iter().rev().map(|node| tree.view(node)).collect()
}

/// Code, name and parent's name of every city and municipality. The parent is a province, or the region of an independent city.
pub(super) fn cities() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    let tree = &*TREE;
    tree.upper
        .iter()
        .filter(|node| matches!(node.level, Level::City | Level::Municipality))
        .filter_map(|node| Some((code_text(node.code), node.name(), tree.node(node.parent)?.name())))
}

/// Code and name of every barangay, by code.
pub(super) fn barangays() -> impl Iterator<Item = (u32, &'static str)> {
    TREE.barangays.iter().map(|node| (node.code, node.name()))
}

/// The codes of the places that have a postal code of their own, each with it.
pub(super) fn postal_codes() -> impl Iterator<Item = (u16, u32)> {
    TREE.upper.iter().chain(&TREE.barangays).filter(|node| node.postal_code > 0).map(|node| (node.postal_code, node.code))
}

/// The postal code of a place, or of what it is in up to the city; none where that has several.
#[must_use]
pub fn postal_code(code: &str) -> Option<String> {
    TREE.postal_code(code.parse().ok()?)
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
        .ancestors(address.place.parse().unwrap_or(0))
        .last()
        .map(|node| node.code)
        .or_else(|| tree.child_named(0, &address.region).map(|node| node.code))?;
    ISLANDS.lines().filter_map(|line| line.split_once('\t')).find(|(code, _)| code.parse() == Ok(region)).map(|(_, island)| island.trim())
}

/// Fills in what follows from the barangay's code: the empty names of the levels above it, and the postal code where there is none.
///
/// An address with names but no code gets the code, if the names lead to one.
#[must_use]
pub fn complete(mut address: Address) -> Address {
    if address.country != "PH" {
        return address;
    }
    if address.place.is_empty() {
        if let Ok(code) = resolve(&address) {
            address.place = code;
        }
        return with_postal_code(address);
    }
    for place in path(&address.place) {
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
/// The first field from the top that is empty or names no child of the place above.
pub(super) fn resolve(address: &Address) -> Result<String, &'static str> {
    let tree = &*TREE;
    let region = tree.child_named(0, &address.region).ok_or("region")?;
    let above_city = if address.province.trim().is_empty() {
        region
    } else {
        let province = tree.child_named(region.code, &address.province).ok_or("province")?;
        // In the form an independent city may have been chosen at the province's level.
        if province.level == Level::Province { province } else { region }
    };
    let city = tree.child_named(above_city.code, &address.city).filter(|node| node.level != Level::Province);
    let city =
        city.ok_or(if above_city.level == Level::Region && address.province.trim().is_empty() && !address.city.trim().is_empty() {
            // The city is in a province that was not named.
            "province"
        } else {
            "city"
        })?;
    tree.child_named(city.code, &address.barangay).map(|node| code_text(node.code)).ok_or("barangay")
}

/// Does the address's code belong to the names it gives? Empty names are not compared.
///
/// # Errors
/// The field that names another place, or `barangay` when the code is no barangay's.
pub(super) fn check_code(address: &Address) -> Result<(), &'static str> {
    let ancestors = TREE.ancestors(address.place.parse().unwrap_or(0));
    if ancestors.first().is_none_or(|node| node.level != Level::Barangay) {
        return Err("barangay");
    }
    let mut province = "";
    let mut city = "";
    for node in ancestors.iter().rev() {
        let (field, written) = match node.level {
            Level::Region => ("region", &address.region),
            Level::Province => {
                province = node.name();
                continue;
            }
            Level::City | Level::Municipality => {
                city = node.name();
                ("city", &address.city)
            }
            Level::Barangay => ("barangay", &address.barangay),
            Level::District => continue,
        };
        if !written.trim().is_empty() && !same_name(written, node.name()) {
            return Err(field);
        }
    }
    // An independent city has no province; the form may then repeat the city there.
    let written = address.province.trim();
    if written.is_empty() || same_name(written, if province.is_empty() { city } else { province }) { Ok(()) } else { Err("province") }
}

/// The nodes, ordered by code.
struct AddressTree {
    /// All levels above barangays.
    upper: Vec<Node>,
    barangays: Vec<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Region,
    Province,
    City,
    Municipality,
    /// Of the city of Manila.
    District,
    Barangay,
}

struct Node {
    code: u32,
    /// Code of the place above; 0 for regions.
    parent: u32,
    /// Byte offset of the name in [`PLACES`].
    name_at: u32,
    name_len: u8,
    level: Level,
    /// 0 when not known.
    postal_code: u16,
}

static TREE: LazyLock<AddressTree> = LazyLock::new(AddressTree::parse);

impl AddressTree {
    fn parse() -> Self {
        let mut tree = Self { upper: Vec::with_capacity(2_000), barangays: Vec::with_capacity(43_000) };
        let mut offset = 0;
        for line in PLACES.split('\n') {
            if let Some(node) = Node::parse(line, offset) {
                if node.level == Level::Barangay { tree.barangays.push(node) } else { tree.upper.push(node) }
            }
            offset += line.len() + 1;
        }
        tree
    }

    fn barangays_of(&self, parent: u32) -> &[Node] {
        if parent == 0 || !parent.is_multiple_of(1000) {
            return &[];
        }
        let from = self.barangays.partition_point(|node| node.code <= parent);
        let to = self.barangays.partition_point(|node| node.code < parent + 1000);
        &self.barangays[from..to]
    }

    fn node(&self, code: u32) -> Option<&Node> {
        let nodes = if code.is_multiple_of(1000) { &self.upper } else { &self.barangays };
        nodes.binary_search_by_key(&code, |node| node.code).ok().and_then(|at| nodes.get(at))
    }

    /// A node and its ancestors, up to the region.
    fn ancestors(&self, code: u32) -> Vec<&Node> {
        let mut nodes = Vec::with_capacity(5);
        let mut next = self.node(code);
        while let Some(node) = next {
            nodes.push(node);
            next = self.node(node.parent);
        }
        nodes
    }

    /// The child with this name, however it is spelt: `Lipa` and `Lipa City` for `City of Lipa`. None when the spelling fits several
    /// and is exactly the name of none. `Cebu` is a province and `Cebu City` a city.
    fn child_named(&self, parent: u32, name: &str) -> Option<&Node> {
        if name.trim().is_empty() {
            return None;
        }
        let districts = self.upper.iter().filter(|node| node.parent == parent && node.level == Level::District);
        let children: Vec<&Node> = self
            .upper
            .iter()
            .filter(|node| node.parent == parent && node.level != Level::District)
            .chain(self.barangays_of(parent))
            .chain(districts.flat_map(|node| self.barangays_of(node.code)))
            .collect();
        let whole = slug::slug(name);
        if let Some(node) = children.iter().find(|node| slug::slug(node.name()) == whole) {
            return Some(node);
        }
        let alike: Vec<&Node> = children.into_iter().filter(|node| same_name(name, node.name())).collect();
        match alike.as_slice() {
            [only] => Some(only),
            several => {
                let city = whole.split('-').any(|word| word == "city");
                let mut fitting = several.iter().filter(|node| (node.level == Level::City) == city);
                fitting.next().copied().filter(|_| fitting.next().is_none())
            }
        }
    }

    /// The postal code of a place, or of its nearest ancestor up to the city.
    fn postal_code(&self, code: u32) -> Option<String> {
        let ancestors = self.ancestors(code);
        let mut up_to_city = ancestors.iter().take_while(|node| !matches!(node.level, Level::Province | Level::Region));
        up_to_city.find(|node| node.postal_code > 0).map(|node| format!("{:04}", node.postal_code))
    }

    fn view(&self, node: &Node) -> Place {
        let kind = match node.level {
            Level::Region => "region",
            Level::Province => "province",
            Level::City => "city",
            Level::Municipality => "municipality",
            Level::District => "district",
            Level::Barangay => "barangay",
        };
        Place {
            code: code_text(node.code),
            name: node.name().to_owned(),
            kind: kind.to_owned(),
            postal_code: self.postal_code(node.code).unwrap_or_default(),
        }
    }
}

impl Node {
    /// Parses a line that begins at this byte offset; none for a comment or an empty one.
    fn parse(line: &str, offset: usize) -> Option<Self> {
        let mut cells = line.split('\t');
        let code: u32 = cells.next()?.parse().ok()?;
        let parent = cells.next()?;
        let level = match cells.next()?.as_bytes().first()? {
            b'r' => Level::Region,
            b'p' => Level::Province,
            b'c' => Level::City,
            b'm' => Level::Municipality,
            b'd' => Level::District,
            _ => Level::Barangay,
        };
        let name = cells.next()?;
        let parent = match level {
            Level::Region => 0,
            Level::Barangay => code / 1000 * 1000,
            _ => parent.parse().ok()?,
        };
        let before_name = line.match_indices('\t').nth(2)?.0 + 1;
        Some(Self {
            code,
            parent,
            name_at: u32::try_from(offset + before_name).ok()?,
            name_len: u8::try_from(name.len()).ok()?,
            level,
            postal_code: cells.next().and_then(|code| code.trim().parse().ok()).unwrap_or(0),
        })
    }

    fn name(&self) -> &'static str {
        let from = self.name_at as usize;
        PLACES.get(from..from + usize::from(self.name_len)).unwrap_or_default()
    }
}

pub(super) fn code_text(code: u32) -> String {
    format!("{code:010}")
}

/// May two spellings name one place?
fn same_name(written: &str, name: &str) -> bool {
    let bracket = name.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    written.trim() == name || name_key(written) == name_key(name) || (!bracket.is_empty() && slug::slug(written) == slug::slug(bracket))
}

/// A name without accents, capitals, punctuation, what stands in brackets, and the `City` of a city.
fn name_key(name: &str) -> String {
    let plain = name.split_once('(').map_or(name, |(before, _)| before);
    let slug = slug::slug(if plain.trim().is_empty() { name } else { plain });
    let slug = slug.strip_prefix("city-of-").unwrap_or(&slug);
    slug.strip_suffix("-city").unwrap_or(slug).to_owned()
}

#[cfg(test)]
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
        let regions = children(None);
        assert_eq!(regions.len(), 18);
        let region = named(&regions, "Region IV-A (CALABARZON)");
        let province = named(&children(Some(&region.code)), "Batangas");
        let city = named(&children(Some(&province.code)), "City of Lipa");
        assert_eq!((city.kind.as_str(), city.postal_code.as_str()), ("city", "4217"));
        let barangay = children(Some(&city.code)).into_iter().next().unwrap();
        assert_eq!(barangay.kind, "barangay");
        let path = path(&barangay.code);
        assert_eq!(path.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), [&region.name, &province.name, &city.name, &barangay.name]);
        assert!(children(Some(&barangay.code)).is_empty() && children(Some("nonsense")).is_empty());
    }

    #[test]
    fn manilas_barangays_stand_beneath_the_city_with_their_districts_postal_code() {
        let manila = named(&children(Some("1300000000")), "City of Manila");
        let barangays = children(Some(&manila.code));
        assert_eq!(barangays.len(), 897);
        assert!(barangays.iter().any(|place| place.postal_code == "1002"));
        assert!(barangays.iter().all(|place| place.kind == "barangay"));
    }

    #[test]
    fn every_place_belongs_to_a_region_and_each_region_to_an_island_group() {
        let tree = &*TREE;
        assert_eq!(tree.upper.len() + tree.barangays.len(), 43_767);
        for node in tree.barangays.iter().chain(&tree.upper) {
            assert_eq!(tree.ancestors(node.code).last().map(|top| top.level), Some(Level::Region), "{}", node.code);
        }
        for region in children(None) {
            let address = address(&region.name, "", "", "");
            assert!(island_group(&address).is_some(), "{}", region.name);
        }
    }

    #[test]
    fn common_place_names_lead_to_the_code_and_wrong_ones_to_an_error() {
        let written = address("NCR", "", "Manila", "barangay 1");
        assert_eq!(resolve(&written).as_deref(), Ok("1380601001"));
        assert_eq!(island_group(&written), Some("NCR"));
        assert_eq!(resolve(&address("Region VII (Central Visayas)", "", "Cebu City", "Lahug")).map(|code| path(&code).len()), Ok(3));
        assert_eq!(resolve(&address("Region VII (Central Visayas)", "Cebu City", "City of Cebu", "Lahug")).map(|code| code.len()), Ok(10));
        assert_eq!(resolve(&address("Region IV-A (CALABARZON)", "", "Lipa", "Sabang")), Err("province"));
        assert_eq!(resolve(&address("Calabarzon", "Batangas", "Lipa City", "Nowhere")), Err("barangay"));
        assert_eq!(resolve(&address("Region IV-A (CALABARZON)", "Cebu", "Lipa", "Sabang")), Err("province"));
    }

    #[test]
    fn a_code_and_names_of_another_place_do_not_agree() {
        let mut wrong = address("Region I (Ilocos Region)", "Ilocos Norte", "Adams", "Adams");
        wrong.place = "0102801001".into();
        assert_eq!(check_code(&wrong), Ok(()));
        wrong.city = "Bacarra".into();
        assert_eq!(check_code(&wrong), Err("city"));
        wrong.city = "Adams".into();
        wrong.province = "Cebu".into();
        assert_eq!(check_code(&wrong), Err("province"));
        wrong.place = "0102801000".into();
        assert_eq!(check_code(&wrong), Err("barangay"));
        let filled = complete(Address { country: "PH".into(), place: "0102801001".into(), ..Address::default() });
        assert_eq!(
            (filled.city.as_str(), filled.postal_code.as_str(), filled.region.as_str()),
            ("Adams", "2922", "Region I (Ilocos Region)")
        );
    }
}
