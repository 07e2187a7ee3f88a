//! Who is asking, as an address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use http::{HeaderMap, Request};

use crate::config::Network;

/// Whose word counts about where a request came from.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[Network]>);

impl Proxies {
    /// Trusts these, and nobody else.
    #[must_use]
    pub fn new(trusted: &[Network]) -> Self {
        Self(trusted.into())
    }

    /// The client's address: the connection's, or behind trusted proxies the last address in `X-Forwarded-For` that is none
    /// of them. What stands before it is the client's own claim.
    #[must_use]
    pub fn client<B>(&self, request: &Request<B>) -> IpAddr {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        self.behind(peer, request.headers()).to_canonical()
    }

    /// Did a trusted proxy send it?
    #[must_use]
    pub fn sent<B>(&self, request: &Request<B>) -> bool {
        request.extensions().get::<ConnectInfo<SocketAddr>>().is_some_and(|peer| self.trusts(peer.0.ip()))
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let lines = headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok());
        let mut hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        while self.trusts(client) {
            match hops.pop().and_then(|hop| hop.parse().ok()) {
                Some(before) => client = before,
                None => break,
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// What addresses are counted by: an IPv6 client owns a whole /64.
#[must_use]
pub fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::collections::BTreeMap;

    fn client(trusted: &str, peer: &str, forwarded: &str) -> String {
        let flags = BTreeMap::from([("trusted-proxies", trusted.to_owned())]);
        let config = Settings::gather(&flags, &|_| None, None).unwrap().check().unwrap();
        let peer: SocketAddr = format!("{peer}:1").parse().unwrap();
        let request = Request::builder().header("x-forwarded-for", forwarded).extension(ConnectInfo(peer)).body(()).unwrap();
        Proxies::new(&config.trusted_proxies).client(&request).to_string()
    }

    #[test]
    fn a_strangers_claim_does_not_count() {
        assert_eq!(client("", "203.0.113.5", "198.51.100.1"), "203.0.113.5");
        assert_eq!(client("10.0.0.0/8", "203.0.113.5", "198.51.100.1"), "203.0.113.5");
    }

    #[test]
    fn behind_proxies_the_last_stranger_is_the_client() {
        assert_eq!(client("10.0.0.0/8", "10.0.0.2", "198.51.100.1, 203.0.113.9, 10.1.1.1"), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "10.0.0.2", "nonsense"), "10.0.0.2");
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one() {
        assert_eq!(counted("2001:db8::1".parse().unwrap()), counted("2001:db8::ffff".parse().unwrap()));
        assert_ne!(counted("2001:db8::1".parse().unwrap()), counted("2001:db8:0:1::1".parse().unwrap()));
    }
}
