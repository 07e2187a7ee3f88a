//! Many rows in one statement: JSON for `json_each($1)`.
//!
//! In the statement ids are `unhex(value->>0)`, numbers `cast(value->>1 as bigint)`, texts `value->>2`. Bytes are written as hex
//! too and read with `unhex(value->>3, '')`: on Postgres `unhex` with one argument makes a UUID, with two it makes bytes.

use std::fmt::Write;

use domain::{Currency, Timestamp};
use uuid::Uuid;

/// A value in a row of JSON.
pub trait Cell {
    /// Writes itself as JSON.
    fn write(&self, to: &mut String);
}

impl Cell for i64 {
    fn write(&self, to: &mut String) {
        let _ = write!(to, "{self}");
    }
}
impl Cell for bool {
    fn write(&self, to: &mut String) {
        i64::from(*self).write(to);
    }
}
impl Cell for str {
    fn write(&self, to: &mut String) {
        to.push('"');
        for c in self.chars() {
            match c {
                '"' => to.push_str("\\\""),
                '\\' => to.push_str("\\\\"),
                // Postgres takes no NUL in a text.
                '\0' => {}
                c if c < ' ' => {
                    let _ = write!(to, "\\u{:04x}", u32::from(c));
                }
                c => to.push(c),
            }
        }
        to.push('"');
    }
}
impl<C: Cell + ?Sized> Cell for &C {
    fn write(&self, to: &mut String) {
        (**self).write(to);
    }
}
impl Cell for String {
    fn write(&self, to: &mut String) {
        self.as_str().write(to);
    }
}
impl Cell for Uuid {
    fn write(&self, to: &mut String) {
        let _ = write!(to, "\"{}\"", self.simple());
    }
}
impl Cell for Timestamp {
    fn write(&self, to: &mut String) {
        self.millis().write(to);
    }
}
impl Cell for Currency {
    fn write(&self, to: &mut String) {
        self.code().write(to);
    }
}
impl Cell for Vec<u8> {
    fn write(&self, to: &mut String) {
        to.push('"');
        for byte in self {
            let _ = write!(to, "{byte:02x}");
        }
        to.push('"');
    }
}

macro_rules! optional {
    ($($type:ty)*) => {$(
        impl Cell for Option<$type> {
            fn write(&self, to: &mut String) {
                match self {
                    Some(value) => value.write(to),
                    None => to.push_str("null"),
                }
            }
        }
    )*};
}
optional! { i64 bool String &str Uuid Timestamp Vec<u8> }

/// Rows that are being collected.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    json: String,
}

impl Rows {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&dyn Cell]) {
        self.json.push_str(if self.json.is_empty() { "[[" } else { ",[" });
        for (i, cell) in cells.iter().enumerate() {
            if i > 0 {
                self.json.push(',');
            }
            cell.write(&mut self.json);
        }
        self.json.push(']');
    }

    /// Is there no row?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The JSON.
    #[must_use]
    pub fn end(mut self) -> String {
        if self.json.is_empty() {
            self.json.push('[');
        }
        self.json.push(']');
        self.json
    }
}

/// A row for each cell.
impl<C: Cell> FromIterator<C> for Rows {
    fn from_iter<I: IntoIterator<Item = C>>(cells: I) -> Self {
        let mut rows = Self::new();
        for cell in cells {
            rows.row(&[&cell]);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let mut rows = Rows::new();
        rows.row(&[&"a\"b\\c\nd", &5_i64, &None::<i64>]);
        assert_eq!(rows.end(), "[[\"a\\\"b\\\\c\\u000ad\",5,null]]");
        assert_eq!(Rows::new().end(), "[]");
    }
}
