//! The gateway's request bodies: `application/x-www-form-urlencoded`, with brackets for lists and maps.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::errors::ApiError;

/// The fields of one request, decoded. Two bodies with the same fields in another order are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    fields: BTreeMap<String, Vec<String>>,
}

impl Form {
    /// Reads a request body or a query string.
    pub fn parse(encoded: &str) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(encoded.as_bytes()).into_owned() {
            form.fields.entry(name).or_default().push(value);
        }
        form
    }

    /// Refuses fields that the endpoint has not, so that a client's typing error is found here and not in production.
    pub fn only(&self, allowed: &[&str]) -> Result<(), ApiError> {
        for name in self.fields.keys() {
            let stem = name.split('[').next().unwrap_or(name);
            if !allowed.contains(&stem) {
                let message = format!("Received unknown parameter: {name}");
                return Err(ApiError::parameter("parameter_unknown", name, message));
            }
        }
        Ok(())
    }

    /// A field's text; an empty one counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        let value = self.fields.get(name)?.last()?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// A field that must be there.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        let missing = || ApiError::parameter("parameter_missing", name, format!("Missing required param: {name}."));
        self.text(name).ok_or_else(missing)
    }

    /// An amount in minor units, zero included.
    pub fn amount(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let wrong = || ApiError::parameter("parameter_invalid_integer", name, format!("Invalid integer: {text}"));
        text.parse().map(Some).map_err(|_| wrong())
    }

    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => {
                let message = format!("Invalid boolean: {other}");
                Err(ApiError::parameter("parameter_invalid_boolean", name, message))
            }
        }
    }

    pub fn choice<'a>(&'a self, name: &str, words: &[&str]) -> Result<Option<&'a str>, ApiError> {
        match self.text(name) {
            Some(word) if !words.contains(&word) => {
                let message = format!("Invalid {name}: must be one of {}", words.join(", "));
                Err(ApiError::parameter("parameter_invalid_enum", name, message))
            }
            word => Ok(word),
        }
    }

    /// An address of the web, `http` or `https`.
    pub fn url(&self, name: &str) -> Result<Option<String>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if is_web { Ok(Some(text.to_owned())) } else { Err(ApiError::parameter("url_invalid", name, "Not a valid URL")) }
    }

    /// The entries `name[key]=value`.
    pub fn map(&self, name: &str) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for (field, values) in &self.fields {
            let key = field.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
            if let (Some(key), Some(value)) = (key, values.last()) {
                map.insert(key.to_owned(), value.clone());
            }
        }
        map
    }

    /// The entries `name[]=value` and `name[0]=value`.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.fields
            .iter()
            .filter(|(field, _)| field.strip_prefix(name).is_some_and(|rest| rest.starts_with('[')))
            .flat_map(|(_, values)| values.iter().map(String::as_str))
            .collect()
    }
}

/// What a query encodes: everything but the unreserved characters of RFC 3986.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encode(plain: &str) -> String {
    utf8_percent_encode(plain, QUERY).to_string()
}

/// Adds fields to an address's query, before its fragment. The address may be relative.
pub fn with_query(url: &str, fields: &[(&str, &str)]) -> String {
    let (page, fragment) = url.split_once('#').map_or((url, None), |(page, fragment)| (page, Some(fragment)));
    let mut whole = page.to_owned();
    for (name, value) in fields {
        let mark = match whole.find('?') {
            None => "?",
            Some(index) if index + 1 == whole.len() => "",
            Some(_) => "&",
        };
        whole.extend([mark, &encode(name), "=", &encode(value)]);
    }
    if let Some(fragment) = fragment {
        whole.push('#');
        whole.push_str(fragment);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_make_maps_and_lists() {
        let form = Form::parse("metadata[order]=ord_1&metadata%5Bnote%5D=Salamat+po%21&expand[]=a&expand[]=b&amount=100");
        assert_eq!(form.map("metadata")["order"], "ord_1");
        assert_eq!(form.map("metadata")["note"], "Salamat po!");
        assert_eq!(form.list("expand"), ["a", "b"]);
        assert_eq!(form.amount("amount").unwrap(), Some(100));
        assert!(form.only(&["metadata", "expand", "amount"]).is_ok());
        assert!(form.only(&["metadata", "expand"]).is_err());
    }

    #[test]
    fn the_order_of_fields_does_not_matter() {
        assert_eq!(Form::parse("a=1&b=2"), Form::parse("b=2&a=1"));
        assert_ne!(Form::parse("a=1&b=2"), Form::parse("a=1&b=3"));
    }

    #[test]
    fn a_broken_escape_is_taken_as_it_stands() {
        assert_eq!(Form::parse("a=100%&b=%zz").text("a"), Some("100%"));
        assert_eq!(Form::parse("a=%f").text("a"), Some("%f"));
    }

    #[test]
    fn a_query_is_added_before_the_fragment() {
        assert_eq!(with_query("http://s/back", &[("a", "1 2")]), "http://s/back?a=1%202");
        assert_eq!(with_query("http://s/back?x=1#end", &[("a", "1"), ("b", "2")]), "http://s/back?x=1&a=1&b=2#end");
    }
}
