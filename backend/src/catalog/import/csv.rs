//! From a file's bytes to text, and from text to rows.
//!
//! Spreadsheets write UTF-8 with and without a byte order mark, UTF-16 ("Unicode text") and Windows-1252 ("CSV"), with commas,
//! semicolons or tabs. The rows are split by our own reader for two reasons: a quote that is never closed must not swallow the rows
//! after it, and each row needs its line number with any line ending.

use std::borrow::Cow;

use domain::Locale;
use domain::messages::t;

pub(super) struct DecodedFile {
    pub text: String,
    /// It was read as Windows-1252.
    pub old_code_page: bool,
    /// Some characters could not be decoded and stand as [`char::REPLACEMENT_CHARACTER`].
    pub damaged: bool,
}

/// # Errors
/// The encoding is not supported; the message has the remedy.
pub(super) fn decode(locale: Locale, bytes: &[u8]) -> Result<DecodedFile, String> {
    let decoded = |text: String| DecodedFile { text, old_code_page: false, damaged: false };
    let unknown = || t::IMPORT_ENCODING_UNKNOWN.text(locale).to_owned();
    if let Some((rest, to_unit)) = utf16(bytes) {
        let units = rest.chunks(2).map(|pair| pair.try_into().map_or(0xfffd, to_unit));
        let text = char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| unknown())?;
        return Ok(decoded(text));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(decoded(text.to_owned()));
    }
    // Without any valid UTF-8 beyond ASCII it is of a code page; with some it is damaged UTF-8.
    let is_utf8_somewhere = bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    if is_utf8_somewhere {
        return Ok(DecodedFile { text: String::from_utf8_lossy(bytes).into_owned(), old_code_page: false, damaged: true });
    }
    let text = bytes.iter().map(|byte| windows_1252(*byte)).collect::<Option<String>>().ok_or_else(unknown)?;
    Ok(DecodedFile { text, old_code_page: true, damaged: false })
}

type ToUnit = fn([u8; 2]) -> u16;

/// The bytes of UTF-16, which is known by its byte order mark or by zeros in every other byte.
fn utf16(bytes: &[u8]) -> Option<(&[u8], ToUnit)> {
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return Some((rest, u16::from_le_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return Some((rest, u16::from_be_bytes));
    }
    match bytes {
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some((bytes, u16::from_le_bytes)),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some((bytes, u16::from_be_bytes)),
        _ => None,
    }
}

/// Microsoft's code page 1252, in which five codes are not used.
fn windows_1252(byte: u8) -> Option<char> {
    const HIGH: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•', '–', '—', '˜',
        '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH.get(usize::from(byte - 0x80)).copied().filter(|c| *c != '\0'),
        _ => Some(char::from(byte)),
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Where it begins, from 1.
    pub line: u64,
    pub cells: Vec<Cow<'a, str>>,
    /// A quote is not closed, or text follows a closed one. The next record begins with the next line.
    pub broken: bool,
}

/// The records of a text, without empty lines.
pub(super) struct Records<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    delimiter: u8,
}

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a str, delimiter: u8) -> Self {
        let mut records = Self { text, at: 0, line: 1, delimiter };
        // Excel's own line for the delimiter.
        if text.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("sep=")) {
            records.skip_line();
        }
        records
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips the end of a line: `\n`, `\r\n` or `\r`.
    fn end_of_line(&mut self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let length = match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => return false,
        };
        self.at += length;
        self.line += 1;
        true
    }

    fn skip_line(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
        self.end_of_line();
    }

    /// None when the quotes are broken.
    fn cell(&mut self) -> Option<Cow<'a, str>> {
        let (text, bytes) = (self.text, self.text.as_bytes());
        if self.peek() != Some(b'"') {
            let begin = self.at;
            let ends = |b: &u8| *b == self.delimiter || matches!(b, b'\r' | b'\n');
            self.at += bytes[begin..].iter().position(ends).unwrap_or(bytes.len() - begin);
            return Some(Cow::Borrowed(&text[begin..self.at]));
        }
        let begin = self.at + 1;
        let mut at = begin;
        let mut doubled = false;
        let end = loop {
            at += bytes[at..].iter().position(|b| *b == b'"')?;
            if bytes.get(at + 1) != Some(&b'"') {
                break at;
            }
            doubled = true;
            at += 2;
        };
        let cell = &text[begin..end];
        self.at = end + 1;
        self.line += cell.matches('\n').count() as u64;
        let well_closed = self.peek().is_none_or(|b| b == self.delimiter || matches!(b, b'\r' | b'\n'));
        well_closed.then(|| if doubled { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        while self.end_of_line() {}
        self.peek()?;
        let (begin, line) = (self.at, self.line);
        let mut cells = Vec::new();
        loop {
            let Some(cell) = self.cell() else {
                (self.at, self.line) = (begin, line);
                self.skip_line();
                return Some(Record { line, cells, broken: true });
            };
            cells.push(cell);
            if self.peek() == Some(self.delimiter) {
                self.at += 1;
            } else {
                self.end_of_line();
                return Some(Record { line, cells, broken: false });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>, bool)> {
        Records::new(text, b',').map(|r| (r.line, r.cells.iter().map(ToString::to_string).collect(), r.broken)).collect()
    }
    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>, bool) {
        (line, cells.iter().map(|c| (*c).to_owned()).collect(), false)
    }

    #[test]
    fn each_row_has_its_line_number_with_any_line_ending() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "1,\"two", "lines\"", "3,\"say \"\"ah\"\"\"", ""].join(end);
            let two = format!("two{end}lines");
            // A carriage return alone ends no line inside of a cell.
            let inside = u64::from(end != "\r");
            assert_eq!(rows(&text), [row(1, &["a", "b"]), row(3, &["1", &two]), row(4 + inside, &["3", "say \"ah\""])], "{end:?}");
        }
        assert_eq!(rows("a,b,\nc"), [row(1, &["a", "b", ""]), row(2, &["c"])]);
    }

    #[test]
    fn an_unclosed_quote_spoils_only_its_own_row() {
        let found = rows("a,\"open\nb,\"two\"\nc,\"x\" y,z\nd,5\" pipe\ne,\"never");
        let records: Vec<_> = found.iter().map(|(line, cells, broken)| (*line, cells[0].as_str(), *broken)).collect();
        assert_eq!(records, [(1, "a", true), (2, "b", false), (3, "c", true), (4, "d", false), (5, "e", true)]);
        assert_eq!(found[3].1[1], "5\" pipe");
    }

    #[test]
    fn every_encoding_that_spreadsheets_write_is_read() {
        let decoded = |bytes: &[u8]| decode(Locale::En, bytes).map(|text| (text.text, text.old_code_page, text.damaged));
        let utf16 = |mark: &[u8], to: fn(u16) -> [u8; 2]| [mark.to_vec(), "Piña 😀".encode_utf16().flat_map(to).collect()].concat();
        for bytes in [
            "Piña 😀".as_bytes().to_vec(),
            "\u{feff}Piña 😀".as_bytes().to_vec(),
            utf16(b"\xff\xfe", u16::to_le_bytes),
            utf16(b"\xfe\xff", u16::to_be_bytes),
            utf16(b"", u16::to_le_bytes),
            utf16(b"", u16::to_be_bytes),
        ] {
            assert_eq!(decoded(&bytes), Ok(("Piña 😀".into(), false, false)), "{bytes:?}");
        }
        assert_eq!(decoded(b"Pi\xf1a \x93\x80\x94"), Ok(("Piña “€”".into(), true, false)));
        assert_eq!(decoded("ñ\u{ff}".as_bytes()).map(|t| t.2), Ok(false));
        assert_eq!(decoded(b"\xc3\xb1 \xff"), Ok(("ñ \u{fffd}".into(), false, true)));
        assert!(decoded(b"\x81\xff").is_err() && decoded(b"\xff\xfe\x00\xd8").is_err());
    }
}
