//! The address that events are sent to.

use std::fmt;

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
        if url.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
            return Err(bad());
        }
        let rest = url.strip_prefix("http://").ok_or_else(bad)?;
        let start = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(start);
        let path = path.split('#').next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad())?),
            _ => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains('@') {
            return Err(bad());
        }
        Ok(Self {
            host: host.to_owned(),
            authority: authority.to_owned(),
            port,
            path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
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
    fn what_is_no_plain_address_is_refused() {
        for url in ["https://shop/hook", "shop", "http://", "http:///x", "http://shop:x/", "http://a b/", "http://u@shop/"] {
            assert!(Endpoint::new(url, "whsec").is_err(), "{url}");
        }
    }
}
