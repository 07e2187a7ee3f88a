//! Strict reading of requests: unknown and malformed fields are refused, and each error names its field.

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use backend::Shop;
use bytes::Bytes;
use domain::Locale;
use domain::view::FieldErrors;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use web::language::preferred_locale;

use super::Problem;

pub struct Language(pub Locale);

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(preferred_locale(&parts.headers)))
    }
}

/// A JSON body; the type decides whether unknown fields are refused.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shop> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shop: &Shop) -> Result<Self, Problem> {
        if !is_json(request.headers().get(header::CONTENT_TYPE)) {
            let detail = "Send JSON with “Content-Type: application/json”.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let bytes = Bytes::from_request(request, shop)
            .await
            .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large, or broke off."))?;
        read(&bytes).map(Self)
    }
}

fn is_json(kind: Option<&HeaderValue>) -> bool {
    let essence = kind.and_then(|kind| kind.to_str().ok()).and_then(|kind| kind.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Postgres stores no text with this character.
    if bytes.windows(6).any(|part| part == b"\\u0000") {
        return Err(Problem::field("", "The character U+0000 is not allowed."));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let source = error.into_inner();
        if source.is_data() {
            Problem::field(field, to_sentence(&source.to_string()))
        } else {
            Problem::malformed(format!("The body is not JSON: {source}."))
        }
    })?;
    json.end().map_err(|error| Problem::malformed(format!("The body is not JSON: {error}.")))?;
    Ok(value)
}

/// `missing field …` as a sentence, without line and column.
fn to_sentence(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(before, _)| before);
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

/// Query parameters. Handlers take each by name; those that are left are errors.
pub struct Params {
    pairs: Vec<(String, String)>,
    errors: FieldErrors,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::malformed("The address's query cannot be read."))?;
        let is_clean = pairs.iter().all(|(_, value)| !value.contains('\0'));
        if is_clean { Ok(Self { pairs, errors: Vec::new() }) } else { Err(Problem::malformed("The character U+0000 is not allowed.")) }
    }
}

impl Params {
    /// Every value of a parameter, each at most `max_chars` characters.
    pub fn all(&mut self, name: &str, max_chars: usize) -> Vec<String> {
        let (matching, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pairs).into_iter().partition(|(other, _)| other == name);
        self.pairs = others;
        if matching.iter().any(|(_, value)| value.chars().count() > max_chars) {
            self.errors.push((name.to_owned(), format!("At most {max_chars} characters.")));
        }
        matching.into_iter().map(|(_, value)| value).collect()
    }

    /// The value of a parameter that may be given once; none when it is empty.
    pub fn one(&mut self, name: &str, max_chars: usize) -> Option<String> {
        let mut values = self.all(name, max_chars);
        if values.len() > 1 {
            self.errors.push((name.to_owned(), "Give it once.".to_owned()));
        }
        values.pop().filter(|value| !value.is_empty())
    }

    /// An amount in minor units.
    pub fn amount(&mut self, name: &str) -> Option<i64> {
        let text = self.one(name, 32)?;
        let amount = text.parse().ok().filter(|amount| (0..=MAX_SAFE_INTEGER).contains(amount));
        if amount.is_none() {
            self.errors.push((name.to_owned(), format!("A whole number from 0 to {MAX_SAFE_INTEGER}.")));
        }
        amount
    }

    /// `true` or `false`; false when not given.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.one(name, 8).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.errors.push((name.to_owned(), "Either true or false.".to_owned()));
                false
            }
        }
    }

    /// One of these words; none when not given.
    pub fn word(&mut self, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.all(name, 64).pop()?;
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            self.errors.push((name.to_owned(), format!("One of {}.", words.join(", "))));
        }
        found
    }

    /// # Errors
    /// 422 with every mistake, unknown parameters included.
    pub fn end(mut self) -> Result<(), Problem> {
        let unknown = self.pairs.into_iter().map(|(name, _)| (name.chars().take(64).collect(), "There is no such parameter.".to_owned()));
        self.errors.extend(unknown);
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }
}

/// The largest amount, minor units: the largest integer that JavaScript has exactly.
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[allow(dead_code)]
        quantity: i64,
    }

    fn problem(text: &str) -> Problem {
        read::<Vec<Line>>(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_mistake_is_named_by_its_field() {
        let wrong = problem(r#"[{"quantity": 1}, {"quantity": "many"}]"#);
        assert_eq!((wrong.status, wrong.errors[0].field.as_str()), (422, "[1].quantity"));
        assert_eq!(problem(r#"[{"quantity": 1, "colour": 2}]"#).status, 422);
        assert_eq!(problem(r#"[{}]"#).errors[0].message, "Missing field `quantity`.");
    }

    #[test]
    fn a_body_that_is_not_json_is_malformed() {
        for text in ["", "[", "[] []", "nonsense", "[{\"quantity\": 1}"] {
            assert_eq!(problem(text).status, 400, "{text}");
        }
        assert_eq!(problem("[{\"quantity\": \"\\u0000\"}]").status, 422);
    }

    #[test]
    fn only_json_content_types_are_accepted() {
        assert!(is_json(Some(&HeaderValue::from_static("application/json; charset=utf-8"))));
        assert!(!is_json(Some(&HeaderValue::from_static("text/plain"))) && !is_json(None));
    }

    #[tokio::test]
    async fn unknown_and_wrong_parameters_are_all_reported() {
        let (mut parts, ()) = http::Request::get("/?sort=up&price_min=-1&foo=1&option=a%3Ab&option=c%3Ad").body(()).unwrap().into_parts();
        let mut params = Params::from_request_parts(&mut parts, &()).await.unwrap();
        assert_eq!(params.all("option", 80), ["a:b", "c:d"]);
        assert_eq!(params.word("sort", &["newest"]), None);
        assert_eq!(params.amount("price_min"), None);
        let wrong: Vec<_> = params.end().unwrap_err().errors.into_iter().map(|error| error.field).collect();
        assert_eq!(wrong, ["sort", "price_min", "foo"]);
    }
}
