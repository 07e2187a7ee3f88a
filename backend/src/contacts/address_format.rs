//! Address formats: the fields of each country's form, its postal codes and states, and the lines of a label.
//!
//! From `domain/data/addresses.toml`. Its `state` is the address's `province`, and its `district` the `barangay`.

use std::sync::LazyLock;

use domain::messages::{Msg, t};
use domain::view::{Address, AddressField, AddressFormat};
use domain::{Locale, slug};
use serde::Deserialize;

/// Codes and names of the countries that have a format, the Philippines first, then by name.
#[must_use]
pub fn countries(locale: Locale) -> Vec<(String, String)> {
    let mut list: Vec<_> = COUNTRIES.iter().map(|country| (country.code.clone(), country.name.get(locale).to_owned())).collect();
    list.sort_by_cached_key(|(code, name)| (code != "PH", slug::slug(name)));
    list
}

/// The fields of a country's address form. None for a country without a format.
#[must_use]
pub fn address_format(locale: Locale, country: &str) -> Option<AddressFormat> {
    let country = country_format(country)?;
    let fields = country.fields.iter().map(|field| AddressField {
        name: address_field(field).to_owned(),
        label: country.label(field).text(locale).to_owned(),
        required: country.required.contains(field),
        options: if field == "state" { country.states.clone() } else { Vec::new() },
    });
    Some(AddressFormat { country: country.code.clone(), fields: fields.collect() })
}

/// The lines of an address label, the recipient first. Outside the Philippines the last line is the country's English name in
/// capitals, as the Universal Postal Union requires.
#[must_use]
pub fn label_lines(address: &Address) -> Vec<String> {
    let mut lines = vec![address.recipient.clone()];
    let Some(country) = country_format(&address.country) else {
        lines.extend([&address.line1, &address.line2, &address.city, &address.postal_code, &address.country].map(String::clone));
        lines.retain(|line| !line.is_empty());
        return lines;
    };
    for line in &country.layout {
        let mut text = line.clone();
        for field in &country.fields {
            let value = address.field(address_field(field));
            let value = if country.upper.contains(field) { value.to_uppercase() } else { value.to_owned() };
            text = text.replace(&format!("{{{field}}}"), &value);
        }
        lines.push(text.trim_matches([' ', ',', '/', '-']).to_owned());
    }
    if country.code != "PH" {
        lines.push(country.name.en.to_uppercase());
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[derive(Deserialize)]
struct FormatsFile {
    country: Vec<CountryFormat>,
}

#[derive(Deserialize)]
pub(super) struct CountryFormat {
    pub code: String,
    name: CountryName,
    fields: Vec<String>,
    required: Vec<String>,
    /// Postal code patterns, for [`fill_pattern`].
    postal_code: Vec<String>,
    /// Fields that a label writes in capitals.
    upper: Vec<String>,
    /// The lines of a label, with `{field}` in them.
    layout: Vec<String>,
    #[serde(default)]
    state_label: String,
    #[serde(default)]
    city_label: String,
    #[serde(default)]
    district_label: String,
    #[serde(default)]
    postal_label: String,
    /// Code and name; empty where any text is a state.
    #[serde(default)]
    pub states: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct CountryName {
    en: String,
    fil: String,
}

impl CountryName {
    fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::Fil => &self.fil,
        }
    }
}

/// The file is compiled in and read by a test; a broken one would leave no country.
static COUNTRIES: LazyLock<Vec<CountryFormat>> = LazyLock::new(|| {
    let text = include_str!("../../../domain/data/addresses.toml");
    toml::from_str::<FormatsFile>(text).map(|file| file.country).unwrap_or_default()
});

pub(super) fn country_format(code: &str) -> Option<&'static CountryFormat> {
    COUNTRIES.iter().find(|country| country.code == code)
}

/// The field of [`Address`] that holds this field of the file.
fn address_field(field: &str) -> &str {
    match field {
        "state" => "province",
        "district" => "barangay",
        other => other,
    }
}

impl CountryFormat {
    /// Does the form have this field of [`Address`]?
    pub(super) fn uses(&self, name: &str) -> bool {
        self.fields.iter().any(|field| address_field(field) == name)
    }

    /// Must this field of [`Address`] be filled in?
    pub(super) fn requires(&self, name: &str) -> bool {
        self.required.iter().any(|field| address_field(field) == name)
    }

    fn label(&self, field: &str) -> Msg {
        match (field, self.state_label.as_str(), self.city_label.as_str(), self.district_label.as_str(), self.postal_label.as_str()) {
            ("line1", ..) => t::ADDRESS_LINE1,
            ("line2", ..) => t::ADDRESS_LINE2,
            ("region", ..) => t::ADDRESS_REGION,
            ("barangay", ..) => t::ADDRESS_BARANGAY,
            ("province", ..) | ("state", "province", ..) => t::ADDRESS_PROVINCE,
            ("state", "area", ..) => t::ADDRESS_AREA,
            ("state", "county", ..) => t::ADDRESS_COUNTY,
            ("state", "do_si", ..) => t::ADDRESS_DO_SI,
            ("state", "emirate", ..) => t::ADDRESS_EMIRATE,
            ("state", "prefecture", ..) => t::ADDRESS_PREFECTURE,
            ("state", "state", ..) => t::ADDRESS_STATE_ONLY,
            ("state", ..) => t::ADDRESS_STATE,
            ("city", _, "post_town", ..) => t::ADDRESS_POST_TOWN,
            ("city", _, "suburb", ..) | ("district", _, _, "suburb", _) => t::ADDRESS_SUBURB,
            ("city", ..) if self.code == "PH" => t::ADDRESS_CITY,
            ("city", _, "city", ..) => t::ADDRESS_CITY_INTERNATIONAL,
            ("district", _, _, "neighborhood", _) => t::ADDRESS_NEIGHBORHOOD,
            ("district", _, _, "townland", _) => t::ADDRESS_TOWNLAND,
            ("district", _, _, "village_township", _) => t::ADDRESS_VILLAGE_TOWNSHIP,
            ("city" | "district", ..) => t::ADDRESS_DISTRICT,
            (_, _, _, _, "eircode") => t::ADDRESS_EIRCODE,
            (_, _, _, _, "pin") => t::ADDRESS_PIN,
            (_, _, _, _, "zip") => t::ADDRESS_ZIP,
            _ => t::ADDRESS_POSTAL_CODE,
        }
    }

    /// A postal code as this country prints it. None when it fits no pattern.
    pub(super) fn postal_code(&self, written: &str) -> Option<String> {
        let plain: Vec<char> = written.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        self.postal_code.iter().find_map(|pattern| fill_pattern(pattern, &plain))
    }

    /// A state by its code or name.
    pub(super) fn state(&self, written: &str) -> Option<&(String, String)> {
        let wanted = slug::slug(written);
        let same = |text: &str| text == written.trim() || (!wanted.is_empty() && slug::slug(text) == wanted);
        self.states.iter().find(|(code, name)| same(code) || same(name))
    }
}

/// The characters laid into a pattern: `9` stands for a digit, `A` for a letter, `X` for either; others are written as they are.
fn fill_pattern(pattern: &str, plain: &[char]) -> Option<String> {
    let mut rest = plain.iter().copied();
    let mut out = String::new();
    for slot in pattern.chars() {
        out.push(match slot {
            '9' => rest.next().filter(char::is_ascii_digit)?,
            'A' => rest.next().filter(char::is_ascii_uppercase)?,
            'X' => rest.next().filter(char::is_ascii_alphanumeric)?,
            other => other,
        });
    }
    rest.next().is_none().then_some(out)
}
