//! The address that webhooks are sent to.

use std::fmt;

use url::{Host, Position, Url};

/// Where events are sent, and the secret that signs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(super) host: String,
    pub(super) authority: String,
    pub(super) port: u16,
    pub(super) path: String,
    pub(super) secret: String,
}

/// The webhook address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEndpoint {
    url: String,
}

impl fmt::Display for BadEndpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` is not an address of the form http://host:port/path", self.url)
    }
}

impl std::error::Error for BadEndpoint {}

impl Endpoint {
    /// Reads a plain `http` address: the simulator talks to programs on the same machine or network.
    ///
    /// # Errors
    /// The address is not of the form `http://host[:port][/path]`.
    pub fn new(url: &str, secret: &str) -> Result<Self, BadEndpoint> {
        let bad = || BadEndpoint { url: url.to_owned() };
        // The parser drops white space and extra slashes.
        if !url.starts_with("http://") || url.starts_with("http:///") || url.contains(|letter: char| letter.is_whitespace()) {
            return Err(bad());
        }
        let parsed = Url::parse(url).map_err(|_| bad())?;
        let host = match parsed.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(bad()),
        };
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(bad());
        }
        Ok(Self {
            host,
            authority: parsed.authority().to_owned(),
            port: parsed.port_or_known_default().unwrap_or(80),
            path: parsed[Position::BeforePath..Position::AfterQuery].to_owned(),
            secret: secret.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_from_its_address() {
        let endpoint = Endpoint::new("http://127.0.0.1:3000/webhooks/stripe?x=1", "whsec").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("127.0.0.1", 3000));
        assert_eq!(endpoint.path, "/webhooks/stripe?x=1");
        let endpoint = Endpoint::new("http://[::1]:81", "whsec").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port, endpoint.path.as_str()), ("::1", 81, "/"));
        assert_eq!(Endpoint::new("http://shop", "").unwrap().port, 80);
    }

    #[test]
    fn an_endpoint_must_be_a_plain_http_address() {
        for url in ["https://shop/hook", "shop", "http://", "http:///x", "http://shop:x/", "http://a b/", "http://u@shop/"] {
            assert!(Endpoint::new(url, "whsec").is_err(), "{url}");
        }
    }
}
