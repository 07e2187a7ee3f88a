//! Many rows in one statement: a list of JSON objects for `json_each($1)`.
//!
//! In the statement ids are `unhex(value->>'id')`, numbers, times and flags `cast(value->>'total' as bigint)`, texts `value->>'sku'`,
//! bytes `unhex(value->>'sealed', '')`: on Postgres `unhex` with one argument makes a UUID, with two it makes bytes.

use std::{fmt, io};

use serde::{Serialize, Serializer};
use serde_json::ser::{CharEscape, Formatter};

/// Rows that are being collected, each a struct whose fields are named as the statement names them.
#[derive(Clone, Debug, Default)]
pub struct JsonRows {
    json: Vec<u8>,
}

impl JsonRows {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push<T: Serialize>(&mut self, row: &T) {
        self.json.push(if self.json.is_empty() { b'[' } else { b',' });
        let mut to = serde_json::Serializer::with_formatter(&mut self.json, WithoutNul);
        // Only maps with keys that are no texts cannot be written to memory, and rows are structs.
        if let Err(error) = row.serialize(&mut to) {
            tracing::error!(%error, "a row could not be written as JSON");
        }
    }

    /// Is there no row?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The list as text.
    #[must_use]
    pub fn finish(mut self) -> String {
        if self.json.is_empty() {
            self.json.push(b'[');
        }
        self.json.push(b']');
        String::from_utf8(self.json).unwrap_or_default()
    }
}

impl<T: Serialize> FromIterator<T> for JsonRows {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        let mut all = Self::new();
        for row in rows {
            all.push(&row);
        }
        all
    }
}

/// Postgres takes no NUL in a text.
struct WithoutNul;

impl Formatter for WithoutNul {
    fn write_char_escape<W: io::Write + ?Sized>(&mut self, to: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(0) => Ok(()),
            other => serde_json::ser::CompactFormatter.write_char_escape(to, other),
        }
    }
}

/// An id or bytes, written in hexadecimal digits: in a row, or as a text.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(&'a [u8]);

/// An id or bytes in hexadecimal digits.
pub fn hex<T: AsRef<[u8]> + ?Sized>(bytes: &T) -> Hex<'_> {
    Hex(bytes.as_ref())
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Ids (or bytes) as rows with one field: `unhex(value->>'id')`.
pub fn json_ids<T: AsRef<[u8]>>(ids: impl IntoIterator<Item = T>) -> String {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
    }
    let mut rows = JsonRows::new();
    for id in ids {
        rows.push(&Row { id: hex(&id) });
    }
    rows.finish()
}

/// Texts as rows with one field: `value->>'text'`.
pub fn json_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    #[derive(Serialize)]
    struct Row<'a> {
        text: &'a str,
    }
    let mut rows = JsonRows::new();
    for text in texts {
        rows.push(&Row { text: text.as_ref() });
    }
    rows.finish()
}

#[cfg(test)]
mod tests {
    use domain::id::OrderId;
    use uuid::Uuid;

    use super::*;
    use crate::db::Flag;

    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        name: &'a str,
        amount: Option<i64>,
        is_open: Flag,
    }

    #[test]
    fn rows_have_their_fields_names_and_no_nul() {
        let id = OrderId(Uuid::from_u128(7));
        let rows: JsonRows = [Row { id: hex(&id), name: "a\"b\\c\nd\0e\\u0000", amount: None, is_open: Flag(true) }].into_iter().collect();
        let json = rows.finish();
        assert_eq!(json, r#"[{"id":"00000000000000000000000000000007","name":"a\"b\\c\nde\\u0000","amount":null,"is_open":1}]"#);
        assert_eq!(JsonRows::new().finish(), "[]");
        assert_eq!(json_ids([id]), r#"[{"id":"00000000000000000000000000000007"}]"#);
        assert_eq!(json_texts(["a", "b"]), r#"[{"text":"a"},{"text":"b"}]"#);
    }
}
