//! The site's files: scripts, WebAssembly, styles, fonts, icons. From a folder in development, from inside the program in a release
//! (feature `embed`), and compressed at build time for clients that accept it.

#[cfg(feature = "embed")]
use std::borrow::Cow;
use std::path::{Component, Path};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};

use crate::cache::Encoding;

/// The files inside the program.
#[cfg(feature = "embed")]
#[derive(rust_embed::RustEmbed)]
#[folder = "$TINDAHAN_SITE_DIR"]
struct EmbeddedFiles;

/// The site's list of its own files.
const MANIFEST: &str = "files.json";

#[derive(Clone, Debug)]
pub enum Site {
    Folder(Arc<Path>),
    #[cfg(feature = "embed")]
    Embedded,
}

impl Site {
    /// The configured folder, else what is inside the program, else the folder beside the built program.
    #[must_use]
    pub fn find(configured: Option<&Path>) -> Self {
        if let Some(folder) = configured {
            return Self::Folder(folder.into());
        }
        #[cfg(feature = "embed")]
        {
            Self::Embedded
        }
        #[cfg(not(feature = "embed"))]
        {
            let program = std::env::current_exe().unwrap_or_default();
            // Tests run from a folder deeper than the program.
            let mut folders = program.ancestors().skip(1).map(|folder| folder.join("../site"));
            let found = folders.by_ref().take(3).find(|folder| folder.join("pkg").is_dir());
            Self::Folder(found.unwrap_or_else(|| "target/site".into()).into())
        }
    }

    /// A file's bytes, and a tag that changes with them.
    fn read(&self, name: &str) -> Option<(Bytes, String)> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let metadata = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
                let modified_ms = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
                Some((Bytes::from(std::fs::read(path).ok()?), format!("{modified_ms:x}-{:x}", metadata.len())))
            }
            #[cfg(feature = "embed")]
            Self::Embedded => {
                let file = EmbeddedFiles::get(name)?;
                let tag = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
                let bytes = match file.data {
                    Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                    Cow::Owned(bytes) => Bytes::from(bytes),
                };
                Some((bytes, tag))
            }
        }
    }

    /// The addresses of what pages load; those of a development build when the site has no manifest.
    ///
    /// # Errors
    /// The manifest cannot be read.
    pub fn files(&self) -> Result<app::SiteFiles, String> {
        match self.read(MANIFEST) {
            Some((bytes, _)) => serde_json::from_slice(&bytes).map_err(|error| format!("the site's {MANIFEST} cannot be read: {error}")),
            None => Ok(app::SiteFiles::default()),
        }
    }

    #[must_use]
    pub fn exists(&self) -> bool {
        match self {
            Self::Folder(folder) => folder.join("pkg").is_dir(),
            #[cfg(feature = "embed")]
            Self::Embedded => EmbeddedFiles::iter().next().is_some(),
        }
    }
}

/// The file name in a path; none for the path of a page, and for one that leaves the folder.
fn file_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let is_inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let is_file = name.rsplit('/').next().is_some_and(|last| last.contains('.') && !last.starts_with('.'));
    let is_compressed = [".br", ".gz"].iter().any(|end| name.ends_with(end));
    (is_inside && is_file && !is_compressed && name != MANIFEST && !name.contains('\\') && !name.contains('%')).then_some(name)
}

/// Whether the name has a hash of the content. Such a file may be cached for ever.
fn is_hashed(name: &str) -> bool {
    let Some(file) = name.strip_prefix("pkg/") else { return false };
    file.split(['/', '.', '-']).any(|part| part.len() >= 16 && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// Serves a file of the site, or passes the request on.
pub async fn serve(State(site): State<Site>, request: Request, next: Next) -> Response {
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    let answer = match file_name(request.uri().path()) {
        Some(name) if is_get => answer(&site, name, &request),
        _ => None,
    };
    match answer {
        Some(answer) => answer,
        None => next.run(request).await,
    }
}

fn answer(site: &Site, name: &str, request: &Request) -> Option<Response> {
    let compressed = match Encoding::accepted(request.headers()) {
        Encoding::Brotli => site.read(&format!("{name}.br")).map(|file| (file, Some("br"))),
        Encoding::Gzip => site.read(&format!("{name}.gz")).map(|file| (file, Some("gzip"))),
        Encoding::Identity => None,
    };
    let ((bytes, tag), coding) = compressed.or_else(|| site.read(name).map(|file| (file, None)))?;
    let tag = HeaderValue::try_from(format!("\"{tag}{}\"", coding.unwrap_or_default())).ok()?;
    let is_unchanged = request.headers().get(header::IF_NONE_MATCH) == Some(&tag);
    let kind = match name.rsplit('.').next() {
        Some("webmanifest") => "application/manifest+json".to_owned(),
        Some("js" | "mjs") => "text/javascript; charset=utf-8".to_owned(),
        _ => {
            let kind = mime_guess::from_path(name).first_or_octet_stream();
            if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() }
        }
    };
    let cache_control = if is_hashed(name) { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    let length = bytes.len();
    let body = if is_unchanged || request.method() == Method::HEAD { Body::empty() } else { Body::from(bytes) };
    let mut answer = Response::builder()
        .status(if is_unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK })
        .header(header::CACHE_CONTROL, cache_control)
        .header(header::VARY, "accept-encoding")
        .header(header::ETAG, tag);
    if !is_unchanged {
        answer = answer.header(header::CONTENT_TYPE, kind).header(header::CONTENT_LENGTH, length);
        if let Some(coding) = coding {
            answer = answer.header(header::CONTENT_ENCODING, coding);
        }
    }
    if name == "sw.js" {
        // Its scope is the whole shop, and its own policy applies to what it fetches for pages.
        answer =
            answer.header("service-worker-allowed", "/").header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; connect-src 'self'");
    }
    answer.body(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_files_of_the_site_are_accepted() {
        assert_eq!(file_name("/pkg/tindahan.css"), Some("pkg/tindahan.css"));
        for path in
            ["/", "/p/mug", "/../Cargo.toml", "/pkg/../../x.js", "/.env", "/pkg/%2e%2e/x.js", "/files.json", "/a.js.br", "//etc/a.b"]
        {
            assert_eq!(file_name(path), None, "{path}");
        }
    }

    #[test]
    fn only_names_with_a_hash_are_cached_for_ever() {
        assert!(is_hashed("pkg/tindahan.4xTqTjKkPZ8vWq3nYp1rLA.css") && is_hashed("pkg/4xTqTjKkPZ8vWq3nYp1rLA/tindahan.wasm"));
        assert!(!is_hashed("pkg/tindahan.css") && !is_hashed("icons/4xTqTjKkPZ8vWq3nYp1rLA.png"));
    }
}
