//! Text helpers of both simulators.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// Milliseconds since 1970 UTC.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Seconds since 1970 UTC, as the gateway's objects carry them.
pub fn now_seconds() -> u64 {
    now_ms() / 1_000
}

/// A fresh identifier with its kind in front: `pi_018f…`.
pub fn fresh_id(kind: &str) -> String {
    format!("{kind}_{}", Uuid::new_v4().simple())
}

/// Decodes base64 (standard alphabet), skipping whatever is not part of it, as mail readers do.
pub fn decode_base64(encoded: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(encoded.len() / 4 * 3);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for &letter in encoded {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => continue,
        };
        buffer = (buffer << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.extend(u8::try_from(buffer >> bits));
            buffer &= (1 << bits) - 1;
        }
    }
    bytes
}

/// The byte written as two hexadecimal digits, if they are that.
pub fn hex_byte(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let high = (*high as char).to_digit(16)?;
    let low = (*low as char).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_reads_across_lines_and_padding() {
        assert_eq!(decode_base64(b"U2Fs\r\nYW1hdCE="), b"Salamat!");
        assert_eq!(decode_base64(b"w7E="), "ñ".as_bytes());
        assert_eq!(decode_base64(b""), b"");
    }
}
