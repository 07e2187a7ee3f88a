//! The encoding of what pages read from the server: packed by position, without field names.
//!
//! Both ends are built from the same sources, so names of fields are not needed: reading JSON is some 25 kB of the first
//! download. Packed data begins with the mark of its release, so that a page opened before a new release
//! reports that it is outdated instead of taking one field for another.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

/// The output encoding of the pages' server functions: `#[server(endpoint = "…", output = Answer)]`.
pub type Answer = Post<Packed>;

/// Set by the build script: 0 in development.
const MARK: &str = env!("TINDAHAN_RELEASE_MARK");

/// The release mark, then the value as [`postcard`].
#[derive(Debug)]
pub struct Packed;

/// Why packed data cannot be read.
#[derive(Debug)]
pub enum UnpackError {
    OtherRelease,
    /// Not a value of the expected type.
    Malformed(postcard::Error),
}

impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherRelease => f.write_str("packed by another release"),
            Self::Malformed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for UnpackError {}

impl Packed {
    /// # Errors
    /// The value has a type that `postcard` cannot write.
    pub fn pack(value: &impl Serialize) -> Result<Vec<u8>, postcard::Error> {
        let mut packed = MARK.as_bytes().to_vec();
        packed.push(b' ');
        postcard::to_extend(value, packed)
    }

    /// Reads what [`Packed::pack`] wrote.
    ///
    /// # Errors
    /// See [`UnpackError`].
    pub fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Result<T, UnpackError> {
        let packed = packed.strip_prefix(MARK.as_bytes()).and_then(|rest| rest.strip_prefix(b" ")).ok_or(UnpackError::OtherRelease)?;
        postcard::from_bytes(packed).map_err(UnpackError::Malformed)
    }
}

impl ContentType for Packed {
    const CONTENT_TYPE: &'static str = "application/octet-stream";
}

impl FormatType for Packed {
    const FORMAT_TYPE: Format = Format::Binary;
}

impl<T: Serialize> Encodes<T> for Packed {
    type Error = postcard::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        Self::pack(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Packed {
    type Error = UnpackError;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        Self::unpack(&bytes)
    }
}

impl<T: Serialize> codee::Encoder<T> for Packed {
    type Error = postcard::Error;
    type Encoded = Vec<u8>;

    fn encode(value: &T) -> Result<Vec<u8>, Self::Error> {
        Self::pack(value)
    }
}

impl<T: DeserializeOwned> codee::Decoder<T> for Packed {
    type Error = UnpackError;
    type Encoded = [u8];

    fn decode(bytes: &[u8]) -> Result<T, Self::Error> {
        Self::unpack(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_answer_is_unpacked_to_the_same_value() {
        let value = (7_u8, "Añejo".to_owned(), Some(vec![-1_i64, i64::MAX]));
        let packed = Packed::pack(&value).unwrap();
        assert_eq!(Packed::unpack::<(u8, String, Option<Vec<i64>>)>(&packed).unwrap(), value);
    }

    #[test]
    fn an_answer_of_another_release_and_a_broken_one_give_different_errors() {
        let packed = Packed::pack(&"text").unwrap();
        let other = [b"1", packed.as_slice()].concat();
        assert!(matches!(Packed::unpack::<String>(&other), Err(UnpackError::OtherRelease)));
        assert!(matches!(Packed::unpack::<String>(&packed[..packed.len() - 1]), Err(UnpackError::Malformed(_))));
        assert!(matches!(Packed::unpack::<String>(b""), Err(UnpackError::OtherRelease)));
    }
}
