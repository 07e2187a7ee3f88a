//! Password hashes.
//!
//! Argon2id with 19 MiB, two passes and one lane, the smallest setting in OWASP's Password Storage Cheat Sheet. A hash names its
//! own parameters, so stronger ones can follow later.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// The parameters of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    Full,
    /// For tests, where a hundred people sign in within a second: fast, and no protection.
    Test,
}

impl Cost {
    fn argon2(self) -> Option<Argon2<'static>> {
        let (kibibytes, passes) = match self {
            Self::Full => (19 * 1024, 2),
            Self::Test => (64, 1),
        };
        let params = Params::new(kibibytes, passes, 1, None).ok()?;
        Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

/// The hash of a password with this salt, as a PHC string. None for invalid parameters, which a test rules out.
pub(super) fn hash(cost: Cost, password: &str, salt: [u8; 16]) -> Option<String> {
    let hash: PasswordHash = cost.argon2()?.hash_password_with_salt(password.as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

pub(super) fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_verifies_its_own_password_only() {
        for cost in [Cost::Full, Cost::Test] {
            let hash = hash(cost, "blue gate beside the bakery", [7; 16]).unwrap();
            assert!(hash.starts_with("$argon2id$v=19$m="), "{hash}");
            assert!(verify("blue gate beside the bakery", &hash));
            assert!(!verify("blue gate beside the baker", &hash));
        }
        assert!(hash(Cost::Full, "x", [0; 16]).unwrap().contains("m=19456,t=2,p=1"));
        assert!(!verify("anything", "no hash"));
    }
}
