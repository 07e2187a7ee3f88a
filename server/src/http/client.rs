//! The address of the client, behind trusted proxies.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use http::{HeaderMap, Request};
use ipnet::IpNet;

/// The proxies whose `X-Forwarded-For` is trusted.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    #[must_use]
    pub fn new(trusted: &[IpNet]) -> Self {
        Self(trusted.into())
    }

    /// The client's address: the connection's, or behind trusted proxies the last address in `X-Forwarded-For` that is not one of them.
    /// The client may have written those before it.
    #[must_use]
    pub fn client<B>(&self, request: &Request<B>) -> IpAddr {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        self.behind(peer, request.headers()).to_canonical()
    }

    /// Whether a trusted proxy sent it.
    #[must_use]
    pub fn is_from_proxy<B>(&self, request: &Request<B>) -> bool {
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
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

/// The address that limits count by: an IPv6 client owns a whole /64.
#[must_use]
pub fn rate_limit_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use std::collections::BTreeMap;

    fn client(trusted: &str, peer: &str, forwarded: &str) -> String {
        let flags = BTreeMap::from([("trusted-proxies", trusted.to_owned())]);
        let config = Sources::gather(&flags, &|_| None, None).unwrap().check().unwrap();
        let peer: SocketAddr = format!("{peer}:1").parse().unwrap();
        let request = Request::builder().header("x-forwarded-for", forwarded).extension(ConnectInfo(peer)).body(()).unwrap();
        Proxies::new(&config.trusted_proxies).client(&request).to_string()
    }

    #[test]
    fn a_forwarded_address_from_an_untrusted_peer_is_ignored() {
        assert_eq!(client("", "203.0.113.5", "198.51.100.1"), "203.0.113.5");
        assert_eq!(client("10.0.0.0/8", "203.0.113.5", "198.51.100.1"), "203.0.113.5");
    }

    #[test]
    fn behind_proxies_the_last_untrusted_address_is_the_client() {
        assert_eq!(client("10.0.0.0/8", "10.0.0.2", "198.51.100.1, 203.0.113.9, 10.1.1.1"), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "10.0.0.2", "nonsense"), "10.0.0.2");
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one() {
        assert_eq!(rate_limit_key("2001:db8::1".parse().unwrap()), rate_limit_key("2001:db8::ffff".parse().unwrap()));
        assert_ne!(rate_limit_key("2001:db8::1".parse().unwrap()), rate_limit_key("2001:db8:0:1::1".parse().unwrap()));
    }
}
