//! Checks of the rules that managers type: each mistake beside its field.

use domain::Locale;
use domain::messages::{Msg, t};
use domain::view::FieldErrors;
use serde_json::{Map, Value};

use crate::contacts;

use super::PricingError;

/// The highest amount in minor units: ten thousand million in a currency with two decimals.
const MAX_AMOUNT: i64 = 1_000_000_000_000;

/// Collects what is wrong, each beside its field.
pub(crate) struct Check {
    pub(super) locale: Locale,
    errors: FieldErrors,
}

impl Check {
    pub(crate) fn new(locale: Locale) -> Self {
        Self { locale, errors: Vec::new() }
    }

    pub(crate) fn done(self) -> Result<(), PricingError> {
        if self.errors.is_empty() { Ok(()) } else { Err(PricingError::Invalid(self.errors)) }
    }

    pub(crate) fn errors(self) -> FieldErrors {
        self.errors
    }

    pub(crate) fn wrong(&mut self, field: &str, message: Msg) {
        self.errors.push((field.to_owned(), message.text(self.locale).to_owned()));
    }

    pub(super) fn range(&mut self, field: &str, min: i64, max: i64) {
        let message = t::FIELD_NUMBER_RANGE.with(self.locale, &[("min", &self.locale.number(min)), ("max", &self.locale.number(max))]);
        self.errors.push((field.to_owned(), message));
    }

    pub(crate) fn number(&mut self, field: &str, number: i64, min: i64, max: i64) {
        if !(min..=max).contains(&number) {
            self.range(field, min, max);
        }
    }

    /// An amount in minor units.
    pub(super) fn amount(&mut self, field: &str, minor: i64) {
        if !(0..=MAX_AMOUNT).contains(&minor) {
            self.wrong(field, t::FIELD_AMOUNT_INVALID);
        }
    }

    pub(crate) fn text(&mut self, field: &str, text: &str, most: usize) -> String {
        if text.chars().count() > most {
            self.errors.push((field.to_owned(), t::FIELD_TOO_LONG.with(self.locale, &[("max", &most.to_string())])));
        }
        text.trim().to_owned()
    }

    pub(crate) fn needed(&mut self, field: &str, text: &str, most: usize) -> String {
        if text.trim().is_empty() {
            self.wrong(field, t::FIELD_REQUIRED);
        }
        self.text(field, text, most)
    }

    pub(crate) fn is_country(&self, code: &str) -> bool {
        contacts::countries(self.locale).iter().any(|(country, _)| country == code)
    }
}

/// A new rule must not exist yet, a changed one must: a code that is taken is an error of the field `code`.
pub(crate) fn check_exists(exists: bool, is_new: bool, locale: Locale, taken: Msg) -> Result<(), PricingError> {
    match (exists, is_new) {
        (true, true) => Err(PricingError::Invalid(vec![("code".to_owned(), taken.text(locale).to_owned())])),
        (false, false) => Err(PricingError::Unknown),
        _ => Ok(()),
    }
}

/// A rule that is changed must be what its editor saw, where that is known.
pub(crate) fn check_seen<T: PartialEq>(now: Option<&T>, seen: Option<&T>) -> Result<(), PricingError> {
    if seen.is_none() || now == seen { Ok(()) } else { Err(PricingError::Stale) }
}

/// The changed fields for an event, each with its value before and after.
pub(crate) fn differences<const N: usize>(fields: [(&str, Value, Value); N]) -> Map<String, Value> {
    let others = fields.into_iter().filter(|(_, was, is)| was != is);
    others.map(|(field, was, is)| (field.to_owned(), Value::Array(vec![was, is]))).collect()
}
