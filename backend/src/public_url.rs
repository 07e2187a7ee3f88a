//! The shop's own address.

use std::fmt;

/// Where shoppers reach the shop: `https://shop.example`, without a slash at the end, so that a path can follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it reached by https only? Then cookies are marked secure.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl From<&str> for PublicUrl {
    fn from(url: &str) -> Self {
        Self(url.trim_end_matches('/').to_owned())
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_follow_it() {
        for (written, read) in
            [("https://shop.example/", "https://shop.example"), ("http://127.0.0.1:3000/shop", "http://127.0.0.1:3000/shop")]
        {
            let url = PublicUrl::from(written);
            assert_eq!((url.as_str(), url.is_https()), (read, read.starts_with("https")));
        }
    }
}
