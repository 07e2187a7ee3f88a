//! Keys: sealing personal data, looking it up without opening it, and signing links. See `docs/platform/secrets.md`.
//!
//! One key file of 32 bytes, made at the first start and kept out of the database. From it a key for each purpose is derived
//! with HMAC-SHA256. Sealed is: version byte, 96-bit random nonce, AES-256-GCM of the text with what it belongs to as
//! additional data, so that a sealed value cannot be moved to another row.

use std::io::Write;
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::chance::Chance;

const VERSION: u8 = 1;
const NONCE: usize = 12;

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The key file cannot be read or made.
    #[error("the key file {path}: {reason}")]
    File { path: String, reason: String },
    /// Sealed with another key, or damaged.
    #[error("this was sealed with another key, or is damaged")]
    Sealed,
}

/// The keys of a shop.
pub struct Keys {
    cipher: Aes256Gcm,
    blind: [u8; 32],
    sign: [u8; 32],
}

impl Keys {
    /// Keys derived from 32 bytes.
    #[must_use]
    pub fn from_bytes(root: &[u8; 32]) -> Self {
        let seal = derive(root, b"tindahan seal 1");
        let key: &Key<Aes256Gcm> = (&seal).into();
        Self { cipher: Aes256Gcm::new(key), blind: derive(root, b"tindahan blind 1"), sign: derive(root, b"tindahan sign 1") }
    }

    /// Reads the key file, or makes it, readable by its owner only.
    ///
    /// # Errors
    /// [`SecretsError::File`] when it cannot be read, made, or has not 32 bytes.
    pub fn open(path: &Path, chance: &dyn Chance) -> Result<Self, SecretsError> {
        let failed = |reason: String| SecretsError::File { path: path.display().to_string(), reason };
        if !path.exists() {
            let mut bytes = [0; 32];
            chance.fill(&mut bytes);
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path).map_err(|e| failed(e.to_string()))?;
            file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|e| failed(e.to_string()))?;
        }
        let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
        let root: [u8; 32] = bytes.try_into().map_err(|_| failed("it must have exactly 32 bytes".into()))?;
        Ok(Self::from_bytes(&root))
    }

    /// Seals a text for the place it belongs to.
    #[must_use]
    pub fn seal(&self, chance: &dyn Chance, place: &[u8], text: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        chance.fill(&mut nonce);
        let mut out = Vec::with_capacity(1 + NONCE + text.len() + 16);
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        let payload = Payload { msg: text, aad: place };
        // Fails only beyond 64 GiB; an empty box is then opened as damaged.
        if let Ok(sealed) = self.cipher.encrypt(&Nonce::from(nonce), payload) {
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
        let (nonce, body) = rest.split_at_checked(NONCE).ok_or(SecretsError::Sealed)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| SecretsError::Sealed)?;
        self.cipher.decrypt(&Nonce::from(nonce), Payload { msg: body, aad: place }).map_err(|_| SecretsError::Sealed)
    }

    /// A keyed hash for looking something up without knowing it: 16 bytes.
    #[must_use]
    pub fn blind(&self, label: &str, text: &str) -> Vec<u8> {
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
    <Hmac<Sha256> as hmac::KeyInit>::new((&block).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::chance::SystemChance;

    #[test]
    fn what_is_sealed_opens_only_in_its_own_place_and_with_its_own_key() {
        let keys = Keys::from_bytes(&[7; 32]);
        let sealed = keys.seal(&SystemChance, b"contact 1", b"Ana");
        assert!(!sealed.windows(3).any(|w| w == b"Ana"));
        assert_eq!(keys.unseal(b"contact 1", &sealed).ok().as_deref(), Some(b"Ana".as_slice()));
        assert!(keys.unseal(b"contact 2", &sealed).is_err());
        assert!(Keys::from_bytes(&[8; 32]).unseal(b"contact 1", &sealed).is_err());
    }

    #[test]
    fn a_signature_is_of_one_text_and_one_purpose() {
        let keys = Keys::from_bytes(&[7; 32]);
        let token = keys.sign("order", "1");
        assert!(keys.verify("order", "1", &token));
        assert!(!keys.verify("order", "2", &token) && !keys.verify("cart", "1", &token) && !keys.verify("order", "1", ""));
    }
}
