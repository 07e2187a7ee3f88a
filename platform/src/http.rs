//! How other services are asked over HTTP.

/// A client to be set up further. Its TLS is rustls with ring, as for the database and the mail server: reqwest's own choice,
/// aws-lc, is a second cryptographic library that takes minutes to compile.
pub fn client() -> reqwest::ClientBuilder {
    // It fails when the provider is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
