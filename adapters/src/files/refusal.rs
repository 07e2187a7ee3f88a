//! What a service of buckets says, in words that name the setting to correct.

use std::error::Error as StdError;

use object_store::Error;
use object_store::client::HttpError;
use platform::files::{Bucket, FilesError};

/// The innermost cause, in its own words.
pub(super) fn cause(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Why the bucket did not do what it was asked.
pub(super) fn explain(bucket: &Bucket, error: &Error) -> FilesError {
    if let Some(error) = transport_error(error) {
        return FilesError::Unavailable(format!("{bucket} cannot be reached: {}", cause(error)));
    }
    let text = error.to_string();
    let access = &bucket.access;
    let refused = |why: String| FilesError::Refused(format!("{bucket}: {why}"));
    match element(&text, "Code").unwrap_or_default() {
        "NoSuchBucket" => refused(format!("there is no bucket “{}”; make it, or correct files", bucket.name)),
        "InvalidAccessKeyId" | "InvalidClientTokenId" => {
            refused(format!("the access key “{}” is not known there; correct files-access-key", access.access_key))
        }
        "SignatureDoesNotMatch" => refused("the secret key is not that of the access key; correct files-secret-key".to_owned()),
        "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            wrong_region(bucket, element(&text, "Region"))
        }
        "RequestTimeTooSkewed" => refused("the clock of this machine is wrong".to_owned()),
        "SlowDown" | "InternalError" | "ServiceUnavailable" | "RequestTimeout" => busy(bucket, &text),
        code => match error {
            // Of an answer without a body it is not known what is missing; then it is the file.
            Error::NotFound { .. } if matches!(code, "" | "NoSuchKey") => FilesError::Missing,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => refused(format!(
                "the access key “{}” may not do this; allow it s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket, or correct \
                 files-access-key and files-secret-key",
                access.access_key
            )),
            _ if text.contains("without LOCATION") || status(&text).is_some_and(|status| (300..400).contains(&status)) => {
                wrong_region(bucket, None)
            }
            _ if status(&text).is_some_and(|status| status >= 500 || matches!(status, 408 | 429)) => busy(bucket, &text),
            // The library asks for the rest of an answer that broke off, and was not given that.
            _ if text.contains("Content-Range") => FilesError::Unavailable(format!("{bucket} breaks off its answers")),
            _ => refused(short(&text)),
        },
    }
}

fn wrong_region(bucket: &Bucket, expected: Option<&str>) -> FilesError {
    let expected = expected.map(|region| format!(", in “{region}”")).unwrap_or_default();
    let region = &bucket.access.region;
    FilesError::Refused(format!("{bucket}: it is not in the region “{region}”{expected}; correct files-region"))
}

fn busy(bucket: &Bucket, text: &str) -> FilesError {
    let status = status(text).map(|status| format!(" with status {status}")).unwrap_or_default();
    FilesError::Unavailable(format!("{bucket} answers{status} that it cannot do this now"))
}

/// The failure of the connection among the causes.
fn transport_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a HttpError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<HttpError>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The text of an element of an answer in XML, which the library's message ends with.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(found, _)| found.trim())
}

/// The status that the library's message names.
fn status(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

/// What is unexpected, on one line of bounded length.
fn short(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 300 { format!("{}…", line.chars().take(300).collect::<String>()) } else { line }
}
