//! What is wrong with a contact or an address, and the form in which both are stored.

use domain::messages::{Msg, t};
use domain::text::is_blank;
use domain::view::{Address, ContactDetails, FieldErrors};
use domain::{Locale, email, phone};

use super::address_format::country_format;
use super::address_tree;
use super::postal_codes::city_elsewhere;

const MAX_CHARS: usize = 120;

/// What is wrong with an address, by field of [`Address`]; empty when nothing is. The telephone number is optional here.
#[must_use]
pub fn check_address(locale: Locale, address: &Address) -> FieldErrors {
    let mut errors = Errors { locale, list: Vec::new() };
    errors.check_text("recipient", &address.recipient, true);
    if !address.phone.trim().is_empty() && phone::phone(&address.phone).is_none() {
        errors.add("phone", t::FIELD_PHONE_INVALID);
    }
    let Some(country) = country_format(&address.country) else {
        errors.add("country", if address.country.trim().is_empty() { required_message("country") } else { t::FIELD_CHOOSE });
        return errors.list;
    };
    // The levels above a barangay follow from its code.
    let has_code = country.code == "PH" && !address.place.is_empty();
    for name in ["line1", "line2", "region", "province", "city", "barangay", "postal_code"] {
        let from_code = has_code && !matches!(name, "line1" | "line2" | "postal_code");
        if country.uses(name) {
            errors.check_text(name, address.field(name), country.requires(name) && !from_code);
        }
    }
    if !address.postal_code.trim().is_empty() && country.postal_code(&address.postal_code).is_none() {
        errors.add("postal_code", t::FIELD_POSTAL_INVALID);
    }
    if !country.states.is_empty() && !address.province.trim().is_empty() && country.state(&address.province).is_none() {
        errors.add("province", t::FIELD_CHOOSE);
    }
    if country.code == "PH" {
        let checked = if has_code { address_tree::check_code(address) } else { address_tree::resolve(address).map(drop) };
        if let Err(field) = checked {
            let empty = address.field(field).trim().is_empty();
            errors.add(field, if empty { required_message(field) } else { t::ADDRESS_PLACE_MISMATCH });
        } else if let Some(city) = city_elsewhere(address.postal_code.trim(), &address_tree::complete(address.clone()).place) {
            let with = [("code", address.postal_code.trim()), ("city", city.as_str())];
            errors.add_text("postal_code", t::FIELD_POSTAL_ELSEWHERE.with(locale, &with));
        }
    }
    errors.list
}

/// An address as it is stored: without stray spaces, its telephone number, state and postal code in their usual form, and in the
/// Philippines with the names and the code of its levels. Fields that [`check_address`] would refuse are left as they are.
#[must_use]
pub fn normalize_address(address: &Address) -> Address {
    let trim = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut normal = Address {
        recipient: trim(&address.recipient),
        phone: phone::phone(&address.phone).unwrap_or_else(|| trim(&address.phone)),
        country: trim(&address.country).to_uppercase(),
        line1: trim(&address.line1),
        line2: trim(&address.line2),
        barangay: trim(&address.barangay),
        city: trim(&address.city),
        province: trim(&address.province),
        region: trim(&address.region),
        postal_code: trim(&address.postal_code),
        place: trim(&address.place),
    };
    let Some(country) = country_format(&normal.country) else { return normal };
    if let Some(code) = country.postal_code(&normal.postal_code) {
        normal.postal_code = code;
    }
    if let Some((code, _)) = country.state(&normal.province) {
        normal.province.clone_from(code);
    }
    if country.code != "PH" {
        normal.place.clear();
    }
    // What the country's addresses do not have was typed for another country.
    let Address { barangay, city, province, region, postal_code, .. } = &mut normal;
    let fields = [("barangay", barangay), ("city", city), ("province", province), ("region", region), ("postal_code", postal_code)];
    for (name, field) in fields {
        if !country.uses(name) {
            field.clear();
        }
    }
    address_tree::complete(normal)
}

/// What is wrong with contact details, by field of [`ContactDetails`]; empty when nothing is.
#[must_use]
pub fn check_contact(locale: Locale, contact: &ContactDetails) -> FieldErrors {
    let mut errors = Errors { locale, list: Vec::new() };
    errors.check_text("name", &contact.name, true);
    if contact.email.trim().is_empty() {
        errors.add("email", required_message("email"));
    } else if email::email(&contact.email).is_none() {
        errors.add("email", t::FIELD_EMAIL_INVALID);
    }
    if !contact.phone.trim().is_empty() && phone::phone(&contact.phone).is_none() {
        errors.add("phone", t::FIELD_PHONE_INVALID);
    }
    errors.list
}

/// Contact details as they are stored: without stray spaces, e-mail and telephone number in their usual form.
#[must_use]
pub fn normalize_contact(contact: &ContactDetails) -> ContactDetails {
    ContactDetails {
        name: contact.name.split_whitespace().collect::<Vec<_>>().join(" "),
        email: email::email(&contact.email).unwrap_or_else(|| contact.email.trim().to_owned()),
        phone: phone::phone(&contact.phone).unwrap_or_else(|| contact.phone.trim().to_owned()),
    }
}

/// The message of a field of a contact or an address that is required and empty.
fn required_message(field: &str) -> Msg {
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
    fn add(&mut self, field: &str, message: Msg) {
        self.add_text(field, message.text(self.locale).to_owned());
    }

    /// Keeps the first error of a field.
    fn add_text(&mut self, field: &str, text: String) {
        if self.list.iter().all(|(existing, _)| existing != field) {
            self.list.push((field.to_owned(), text));
        }
    }

    fn check_text(&mut self, field: &str, text: &str, required: bool) {
        if is_blank(text) {
            if required {
                self.add(field, required_message(field));
            }
        } else if text.trim().chars().count() > MAX_CHARS || text.chars().any(char::is_control) {
            self.add_text(field, t::FIELD_TOO_LONG.with(self.locale, &[("max", &MAX_CHARS.to_string())]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contacts::address_format::{address_format, countries, label_lines};

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
    fn there_are_forty_seven_countries_and_the_philippines_come_first() {
        let list = countries(Locale::Fil);
        assert_eq!(list.len(), 47);
        assert_eq!(list[0], ("PH".into(), "Pilipinas".into()));
        for (code, _) in &list {
            let format = address_format(Locale::Fil, code).unwrap();
            assert!(format.fields.iter().any(|field| field.name == "line1" && field.required), "{code}");
            assert!(format.fields.iter().all(|field| home().field(&field.name).len() < 100 && !field.label.is_empty()));
        }
    }

    #[test]
    fn an_address_keeps_no_field_that_its_country_does_not_have() {
        let moved =
            Address { country: "NZ".into(), city: "Auckland".into(), postal_code: "1010".into(), province: "Cebu".into(), ..home() };
        let normal = normalize_address(&moved);
        let kept =
            (normal.barangay.as_str(), normal.province.as_str(), normal.region.as_str(), normal.city.as_str(), normal.postal_code.as_str());
        // Its suburb is in the field of a barangay.
        assert_eq!(kept, ("Lahug", "", "", "Auckland", "1010"));
    }

    #[test]
    fn a_whole_address_is_accepted_and_completed() {
        assert_eq!(check_address(Locale::En, &home()), []);
        let normal = normalize_address(&home());
        assert_eq!((normal.phone.as_str(), normal.postal_code.as_str(), normal.place.len()), ("+639171234567", "6000", 10));
        assert_eq!(check_address(Locale::En, &normal), []);
        assert_eq!(label_lines(&normal), ["Maria Santos", "12 Mabini St", "Lahug, Cebu City", "6000", "Region VII (Central Visayas)"]);
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        let empty = Address { country: "PH".into(), ..Address::default() };
        assert_eq!(fields(&check_address(Locale::Fil, &empty)), ["recipient", "line1", "region", "city", "barangay"]);
        assert_eq!(fields(&check_address(Locale::En, &Address::default())), ["recipient", "country"]);
        let elsewhere = Address { postal_code: "1603".into(), ..home() };
        let errors = check_address(Locale::En, &elsewhere);
        assert!(fields(&errors) == ["postal_code"] && errors[0].1.contains("City of Pasig"), "{errors:?}");
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
        let normal = normalize_address(&sydney);
        assert_eq!(label_lines(&normal), ["Lee Chan", "1 George St", "SYDNEY NSW 2000", "AUSTRALIA"]);
        let wrong = Address { province: "Bavaria".into(), postal_code: "2OOO".into(), ..sydney };
        assert_eq!(fields(&check_address(Locale::En, &wrong)), ["postal_code", "province"]);
        assert_eq!(country_format("GB").unwrap().postal_code("sw1a1aa").as_deref(), Some("SW1A 1AA"));
        assert_eq!(country_format("JP").unwrap().postal_code("1000001").as_deref(), Some("100-0001"));
    }

    #[test]
    fn contact_details_are_checked() {
        let wrong = ContactDetails { name: " ".into(), email: "ana@".into(), phone: "12".into() };
        assert_eq!(fields(&check_contact(Locale::En, &wrong)), ["name", "email", "phone"]);
        let right = ContactDetails { name: " Ana  Cruz ".into(), email: "Ana@Example.com ".into(), phone: "0917 123 4567".into() };
        assert_eq!(check_contact(Locale::En, &right), []);
        let normal = normalize_contact(&right);
        assert_eq!((normal.name.as_str(), normal.email.as_str(), normal.phone.as_str()), ("Ana Cruz", "Ana@example.com", "+639171234567"));
    }
}
