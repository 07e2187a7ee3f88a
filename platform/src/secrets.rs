//! Keys: sealing personal data, looking it up without opening it, and signing links. See `docs/platform/secrets.md`.
//!
//! One key file, made at the first start and kept out of the database. It has 32 bytes, and 32 more after each change of keys.
//! The last 32 seal, all of them open, the first are for looking up and signing. For each purpose a key is derived with
//! HMAC-SHA256. Sealed is: version byte, four bytes that name the key, 96-bit random nonce, AES-256-GCM of the text with what it
//! belongs to as additional data, so that a sealed value cannot be moved to another row.

use std::io::Write;
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::db::{Db, DbError};
use super::rng::Rng;

const VERSION: u8 = 1;
const NAME: usize = 4;
const NONCE: usize = 12;
/// The setting that holds the fingerprint of the key a database is sealed with.
const FINGERPRINT: &str = "key.fingerprint";

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The key file cannot be read or made.
    #[error("the key file {path}: {reason}")]
    File { path: String, reason: String },
    /// The database is sealed with a key that is not there.
    #[error("the key file {0} is missing, and without it names and addresses in this database cannot be read: put it back")]
    Missing(String),
    /// The database is sealed with another key.
    #[error("the key file {0} is not the one that this database was sealed with: put the right one back")]
    OtherKey(String),
    #[error("{0}")]
    Db(#[from] DbError),
    /// Sealed with another key, or damaged.
    #[error("this was sealed with another key, or is damaged")]
    Sealed,
}

/// The keys of a shop.
pub struct Keyring {
    newest: Sealer,
    older: Vec<Sealer>,
    blind: [u8; 32],
    sign: [u8; 32],
    fingerprint: String,
}

struct Sealer {
    name: [u8; NAME],
    cipher: Aes256Gcm,
}

impl Sealer {
    fn new(root: &[u8; 32]) -> Self {
        let [a, b, c, d, ..] = derive(root, b"tindahan key name 1");
        let seal = derive(root, b"tindahan seal 1");
        let key: &Key<Aes256Gcm> = (&seal).into();
        Self { name: [a, b, c, d], cipher: Aes256Gcm::new(key) }
    }
}

impl Keyring {
    /// Keys derived from 32 bytes.
    #[must_use]
    pub fn from_bytes(root: &[u8; 32]) -> Self {
        Self::from_roots(root, &[])
    }

    /// Keys after changes: the first 32 bytes, and those that came later, of which the last seal from now on.
    #[must_use]
    pub fn from_roots(first: &[u8; 32], later: &[[u8; 32]]) -> Self {
        let newest = later.last().unwrap_or(first);
        let older = std::iter::once(first).chain(later).filter(|root| *root != newest).map(Sealer::new).collect();
        let fingerprint = URL_SAFE_NO_PAD.encode(&derive(first, b"tindahan fingerprint 1")[..12]);
        Self {
            newest: Sealer::new(newest),
            older,
            blind: derive(first, b"tindahan blind 1"),
            sign: derive(first, b"tindahan sign 1"),
            fingerprint,
        }
    }

    /// The keys of a database. The first start makes the file and notes in the database which key it is; later starts refuse
    /// another one, which would leave a database that no single key can read.
    ///
    /// # Errors
    /// [`SecretsError::Missing`], [`SecretsError::OtherKey`], or as [`Keyring::open`].
    pub async fn of_database(db: &Db, path: &Path, rng: &dyn Rng) -> Result<Self, SecretsError> {
        let noted = "select value from settings where key = $1";
        let before: Option<String> = db.fetch_optional_scalar(noted, &[&FINGERPRINT]).await?;
        if before.is_some() && !path.exists() {
            return Err(SecretsError::Missing(path.display().to_string()));
        }
        let keyring = Self::open(path, rng)?;
        let own = format!("\"{}\"", keyring.fingerprint);
        let (value, sql) = (own.clone(), "insert into settings (key, value, updated_at) values ($1, $2, $3) on conflict (key) do nothing");
        if before.is_none() {
            db.write(async move |tx| tx.execute(sql, &[&FINGERPRINT, &value, &tx.now()]).await).await?;
        }
        // Another program may have been first.
        let now: String = db.fetch_scalar(noted, &[&FINGERPRINT]).await?;
        if now == own { Ok(keyring) } else { Err(SecretsError::OtherKey(path.display().to_string())) }
    }

    /// Reads the key file, or makes it, readable by its owner only.
    ///
    /// # Errors
    /// [`SecretsError::File`] when it cannot be read, made, or has not 32 bytes.
    pub fn open(path: &Path, rng: &dyn Rng) -> Result<Self, SecretsError> {
        let failed = |reason: String| SecretsError::File { path: path.display().to_string(), reason };
        if !path.exists() {
            make(path, rng).map_err(|e| failed(e.to_string()))?;
        }
        let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
        match bytes.as_chunks::<32>() {
            ([first, later @ ..], []) => Ok(Self::from_roots(first, later)),
            _ => Err(failed("it must have 32 bytes, and 32 more for each change of keys".into())),
        }
    }

    /// Seals a text for the place it belongs to.
    #[must_use]
    pub fn seal(&self, rng: &dyn Rng, place: &[u8], text: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rng.fill(&mut nonce);
        let mut out = Vec::with_capacity(1 + NAME + NONCE + text.len() + 16);
        out.push(VERSION);
        out.extend_from_slice(&self.newest.name);
        out.extend_from_slice(&nonce);
        let payload = Payload { msg: text, aad: place };
        // Fails only beyond 64 GiB; an empty box is then opened as damaged.
        if let Ok(sealed) = self.newest.cipher.encrypt(&Nonce::from(nonce), payload) {
            out.extend_from_slice(&sealed);
        }
        out
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`SecretsError::Sealed`] for another key or place, or damage.
    pub fn unseal(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SecretsError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(SecretsError::Sealed)?;
        let (name, rest) = rest.split_first_chunk::<NAME>().ok_or(SecretsError::Sealed)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(SecretsError::Sealed)?;
        let sealer = std::iter::once(&self.newest).chain(&self.older).find(|s| s.name == *name).ok_or(SecretsError::Sealed)?;
        sealer.cipher.decrypt(&Nonce::from(*nonce), Payload { msg: body, aad: place }).map_err(|_| SecretsError::Sealed)
    }

    /// A keyed hash for looking something up without knowing it: 16 bytes.
    #[must_use]
    pub fn blind_index(&self, label: &str, text: &str) -> Vec<u8> {
        mac(&self.blind, label, text)[..16].to_vec()
    }

    /// A signature as a token for an address: 22 letters.
    #[must_use]
    pub fn sign(&self, label: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(&mac(&self.sign, label, text)[..16])
    }

    /// Is it the signature of this text? Takes the same time for every answer.
    #[must_use]
    pub fn verify(&self, label: &str, text: &str, signature: &str) -> bool {
        self.sign(label, text).as_bytes().ct_eq(signature.as_bytes()).into()
    }
}

/// Makes a key file that is whole at once, readable by its owner only. Of two programs that make it, one is first and both use it.
fn make(path: &Path, rng: &dyn Rng) -> std::io::Result<()> {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let unfinished = std::path::PathBuf::from(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options
        .open(&unfinished)
        .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::hard_link(&unfinished, path));
    let _ = std::fs::remove_file(&unfinished);
    match made {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

fn mac(key: &[u8; 32], label: &str, text: &str) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(&(label.len() as u64).to_be_bytes());
    mac.update(label.as_bytes());
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

fn derive(root: &[u8; 32], label: &[u8]) -> [u8; 32] {
    let mut mac = keyed(root);
    mac.update(label);
    mac.finalize().into_bytes().into()
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // RFC 2104: a short key is filled up with zeros to the block of 64 bytes.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    <Hmac<Sha256> as KeyInit>::new((&block).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SystemRng;

    #[test]
    fn sealed_data_opens_only_in_its_own_place_and_with_its_own_key() {
        let keyring = Keyring::from_bytes(&[7; 32]);
        let sealed = keyring.seal(&SystemRng, b"contact 1", b"Ana");
        assert!(!sealed.windows(3).any(|w| w == b"Ana"));
        assert_eq!(keyring.unseal(b"contact 1", &sealed).ok().as_deref(), Some(b"Ana".as_slice()));
        assert!(keyring.unseal(b"contact 2", &sealed).is_err());
        assert!(Keyring::from_bytes(&[8; 32]).unseal(b"contact 1", &sealed).is_err());
    }

    #[test]
    fn after_a_key_change_the_old_key_still_opens_and_the_new_one_seals() {
        let (before, after) = (Keyring::from_bytes(&[7; 32]), Keyring::from_roots(&[7; 32], &[[9; 32]]));
        let (old, new) = (before.seal(&SystemRng, b"c", b"Ana"), after.seal(&SystemRng, b"c", b"Ana"));
        assert_eq!(after.unseal(b"c", &old).ok().as_deref(), Some(b"Ana".as_slice()));
        assert_eq!(after.unseal(b"c", &new).ok().as_deref(), Some(b"Ana".as_slice()));
        assert!(before.unseal(b"c", &new).is_err());
        assert_eq!(before.blind_index("email", "ana@example.com"), after.blind_index("email", "ana@example.com"));
        assert!(after.verify("order", "1", &before.sign("order", "1")));
    }

    #[test]
    fn a_signature_is_of_one_text_and_one_purpose() {
        let keyring = Keyring::from_bytes(&[7; 32]);
        let token = keyring.sign("order", "1");
        assert!(keyring.verify("order", "1", &token));
        assert!(!keyring.verify("order", "2", &token) && !keyring.verify("cart", "1", &token) && !keyring.verify("order", "1", ""));
    }
}
