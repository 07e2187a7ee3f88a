//! Where files are kept, as it is configured.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesAddress {
    Folder(PathBuf),
    Bucket(Bucket),
}

/// Part of a bucket of an S3-compatible service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// What the names of all its objects begin with, without slashes at its ends; may be empty.
    pub prefix: String,
    pub access: Access,
}

/// How the service of buckets is reached.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Its address without a slash at its end; none for Amazon's own.
    pub endpoint: Option<String>,
    pub region: String,
    pub access_key: String,
    pub secret_key: String,
    /// Is the bucket's name part of the path? Else it is part of the host's name.
    pub path_style: bool,
    /// Memory for pictures that were read, bytes.
    pub cache_bytes: u64,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("endpoint", &self.endpoint).field("region", &self.region).finish_non_exhaustive()
    }
}

impl FilesAddress {
    /// Reads `folder` (this one), `folder:PATH`, `s3://BUCKET` or `s3://BUCKET/PREFIX`. None for any other text.
    #[must_use]
    pub fn parse(text: &str, folder: &Path, access: &Access) -> Option<Self> {
        if text == "folder" {
            return Some(Self::Folder(folder.to_owned()));
        }
        if let Some(path) = text.strip_prefix("folder:") {
            return (!path.is_empty()).then(|| Self::Folder(path.into()));
        }
        let rest = text.strip_prefix("s3://")?;
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let is_part = |part: &str| !part.is_empty() && !matches!(part, "." | "..") && part.bytes().all(is_plain);
        let is_prefix = prefix.is_empty() || (prefix.len() <= 500 && prefix.split('/').all(is_part));
        (is_bucket_name(name) && is_prefix).then(|| {
            let (name, prefix) = (name.to_owned(), prefix.to_owned());
            Self::Bucket(Bucket { name, prefix, access: access.clone() })
        })
    }
}

/// 3 to 63 small letters, digits, `-` and `.`, with a letter or a digit at both ends: Amazon's rule, which others share.
fn is_bucket_name(name: &str) -> bool {
    let is_end = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|b| is_end(*b) || matches!(b, b'-' | b'.'))
        && is_end(bytes[0])
        && is_end(bytes[bytes.len() - 1])
        && !name.contains("..")
}

impl fmt::Display for FilesAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "the folder {}", path.display()),
            Self::Bucket(bucket) => write!(f, "{bucket}"),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.name, self.prefix)?;
        self.access.endpoint.as_ref().map_or(Ok(()), |endpoint| write!(f, " at {endpoint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let access = Access { endpoint: Some("http://127.0.0.1:9000".to_owned()), secret_key: "hush".to_owned(), ..Access::default() };
        let parsed = FilesAddress::parse(text, Path::new("/data/files"), &access)?;
        assert!(!format!("{parsed:?} {parsed}").contains("hush"));
        Some(parsed.to_string())
    }

    #[test]
    fn an_address_of_files_is_a_folder_or_a_bucket() {
        assert_eq!(shown("folder").as_deref(), Some("the folder /data/files"));
        assert_eq!(shown("folder:/mnt/shared").as_deref(), Some("the folder /mnt/shared"));
        assert_eq!(shown("s3://shop").as_deref(), Some("s3://shop at http://127.0.0.1:9000"));
        assert_eq!(shown("s3://my.shop-1/a/b_c/").as_deref(), Some("s3://my.shop-1/a/b_c at http://127.0.0.1:9000"));
        for bad in [
            "",
            "folder:",
            "Folder",
            "/mnt/shared",
            "s3:/shop",
            "s3://",
            "s3://ab",
            "s3://Shop",
            "s3://-shop",
            "s3://shop-",
            "s3://sh..op",
            "s3://shop//a",
            "s3://shop/../other",
            "s3://shop/./a",
            "s3://shop/a b",
            "s3://key:secret@shop",
            "https://shop.example/files",
        ] {
            assert!(shown(bad).is_none(), "{bad}");
        }
    }
}
