//! Fetches pictures from their addresses or from a folder.

use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path};
use std::time::Duration;

use domain::messages::t;
use domain::{Locale, MAX_UPLOAD_BYTES, MAX_UPLOAD_MB};
use futures::StreamExt;
use platform::files::Files;

use crate::Shop;
use crate::catalog::CatalogError;
use crate::catalog::pictures::{self, StoredPicture};

/// How long one picture may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Or else a file name.
pub(super) fn is_address(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

/// Fetches one picture and stores it.
///
/// # Errors
/// Why not, in this language.
pub(super) async fn fetch_picture(
    shop: &Shop,
    locale: Locale,
    trusted: bool,
    folder: Option<&Path>,
    source: &str,
) -> Result<StoredPicture, String> {
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
    pictures::store(shop, bytes).await.map_err(|error| match error {
        CatalogError::Files(why) => t::IMPORT_NOT_SAVED.with(locale, &[("why", &why.to_string())]),
        _ => bad_picture(locale),
    })
}

/// The hash of a file in the folder, under which it would be stored.
pub(super) async fn hash_in_folder(folder: &Path, source: &str) -> Option<String> {
    from_folder(Locale::En, folder, source).await.ok().map(|bytes| Files::name(&bytes))
}

fn bad_picture(locale: Locale) -> String {
    t::IMPORT_PICTURE_BAD.with(locale, &[("mb", &MAX_UPLOAD_MB.to_string())])
}

/// Nothing outside of the folder is read.
async fn from_folder(locale: Locale, folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let missing = || t::IMPORT_PICTURE_MISSING.text(locale).to_owned();
    let name = Path::new(name);
    if !name.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(missing());
    }
    let path = folder.join(name);
    let size = tokio::fs::metadata(&path).await.map_err(|_| missing())?.len();
    if size > MAX_UPLOAD_BYTES as u64 {
        return Err(bad_picture(locale));
    }
    tokio::fs::read(&path).await.map_err(|_| missing())
}

async fn fetch(locale: Locale, trusted: bool, address: &str) -> Result<Vec<u8>, String> {
    let failed = |why: &str| t::IMPORT_PICTURE_FETCH.with(locale, &[("why", why)]);
    let url = reqwest::Url::parse(address).map_err(|_| t::IMPORT_PICTURE_ADDRESS.text(locale).to_owned())?;
    let client = client(locale, trusted, &url).await?;
    // Without the address, which the report names anyway.
    let response = client.get(url).send().await.map_err(|error| failed(&error.without_url().to_string()))?;
    if !response.status().is_success() {
        return Err(failed(&response.status().to_string()));
    }
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(part) = stream.next().await {
        bytes.extend_from_slice(&part.map_err(|error| failed(&error.without_url().to_string()))?);
        if bytes.len() > MAX_UPLOAD_BYTES {
            return Err(bad_picture(locale));
        }
    }
    Ok(bytes)
}

/// Trusted imports (from the command line) fetch from anywhere. An uploaded file must not make the server send requests into its own
/// network: the name is resolved once, must be public, and only the resolved address is connected to, without following redirects.
async fn client(locale: Locale, trusted: bool, url: &reqwest::Url) -> Result<reqwest::Client, String> {
    let failed = |why: &str| t::IMPORT_PICTURE_FETCH.with(locale, &[("why", why)]);
    let builder = platform::http::client().timeout(FETCH_TIMEOUT);
    if trusted {
        return builder.build().map_err(|error| failed(&error.to_string()));
    }
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(t::IMPORT_PICTURE_ADDRESS.text(locale).to_owned());
    };
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let resolved: Vec<SocketAddr> = tokio::net::lookup_host((name, port)).await.map_err(|error| failed(&error.to_string()))?.collect();
    if resolved.is_empty() || !resolved.iter().all(|address| is_public(address.ip())) {
        return Err(t::IMPORT_PICTURE_PRIVATE.text(locale).to_owned());
    }
    builder
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .resolve_to_addrs(host, &resolved)
        .build()
        .map_err(|error| failed(&error.to_string()))
}

/// Not of a special-purpose range (RFC 6890), such as this machine or its network.
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
                // Global unicast without documentation, and without Teredo and 6to4, which embed other addresses.
                (first & 0xe000) == 0x2000 && first != 0x2002 && !(first == 0x2001 && matches!(v6.segments()[1], 0 | 0x0db8))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_fetched_only_from_public_addresses() {
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
