//! Descriptions: from the HTML of a file to the plain text that the shop stores, and back. [`plain`] reads what [`html`] writes as
//! exactly the same text.

use std::fmt::Write;

/// Spaces and line breaks are held back until something follows them.
#[derive(Default)]
struct PlainText {
    text: String,
    space: bool,
    breaks: usize,
}

impl PlainText {
    fn push(&mut self, c: char) {
        if !self.text.is_empty() {
            if self.breaks > 0 {
                self.text.extend(std::iter::repeat_n('\n', self.breaks));
            } else if self.space {
                self.text.push(' ');
            }
        }
        (self.space, self.breaks) = (false, 0);
        self.text.push(c);
    }
    /// Adds a character of the source, in which any white space is one space.
    fn add(&mut self, c: char, line_breaks_count: bool) {
        match c {
            '\n' if line_breaks_count => self.breaks = (self.breaks + 1).min(2),
            c if c.is_whitespace() => self.space = true,
            c => self.push(c),
        }
    }
    fn at_least(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }
}

/// A description without tags: paragraphs, breaks, list items and table rows begin a line, table cells are separated, entities are
/// decoded. A text without any tag keeps its line breaks. Takes linear time.
pub(super) fn plain(html: &str) -> String {
    let mut out = PlainText::default();
    let last_close = html.rfind('>').unwrap_or(0);
    let begins_tag = |at: usize| {
        let next = html.as_bytes().get(at + 1);
        at < last_close && next.is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!'))
    };
    let has_tags = html.match_indices('<').any(|(at, _)| begins_tag(at));
    let mut at = 0;
    while let Some(c) = html[at..].chars().next() {
        match c {
            '<' if begins_tag(at) => at = tag(html, at, &mut out),
            '&' => at = entity(html, at, &mut out),
            c => {
                out.add(c, !has_tags);
                at += c.len_utf8();
            }
        }
    }
    out.text
}

/// Skips a tag; returns where the text goes on.
fn tag(html: &str, at: usize, out: &mut PlainText) -> usize {
    let inside = &html[at + 1..];
    if inside.starts_with("!--") {
        // A comment without an end takes the rest of the text.
        return inside.find("-->").map_or(html.len(), |end| at + 1 + end + 3);
    }
    let close = inside.find('>').unwrap_or(inside.len().saturating_sub(1));
    let closing = inside.starts_with('/');
    let name: String = inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "p" | "div" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" => out.at_least(2),
        "br" => out.breaks = (out.breaks + 1).min(2),
        "li" | "tr" if !closing => out.at_least(1),
        "td" | "th" => out.space = true,
        _ => {}
    }
    let after = at + 1 + close + 1;
    // Their content is not text.
    if !closing && matches!(name.as_str(), "script" | "style") {
        return closing_tag(html, after, &name);
    }
    after
}

/// Where the closing tag begins, or the end of the text without one.
fn closing_tag(html: &str, from: usize, name: &str) -> usize {
    let rest = &html.as_bytes()[from..];
    let ends = |at: &usize| {
        let found = rest.get(*at + 2..*at + 2 + name.len());
        rest[*at..].starts_with(b"</") && found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    (0..rest.len()).find(ends).map_or(html.len(), |found| from + found)
}

/// Decodes an entity. White space that is written by its number is kept, as [`html`] writes it.
fn entity(html: &str, at: usize, out: &mut PlainText) -> usize {
    // The longest entity name of HTML has 33 characters.
    let end = html.as_bytes()[at..].iter().take(36).position(|b| *b == b';').map(|length| at + length + 1);
    let Some(end) = end else {
        out.push('&');
        return at + 1;
    };
    let encoded = &html[at..end];
    let decoded = html_escape::decode_html_entities(encoded);
    if decoded == encoded {
        out.push('&');
        return at + 1;
    }
    for c in decoded.chars().filter(|c| *c != '\0') {
        if encoded.starts_with("&#") { out.push(c) } else { out.add(c, false) }
    }
    end
}

/// A plain text as HTML that [`plain`] reads as the same text.
pub(in crate::catalog) fn html(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let chars: Vec<char> = text.chars().collect();
    let between_words = |from: usize, to: usize| {
        let solid = |c: Option<&char>| c.is_some_and(|c| !c.is_whitespace());
        from > 0 && solid(chars.get(from - 1)) && solid(chars.get(to))
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str("<p>");
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let lines = chars[at..].iter().take_while(|c| **c == '\n').count();
        match c {
            '\n' if lines <= 2 && between_words(at, at + lines) => {
                out.push_str(if lines == 1 { "<br>" } else { "</p><p>" });
                at += lines - 1;
            }
            ' ' if between_words(at, at + 1) => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_whitespace() => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
        at += 1;
    }
    out.push_str("</p>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn descriptions_lose_their_tags() {
        let html = "<p>Soft &amp; <b>ripe</b>.</p>\n<ul><li>One</li><li>Two</li></ul><script>alert('x')</script> 2 < 3";
        assert_eq!(plain(html), "Soft & ripe.\n\nOne\nTwo\n\n2 < 3");
        assert_eq!(plain("Ca&ntilde;a, pi&#241;a, &#x1F96D;&nbsp;&nbsp;&copy; R&D &x; &"), "Caña, piña, 🥭 © R&D &x; &");
        let table = "<table><tr><th>Size</th><th>Chest</th></tr><tr><td>S</td><td>90</td></tr></table>";
        assert_eq!(plain(table), "Size Chest\nS 90");
        assert_eq!(plain("<p>Two\n  lines<br/>\nand</p><!-- a > b --><style>p{}</STYLE><p>more"), "Two lines\nand\n\nmore");
        assert_eq!(plain("As typed\nin two  lines\n\n\n\nand one"), "As typed\nin two lines\n\nand one");
        assert_eq!(plain("a <script> b"), "a");
    }

    #[test]
    fn three_megabytes_of_markup_are_parsed_quickly() {
        let start = std::time::Instant::now();
        for piece in ["<script>", "<a", "<!--", "&", "<p>x</p>", "</", "<style>a</style>", "&ntilde;"] {
            plain(&piece.repeat((3 << 20) / piece.len()));
            plain(&(piece.repeat((3 << 20) / piece.len()) + ">"));
        }
        // Milliseconds; minutes when it was quadratic.
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    proptest! {
        #[test]
        fn a_written_description_is_parsed_back(text in "[a &<>\n\r\t\u{a0};#1ñ]{0,20}") {
            prop_assert_eq!(plain(&html(&text)), text);
        }
    }
}
