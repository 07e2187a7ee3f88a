//! Tables that leave the shop as CSV (RFC 4180, UTF-8), safe to open in a spreadsheet and the same when they come in again.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula, and what a shopper
//! typed as their name would be run on a manager's machine. Such a cell gets an apostrophe before it, which spreadsheets hide;
//! [`unguarded`] takes it away again. So that nothing else changes on the way, a text that already has apostrophes before such a
//! sign gets one more, and a text such as `'90s` stays as it is.

use std::borrow::Cow;

/// What a file for spreadsheets begins with: without it some of them read UTF-8 as an old code page.
pub const MARK: &str = "\u{feff}";

/// Rows as lines of CSV, guarded; the heading is a row like any other.
///
/// ```
/// let rows = [["Order", "Name"], ["1001", "=HYPERLINK(\"http://x.example\")"]];
/// let lines = "Order,Name\r\n1001,\"'=HYPERLINK(\"\"http://x.example\"\")\"\r\n";
/// assert_eq!(platform::csv::lines(rows), lines.as_bytes());
/// ```
pub fn lines<R>(rows: impl IntoIterator<Item = R>) -> Vec<u8>
where
    R: IntoIterator<Item: AsRef<str>>,
{
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    for row in rows {
        // Writing to memory does not fail.
        for cell in row {
            let _ = writer.write_field(guarded(cell.as_ref()).as_bytes());
        }
        let _ = writer.write_record(None::<&[u8]>);
    }
    writer.into_inner().unwrap_or_default()
}

/// The cell as it is written.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell as it was before it was [`guarded`].
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest.trim_start_matches('\''))).unwrap_or(cell)
}

/// Cells that a spreadsheet would run as a formula (OWASP, CSV Injection).
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_guarded_and_other_texts_are_left_alone() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("-5 °C", "'-5 °C"),
            ("+63 917", "'+63 917"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("'=1", "''=1"),
            ("'90s", "'90s"),
            ("'", "'"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), written);
            assert_eq!(unguarded(written), cell);
        }
    }

    #[test]
    fn a_row_of_one_empty_cell_is_still_a_row() {
        assert_eq!(lines([[""], ["a"]]), b"\"\"\r\na\r\n");
    }

    proptest! {
        #[test]
        fn a_written_file_is_parsed_back(cells in prop::collection::vec("['=+\\-@\t\r\n\"a, ;ñ]{0,6}", 1..5)) {
            let bytes = lines([&cells]);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
            let row = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(row.iter().map(|cell| unguarded(cell).to_owned()).collect::<Vec<_>>(), cells);
        }
    }
}
