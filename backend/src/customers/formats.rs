//! How each country writes an address: the fields of its form, what is wrong with one, and the lines of a label.
//!
//! From `domain/data/addresses.toml`. Its `state` is the address's `province`, and its `district` the `barangay`.

use std::sync::LazyLock;

use domain::messages::{Msg, t};
use domain::text::is_blank;
use domain::view::{Address, AddressField, AddressFormat, ContactDetails, FieldErrors};
use domain::{Locale, email, slug};
use serde::Deserialize;

use super::places;

/// The longest that a field may be.
const MAX_CHARS: usize = 120;

/// Codes and names of the countries that can be written to, the Philippines first, then by name.
#[must_use]
pub fn countries(locale: Locale) -> Vec<(String, String)> {
    let mut list: Vec<_> = COUNTRIES.iter().map(|country| (country.code.clone(), country.name.get(locale).to_owned())).collect();
    list.sort_by_cached_key(|(code, name)| (code != "PH", slug::slug(name)));
    list
}

/// The fields of a country's address form. None for a country that is not served.
#[must_use]
pub fn format(locale: Locale, country: &str) -> Option<AddressFormat> {
    let country = by_code(country)?;
    let fields = country.fields.iter().map(|field| AddressField {
        name: address_field(field).to_owned(),
        label: country.label(field).text(locale).to_owned(),
        required: country.required.contains(field),
        options: if field == "state" { country.states.clone() } else { Vec::new() },
    });
    Some(AddressFormat { country: country.code.clone(), fields: fields.collect() })
}

/// What is wrong with an address, by field of [`Address`]; empty when nothing is. The telephone number may be left out; who
/// needs it asks for it.
#[must_use]
pub fn check_address(locale: Locale, address: &Address) -> FieldErrors {
    let mut errors = Errors { locale, list: Vec::new() };
    errors.text("recipient", &address.recipient, true);
    if !address.phone.trim().is_empty() && email::phone(&address.phone).is_none() {
        errors.add("phone", t::FIELD_PHONE_INVALID);
    }
    let Some(country) = by_code(&address.country) else {
        errors.add("country", if address.country.trim().is_empty() { needed("country") } else { t::FIELD_CHOOSE });
        return errors.list;
    };
    // With a barangay's code the names above it need not be written.
    let placed = country.code == "PH" && !address.place.is_empty();
    for name in ["line1", "line2", "region", "province", "city", "barangay", "postal_code"] {
        let used = country.fields.iter().any(|field| address_field(field) == name);
        let required = country.required.iter().any(|field| address_field(field) == name);
        let from_code = placed && !matches!(name, "line1" | "line2" | "postal_code");
        if used {
            errors.text(name, value(address, name), required && !from_code);
        }
    }
    if !address.postal_code.trim().is_empty() && country.postal_code(&address.postal_code).is_none() {
        errors.add("postal_code", t::FIELD_POSTAL_INVALID);
    }
    if !country.states.is_empty() && !address.province.trim().is_empty() && country.state(&address.province).is_none() {
        errors.add("province", t::FIELD_CHOOSE);
    }
    if country.code == "PH" {
        let place = if placed { places::agrees(address) } else { places::find(address).map(|_| ()) };
        if let Err(field) = place {
            let empty = value(address, field).trim().is_empty();
            errors.add(field, if empty { needed(field) } else { t::ADDRESS_PLACE_MISMATCH });
        }
    }
    errors.list
}

/// An address as it is kept: without stray spaces, its telephone number, state and postal code in their usual form, and in
/// the Philippines with the names and the code of its places. An address that [`check_address`] refuses comes back as it was
/// as far as it is not understood.
#[must_use]
pub fn tidy_address(address: &Address) -> Address {
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut tidied = Address {
        recipient: tidy(&address.recipient),
        phone: email::phone(&address.phone).unwrap_or_else(|| tidy(&address.phone)),
        country: tidy(&address.country).to_uppercase(),
        line1: tidy(&address.line1),
        line2: tidy(&address.line2),
        barangay: tidy(&address.barangay),
        city: tidy(&address.city),
        province: tidy(&address.province),
        region: tidy(&address.region),
        postal_code: tidy(&address.postal_code),
        place: tidy(&address.place),
    };
    let Some(country) = by_code(&tidied.country) else { return tidied };
    if let Some(code) = country.postal_code(&tidied.postal_code) {
        tidied.postal_code = code;
    }
    if let Some((code, _)) = country.state(&tidied.province) {
        tidied.province.clone_from(code);
    }
    if country.code != "PH" {
        tidied.place.clear();
    }
    places::complete(tidied)
}

/// The lines of a label, the recipient first; abroad with the country's name in capitals as the last, as the Universal Postal
/// Union asks (in English, which every post reads).
#[must_use]
pub fn label_lines(address: &Address) -> Vec<String> {
    let mut lines = vec![address.recipient.clone()];
    let Some(country) = by_code(&address.country) else {
        lines.extend([&address.line1, &address.line2, &address.city, &address.postal_code, &address.country].map(String::clone));
        lines.retain(|line| !line.is_empty());
        return lines;
    };
    for line in &country.layout {
        let mut text = line.clone();
        for field in &country.fields {
            let written = value(address, address_field(field));
            let written = if country.upper.contains(field) { written.to_uppercase() } else { written.to_owned() };
            text = text.replace(&format!("{{{field}}}"), &written);
        }
        lines.push(text.trim_matches([' ', ',', '/', '-']).to_owned());
    }
    if country.code != "PH" {
        lines.push(country.name.en.to_uppercase());
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// What is wrong with how to reach somebody, by field of [`ContactDetails`]; empty when nothing is.
#[must_use]
pub fn check_contact(locale: Locale, contact: &ContactDetails) -> FieldErrors {
    let mut errors = Errors { locale, list: Vec::new() };
    errors.text("name", &contact.name, true);
    if contact.email.trim().is_empty() {
        errors.add("email", needed("email"));
    } else if email::email(&contact.email).is_none() {
        errors.add("email", t::FIELD_EMAIL_INVALID);
    }
    if !contact.phone.trim().is_empty() && email::phone(&contact.phone).is_none() {
        errors.add("phone", t::FIELD_PHONE_INVALID);
    }
    errors.list
}

/// Contact details as they are kept: e-mail and telephone number in their usual form, without stray spaces.
#[must_use]
pub fn tidy_contact(contact: &ContactDetails) -> ContactDetails {
    ContactDetails {
        name: contact.name.split_whitespace().collect::<Vec<_>>().join(" "),
        email: email::email(&contact.email).unwrap_or_else(|| contact.email.trim().to_owned()),
        phone: email::phone(&contact.phone).unwrap_or_else(|| contact.phone.trim().to_owned()),
    }
}

/// What is asked for where this field of a contact or an address is empty.
#[must_use]
pub fn needed(field: &str) -> Msg {
    match field {
        "name" | "recipient" => t::FIELD_ENTER_NAME,
        "email" => t::FIELD_ENTER_EMAIL,
        "country" => t::FIELD_CHOOSE_COUNTRY,
        "line1" => t::FIELD_ENTER_STREET,
        "region" => t::FIELD_ENTER_REGION,
        "province" => t::FIELD_ENTER_PROVINCE,
        "city" => t::FIELD_ENTER_CITY,
        "barangay" => t::FIELD_ENTER_BARANGAY,
        "postal_code" => t::FIELD_ENTER_POSTAL_CODE,
        _ => t::FIELD_REQUIRED,
    }
}

struct Errors {
    locale: Locale,
    list: FieldErrors,
}

impl Errors {
    /// The first thing that is wrong with a field is said.
    fn add(&mut self, field: &str, message: Msg) {
        self.say(field, message.text(self.locale).to_owned());
    }

    fn say(&mut self, field: &str, text: String) {
        if self.list.iter().all(|(known, _)| known != field) {
            self.list.push((field.to_owned(), text));
        }
    }

    fn text(&mut self, field: &str, text: &str, required: bool) {
        if is_blank(text) {
            if required {
                self.add(field, needed(field));
            }
        } else if text.trim().chars().count() > MAX_CHARS || text.chars().any(char::is_control) {
            self.say(field, t::FIELD_TOO_LONG.with(self.locale, &[("max", &MAX_CHARS.to_string())]));
        }
    }
}

#[derive(Deserialize)]
struct File {
    country: Vec<Country>,
}

#[derive(Deserialize)]
struct Country {
    code: String,
    name: Name,
    fields: Vec<String>,
    required: Vec<String>,
    postal_code: Vec<String>,
    upper: Vec<String>,
    layout: Vec<String>,
    #[serde(default)]
    state_label: String,
    #[serde(default)]
    city_label: String,
    #[serde(default)]
    district_label: String,
    #[serde(default)]
    postal_label: String,
    #[serde(default)]
    states: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Name {
    en: String,
    fil: String,
}

impl Name {
    fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::Fil => &self.fil,
        }
    }
}

/// A test reads the file, which is part of the program; a broken one would leave no country.
static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    let text = include_str!("../../../domain/data/addresses.toml");
    toml::from_str::<File>(text).map(|file| file.country).unwrap_or_default()
});

fn by_code(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|country| country.code == code)
}

/// The field of [`Address`] that holds a field of the file.
fn address_field(field: &str) -> &str {
    match field {
        "state" => "province",
        "district" => "barangay",
        other => other,
    }
}

fn value<'a>(address: &'a Address, field: &str) -> &'a str {
    match field {
        "recipient" => &address.recipient,
        "phone" => &address.phone,
        "country" => &address.country,
        "line1" => &address.line1,
        "line2" => &address.line2,
        "barangay" => &address.barangay,
        "city" => &address.city,
        "province" => &address.province,
        "region" => &address.region,
        "postal_code" => &address.postal_code,
        _ => "",
    }
}

impl Country {
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
    fn postal_code(&self, written: &str) -> Option<String> {
        let plain: Vec<char> = written.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        self.postal_code.iter().find_map(|pattern| fill(pattern, &plain))
    }

    /// A state by its code or name.
    fn state(&self, written: &str) -> Option<&(String, String)> {
        let wanted = slug::slug(written);
        let same = |text: &str| text == written.trim() || (!wanted.is_empty() && slug::slug(text) == wanted);
        self.states.iter().find(|(code, name)| same(code) || same(name))
    }
}

/// The signs in the places of a pattern: `9` a digit, `A` a letter, `X` either, others as they are.
fn fill(pattern: &str, plain: &[char]) -> Option<String> {
    let mut rest = plain.iter().copied();
    let mut out = String::new();
    for place in pattern.chars() {
        out.push(match place {
            '9' => rest.next().filter(char::is_ascii_digit)?,
            'A' => rest.next().filter(char::is_ascii_uppercase)?,
            'X' => rest.next().filter(char::is_ascii_alphanumeric)?,
            other => other,
        });
    }
    rest.next().is_none().then_some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at what is not as expected")]
mod tests {
    use super::*;

    fn fields(errors: &FieldErrors) -> Vec<&str> {
        errors.iter().map(|(field, _)| field.as_str()).collect()
    }

    fn home() -> Address {
        Address {
            recipient: "Maria Santos".into(),
            phone: "0917 123 4567".into(),
            country: "PH".into(),
            line1: "12 Mabini St".into(),
            barangay: "Lahug".into(),
            city: "Cebu City".into(),
            region: "Region VII (Central Visayas)".into(),
            ..Address::default()
        }
    }

    #[test]
    fn forty_seven_countries_are_known_and_the_philippines_come_first() {
        let list = countries(Locale::Fil);
        assert_eq!(list.len(), 47);
        assert_eq!(list[0], ("PH".into(), "Pilipinas".into()));
        for (code, _) in &list {
            let format = format(Locale::Fil, code).unwrap();
            assert!(format.fields.iter().any(|field| field.name == "line1" && field.required), "{code}");
            assert!(format.fields.iter().all(|field| value(&home(), &field.name).len() < 100 && !field.label.is_empty()));
        }
    }

    #[test]
    fn a_whole_address_is_accepted_and_completed() {
        assert_eq!(check_address(Locale::En, &home()), []);
        let tidy = tidy_address(&home());
        assert_eq!((tidy.phone.as_str(), tidy.postal_code.as_str(), tidy.place.len()), ("+639171234567", "6000", 10));
        assert_eq!(check_address(Locale::En, &tidy), []);
        assert_eq!(label_lines(&tidy), ["Maria Santos", "12 Mabini St", "Lahug, Cebu City", "6000", "Region VII (Central Visayas)"]);
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        let empty = Address { country: "PH".into(), ..Address::default() };
        assert_eq!(fields(&check_address(Locale::Fil, &empty)), ["recipient", "line1", "region", "city", "barangay"]);
        assert_eq!(fields(&check_address(Locale::En, &Address::default())), ["recipient", "country"]);
        let wrong = Address { phone: "call me".into(), postal_code: "60".into(), barangay: "Nowhere".into(), ..home() };
        assert_eq!(fields(&check_address(Locale::En, &wrong)), ["phone", "postal_code", "barangay"]);
        let long = Address { line1: "x".repeat(121), ..home() };
        assert_eq!(fields(&check_address(Locale::En, &long)), ["line1"]);
    }

    #[test]
    fn other_countries_follow_their_own_form() {
        let sydney = Address {
            recipient: "Lee Chan".into(),
            country: "AU".into(),
            line1: "1 George St".into(),
            city: "Sydney".into(),
            province: "new south wales".into(),
            postal_code: "2000".into(),
            ..Address::default()
        };
        assert_eq!(check_address(Locale::En, &sydney), []);
        let tidy = tidy_address(&sydney);
        assert_eq!(label_lines(&tidy), ["Lee Chan", "1 George St", "SYDNEY NSW 2000", "AUSTRALIA"]);
        let wrong = Address { province: "Bavaria".into(), postal_code: "2OOO".into(), ..sydney };
        assert_eq!(fields(&check_address(Locale::En, &wrong)), ["postal_code", "province"]);
        assert_eq!(by_code("GB").unwrap().postal_code("sw1a1aa").as_deref(), Some("SW1A 1AA"));
        assert_eq!(by_code("JP").unwrap().postal_code("1000001").as_deref(), Some("100-0001"));
    }

    #[test]
    fn how_to_reach_somebody_is_checked() {
        let wrong = ContactDetails { name: " ".into(), email: "ana@".into(), phone: "12".into() };
        assert_eq!(fields(&check_contact(Locale::En, &wrong)), ["name", "email", "phone"]);
        let right = ContactDetails { name: " Ana  Cruz ".into(), email: "Ana@Example.com ".into(), phone: "0917 123 4567".into() };
        assert_eq!(check_contact(Locale::En, &right), []);
        let tidy = tidy_contact(&right);
        assert_eq!((tidy.name.as_str(), tidy.email.as_str(), tidy.phone.as_str()), ("Ana Cruz", "Ana@example.com", "+639171234567"));
    }
}
