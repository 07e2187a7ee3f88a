//! Address queries, in the encoding of forms.

use std::fmt::Write;

/// Names and values of an address query, in order.
#[must_use]
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for pair in text.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((decoded(name), decoded(value)));
    }
    pairs
}

/// Decodes `application/x-www-form-urlencoded`: `+` is a space, `%41` an A.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let pair: Vec<u8> = rest.clone().take(2).collect();
                let value = std::str::from_utf8(&pair)
                    .ok()
                    .filter(|hex| hex.len() == 2 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if let Some(value) = value {
                    bytes.push(value);
                    let _ = rest.nth(1);
                } else {
                    bytes.push(b'%');
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path with a query of these names and values.
#[must_use]
pub fn address<'a>(path: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = path.to_owned();
    for (at, (name, value)) in pairs.enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        encode(&mut out, name);
        out.push('=');
        encode(&mut out, value);
    }
    out
}

/// The parameter of a product's page that names a variant by its SKU.
pub const VARIANT: &str = "variant";

/// The address of a product's page; with a SKU, that of its variant.
#[must_use]
pub fn product_address(slug: &str, sku: &str) -> String {
    address(&format!("/p/{slug}"), (!sku.is_empty()).then_some((VARIANT, sku)).into_iter())
}

/// The SKU that the query of a product's address names.
#[must_use]
pub fn named_variant(query: &str) -> Option<String> {
    pairs(query).into_iter().find(|(name, _)| name == VARIANT).map(|(_, sku)| sku)
}

fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_percent_escapes_are_kept() {
        assert_eq!(decoded("100%+cotton"), "100% cotton");
        assert_eq!(decoded("%E2%82%B1"), "₱");
        assert_eq!(decoded("%zz"), "%zz");
    }

    #[test]
    fn a_variants_address_names_it_by_its_sku() {
        assert_eq!(product_address("mug", ""), "/p/mug");
        let address = product_address("mug", "MUG 12 & ½");
        assert_eq!(named_variant(address.split_once('?').unwrap_or_default().1).as_deref(), Some("MUG 12 & ½"));
        assert_eq!(named_variant("utm_source=x"), None);
    }

    #[test]
    fn a_written_query_is_parsed_back() {
        let written = address("/search", [("q", "dried mango & ₱5%"), ("after", "a=b")].into_iter());
        assert_eq!(
            pairs(written.trim_start_matches("/search")),
            [("q".to_owned(), "dried mango & ₱5%".to_owned()), ("after".to_owned(), "a=b".to_owned())]
        );
    }
}
