//! The units that are typed beside the lines of an order.

use std::collections::BTreeMap;

/// The units typed beside each line, by the line's id.
pub type TypedUnits = BTreeMap<String, String>;

/// What [`read_units`] found.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadUnits {
    /// Lines with 1 unit or more.
    pub lines: Vec<(domain::id::OrderLineId, i64)>,
    /// The fields with what is wrong in each.
    pub wrong: domain::view::FieldErrors,
    /// The fields in which something is typed that comes to no unit, then those that are empty.
    without: Vec<String>,
}

#[cfg(feature = "ssr")]
impl ReadUnits {
    /// The same, with an error beside the fields that come to no unit, when no other has any: beside those with a 0, or else the first.
    #[must_use]
    pub fn at_least_one(mut self, locale: domain::Locale) -> Self {
        if self.lines.is_empty() && self.wrong.is_empty() {
            let message = domain::messages::t::ORDER_ERROR_HOW_MANY.text(locale);
            self.wrong = self.without.iter().map(|field| (field.clone(), message.to_owned())).collect();
        }
        self
    }
}

/// Reads the units typed beside lines; what is empty or 0 is left out. `field` makes the id of a line's field.
///
/// # Errors
/// 404 for what is no line's id.
#[cfg(feature = "ssr")]
pub fn read_units(
    units: &TypedUnits,
    locale: domain::Locale,
    field: impl Fn(domain::id::OrderLineId) -> String,
) -> Result<ReadUnits, crate::AppError> {
    use domain::messages::t;
    let (mut read, mut empty) = (ReadUnits::default(), Vec::new());
    for (line, text) in units {
        let id = line.parse().map_err(|_| crate::request::not_found())?;
        match domain::number_input::whole(text) {
            _ if text.trim().is_empty() => empty.push(field(id)),
            Ok(0) => read.without.push(field(id)),
            Ok(units) if units < 0 => read.wrong.push((field(id), t::ORDER_ERROR_HOW_MANY.text(locale).to_owned())),
            Ok(units) => read.lines.push((id, units)),
            Err(error) => read.wrong.push((field(id), error.of_whole().text(locale).to_owned())),
        }
    }
    if read.without.is_empty() {
        read.without.extend(empty.into_iter().take(1));
    }
    Ok(read)
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use super::*;
    use domain::Locale;
    use domain::id::OrderLineId;

    fn line(n: u128) -> OrderLineId {
        format!("{}_{n:032x}", OrderLineId::PREFIX).parse().unwrap()
    }

    fn read(typed: &[&str]) -> ReadUnits {
        let units = (1..).zip(typed).map(|(n, text)| (line(n).to_string(), (*text).to_owned())).collect();
        read_units(&units, Locale::En, |line| format!("units-{line}")).unwrap()
    }

    #[test]
    fn units_are_asked_for_beside_the_fields_that_have_none() {
        let asked = |typed: &[&str]| {
            let wrong = read(typed).at_least_one(Locale::En).wrong;
            wrong.into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        let field = |n| format!("units-{}", line(n));
        assert_eq!(asked(&["", "0", "0"]), [field(2), field(3)]);
        assert_eq!(asked(&["", " "]), [field(1)]);
        assert_eq!(asked(&["0", "1"]), Vec::<String>::new());
        assert_eq!(asked(&["-1", "x", "1"]), [field(1), field(2)]);
        assert_eq!(read(&["0", "2", ""]).lines, [(line(2), 2)]);
    }
}
