//! Pictures by address or from a folder.

use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path};
use std::time::Duration;

use domain::Locale;
use domain::messages::t;
use futures::StreamExt;

use crate::Shop;
use crate::catalog::{CatalogError, LARGEST_UPLOAD, pictures};
use crate::platform::files::Files;

/// A kept picture: its name, width and height.
pub(super) type Kept = (String, u32, u32);

/// How long one picture may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Is it an address, and no file name?
pub(super) fn is_address(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

/// Brings one picture in.
///
/// # Errors
/// Why not, in the reader's language.
pub(super) async fn bring(shop: &Shop, locale: Locale, trusted: bool, folder: Option<&Path>, source: &str) -> Result<Kept, String> {
    let bytes = if is_address(source) {
        tokio::time::timeout(FETCH_TIMEOUT, fetch(locale, trusted, source))
            .await
            .map_err(|_| t::IMPORT_PICTURE_FETCH.with(locale, &[("why", "time-out")]))??
    } else {
        let Some(folder) = folder else {
            return Err(t::IMPORT_PICTURE_ADDRESS.text(locale).to_owned());
        };
        from_folder(locale, folder, source).await?
    };
    pictures::keep(shop, bytes).await.map_err(|error| match error {
        CatalogError::Files(why) => t::IMPORT_NOT_SAVED.with(locale, &[("why", &why)]),
        _ => t::IMPORT_PICTURE_BAD.text(locale).to_owned(),
    })
}

/// The name under which a file of the folder would be kept.
pub(super) async fn name_in(folder: &Path, source: &str) -> Option<String> {
    from_folder(Locale::En, folder, source).await.ok().map(|bytes| Files::name(&bytes))
}

/// A file of the folder, or of a folder in it; nothing outside.
async fn from_folder(locale: Locale, folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let missing = || t::IMPORT_PICTURE_MISSING.text(locale).to_owned();
    let name = Path::new(name);
    if !name.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(missing());
    }
    let path = folder.join(name);
    let size = tokio::fs::metadata(&path).await.map_err(|_| missing())?.len();
    if size > LARGEST_UPLOAD as u64 {
        return Err(t::IMPORT_PICTURE_BAD.text(locale).to_owned());
    }
    tokio::fs::read(&path).await.map_err(|_| missing())
}

async fn fetch(locale: Locale, trusted: bool, address: &str) -> Result<Vec<u8>, String> {
    let failed = |why: &str| t::IMPORT_PICTURE_FETCH.with(locale, &[("why", why)]);
    let url = reqwest::Url::parse(address).map_err(|_| t::IMPORT_PICTURE_ADDRESS.text(locale).to_owned())?;
    let client = client(locale, trusted, &url).await?;
    // An error of reqwest names the address, which is in the report anyway.
    let answer = client.get(url).send().await.map_err(|error| failed(&error.without_url().to_string()))?;
    if !answer.status().is_success() {
        return Err(failed(&answer.status().to_string()));
    }
    let mut bytes = Vec::new();
    let mut stream = answer.bytes_stream();
    while let Some(part) = stream.next().await {
        bytes.extend_from_slice(&part.map_err(|error| failed(&error.without_url().to_string()))?);
        if bytes.len() > LARGEST_UPLOAD {
            return Err(t::IMPORT_PICTURE_BAD.text(locale).to_owned());
        }
    }
    Ok(bytes)
}

/// Whoever can run the program may fetch from anywhere. A file that was uploaded must not make the server ask its own network:
/// the address is looked up once, must be public, and that very address is asked, without following redirects.
async fn client(locale: Locale, trusted: bool, url: &reqwest::Url) -> Result<reqwest::Client, String> {
    let failed = |why: &str| t::IMPORT_PICTURE_FETCH.with(locale, &[("why", why)]);
    let builder = crate::platform::http::client().timeout(FETCH_TIMEOUT);
    if trusted {
        return builder.build().map_err(|error| failed(&error.to_string()));
    }
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(t::IMPORT_PICTURE_ADDRESS.text(locale).to_owned());
    };
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    let found: Vec<SocketAddr> = tokio::net::lookup_host((plain, port)).await.map_err(|error| failed(&error.to_string()))?.collect();
    if found.is_empty() || !found.iter().all(|address| is_public(address.ip())) {
        return Err(t::IMPORT_PICTURE_PRIVATE.text(locale).to_owned());
    }
    builder
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .resolve_to_addrs(host, &found)
        .build()
        .map_err(|error| failed(&error.to_string()))
}

/// Not this machine, its network, or an address with another meaning (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0)
                || (a == 198 && (b == 18 || b == 19)))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                let first = v6.segments()[0];
                // Global unicast, without documentation, Teredo and 6to4, which carry other addresses.
                (first & 0xe000) == 0x2000 && first != 0x2002 && !(first == 0x2001 && matches!(v6.segments()[1], 0 | 0x0db8))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_asked_for_uploads() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.1.1",
            "172.20.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(!inside.parse().is_ok_and(is_public), "{inside}");
        }
        for outside in ["1.1.1.1", "2606:4700::1111"] {
            assert!(outside.parse().is_ok_and(is_public), "{outside}");
        }
    }
}
