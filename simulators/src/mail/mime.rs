//! Reading a message: its subject and its text, through the encodings of MIME (RFC 2045, 2046, 2047).

use std::collections::BTreeMap;

use crate::text::{decode_base64, hex_byte};

/// How deep nested parts are followed.
const MAX_DEPTH: usize = 8;

/// A header by its lower-case name, decoded.
pub fn header(raw: &[u8], name: &str) -> Option<String> {
    let (headers, _) = split(raw);
    headers.get(name).map(|value| decode_words(value))
}

/// The first part of this kind (`text/plain`), decoded. A message without a content type is plain text.
pub fn part(raw: &[u8], kind: &str) -> Option<String> {
    find(raw, kind, 0)
}

fn find(raw: &[u8], kind: &str, depth: usize) -> Option<String> {
    let (headers, body) = split(raw);
    let content_type = headers.get("content-type").map_or("text/plain", String::as_str);
    let own_kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if own_kind.starts_with("multipart/") {
        let boundary = parameter(content_type, "boundary")?;
        if depth >= MAX_DEPTH {
            return None;
        }
        return parts(body, &boundary).into_iter().find_map(|part| find(part, kind, depth + 1));
    }
    let attached = headers.get("content-disposition").is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("attachment"));
    if own_kind != kind || attached {
        return None;
    }
    let bytes = match headers.get("content-transfer-encoding").map(|value| value.trim().to_ascii_lowercase()).as_deref() {
        Some("base64") => decode_base64(body),
        Some("quoted-printable") => decode_quoted_printable(body),
        _ => body.to_vec(),
    };
    Some(to_text(&bytes, parameter(content_type, "charset").as_deref()))
}

/// Headers by lower-case name, unfolded (the first of each name), and the body.
fn split(raw: &[u8]) -> (BTreeMap<String, String>, &[u8]) {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    let mut last: Option<String> = None;
    let mut rest = raw;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |index| index + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some(value) = last.as_ref().and_then(|name| headers.get_mut(name)) {
                value.push(' ');
                value.push_str(line.trim_start());
            }
            continue;
        }
        last = None;
        if let Some((name, value)) = line.split_once(':') {
            let name = name.trim().to_ascii_lowercase();
            if !headers.contains_key(&name) {
                headers.insert(name.clone(), value.trim().to_owned());
                last = Some(name);
            }
        }
    }
    (headers, rest)
}

/// A parameter of a header: `charset=utf-8`, `boundary="a b"`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (found, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"')?;
                (value, next.split_once(';').map_or("", |(_, next)| next))
            }
            None => after.split_once(';').map_or((after, ""), |(value, next)| (value, next)),
        };
        if found.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
}

/// The parts between boundary lines.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (open, close) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut parts = Vec::new();
    let (mut start, mut index) = (None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        if text == open.as_bytes() || text == close.as_bytes() {
            if let Some(part) = start.and_then(|start| body.get(start..index)) {
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            start = (text == open.as_bytes()).then_some(index + line.len());
        }
        index += line.len();
    }
    parts.extend(start.and_then(|start| body.get(start..)));
    parts
}

fn decode_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_end();
        let soft = content.last() == Some(&b'=') && line.len() > content.len();
        let content = if soft { content.split_last().map_or(content, |(_, rest)| rest) } else { content };
        decoded.extend(unescape(content, b'='));
        if !soft {
            decoded.extend_from_slice(if line.ends_with(b"\r\n") {
                b"\r\n"
            } else if line.ends_with(b"\n") {
                b"\n"
            } else {
                b""
            });
        }
    }
    decoded
}

/// Decodes `=C3` escapes.
fn unescape(content: &[u8], mark: u8) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(content.len());
    let mut index = 0;
    while let Some(&byte) = content.get(index) {
        match content.get(index + 1..index + 3).and_then(hex_byte) {
            Some(escaped) if byte == mark => {
                decoded.push(escaped);
                index += 3;
            }
            _ => {
                decoded.push(byte);
                index += 1;
            }
        }
    }
    decoded
}

/// Bytes in one of the charsets that mail is written in; what is unknown is read as UTF-8.
fn to_text(bytes: &[u8], charset: Option<&str>) -> String {
    match charset.map(str::to_ascii_lowercase).as_deref() {
        Some("iso-8859-1" | "latin1") => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Decodes the encoded words of a header: `=?utf-8?Q?Salamat?=`. White space between two of them is not part of the text, and words of
/// one charset are joined before they are read: a letter may be split between two of them.
fn decode_words(header: &str) -> String {
    let mut text = String::new();
    let mut open: Option<(String, Vec<u8>)> = None;
    let mut rest = header;
    while let Some((before, word)) = rest.find("=?").map(|index| rest.split_at(index)) {
        let Some((charset, decoded, after)) = encoded_word(word) else {
            close_word(&mut open, &mut text);
            text.push_str(before);
            text.push_str("=?");
            rest = word.get(2..).unwrap_or_default();
            continue;
        };
        if open.is_none() || !before.trim().is_empty() {
            close_word(&mut open, &mut text);
            text.push_str(before);
        }
        match &mut open {
            Some((current, bytes)) if *current == charset => bytes.extend(decoded),
            _ => {
                close_word(&mut open, &mut text);
                open = Some((charset, decoded));
            }
        }
        rest = after;
    }
    close_word(&mut open, &mut text);
    text.push_str(rest);
    text
}

/// Adds the encoded words collected so far to the text.
fn close_word(open: &mut Option<(String, Vec<u8>)>, text: &mut String) {
    if let Some((charset, bytes)) = open.take() {
        text.push_str(&to_text(&bytes, Some(&charset)));
    }
}

/// One encoded word: its charset, its bytes, and what follows it.
fn encoded_word(text: &str) -> Option<(String, Vec<u8>, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (content, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "b" | "B" => decode_base64(content.as_bytes()),
        "q" | "Q" => unescape(content.replace('_', " ").as_bytes(), b'='),
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or_default();
    Some((charset.to_ascii_lowercase(), bytes, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_unfolded_and_decoded() {
        let raw = b"From: a@b\r\nSubject: =?utf-8?B?U2FsYW1hdCw=?=\r\n =?utf-8?Q?_Ni=C3?= =?utf-8?Q?=B1a!?= (1)\r\n\r\nHi";
        let subject = |raw: &[u8]| header(raw, "subject").unwrap_or_default();
        assert_eq!(subject(raw), "Salamat, Niña! (1)");
        assert_eq!(subject(b"Subject: plain =? text\r\n\r\n"), "plain =? text");
        assert_eq!(subject(b"Subject: =?iso-8859-1?q?Ni=F1a?=\r\n\r\n"), "Niña");
        assert_eq!(subject(b"no headers at all"), "");
    }

    #[test]
    fn quoted_printable_text_is_decoded() {
        let raw = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            Total: =E2=82=B1100 =\r\nand more=3D\r\nBye  \r\n";
        assert_eq!(part(raw, "text/plain").unwrap(), "Total: ₱100 and more=\r\nBye\r\n");
        assert_eq!(part(raw, "text/html"), None);
    }

    #[test]
    fn the_text_is_found_inside_nested_parts() {
        let raw = b"Content-Type: multipart/mixed; charset=x; boundary=\"out er\"\r\n\r\npreamble\r\n\
            --out er\r\nContent-Type: multipart/alternative;\r\n boundary=in\r\n\r\n\
            --in\r\nContent-Type: text/plain; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\nU2FsYW1h\r\ndCE=\r\n\
            --in\r\nContent-Type: text/html\r\n\r\n<p>Salamat!</p>\r\n--in--\r\n\
            --out er\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nnot this\r\n--out er--\r\n";
        assert_eq!(part(raw, "text/plain").unwrap(), "Salamat!");
        assert_eq!(part(raw, "text/html").unwrap(), "<p>Salamat!</p>");
    }

    #[test]
    fn a_broken_message_is_read_as_far_as_it_goes() {
        assert_eq!(part(b"", "text/plain").unwrap(), "");
        assert_eq!(part(b"Content-Type: multipart/mixed\r\n\r\nx", "text/plain"), None);
        let cut = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ncut off";
        assert_eq!(part(cut, "text/plain").unwrap(), "cut off");
    }
}
