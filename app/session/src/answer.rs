//! How answers travel: JSON, read from text.
//!
//! Pages read what the server rendered from text, and `server_fn`'s own JSON reads answers from bytes: each type would carry
//! its reading code twice, some 25 kB of the first download. Here both read text.

use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::codec::Post;
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

/// What a server function of these pages answers with: `#[server(endpoint = "…", output = Answer)]`.
pub type Answer = Post<TextJson>;

/// JSON that is read from text.
#[derive(Debug)]
pub struct TextJson;

impl ContentType for TextJson {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for TextJson {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for TextJson {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for TextJson {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        // What is no text is no JSON either.
        serde_json::from_str(std::str::from_utf8(&bytes).unwrap_or_default())
    }
}
