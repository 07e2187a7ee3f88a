//! The password policy, and password hashes.
//!
//! Argon2id with 19 MiB, two passes and one lane, the smallest setting in OWASP's Password Storage Cheat Sheet. A hash names its
//! own parameters, so stronger ones can follow later.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::Locale;
use domain::email::email_key;
use domain::messages::t;

const MIN_CHARS: usize = 10;
/// Enough for a sentence, too few to make hashing slow.
const MAX_CHARS: usize = 200;

/// The most common stolen passwords of at least [`MIN_CHARS`] characters.
const COMMON: &[&str] = &[
    "0123456789",
    "0987654321",
    "1029384756",
    "1111111111",
    "1122334455",
    "123123123123",
    "1234512345",
    "123456123456",
    "1234567890",
    "12345678900",
    "12345678901",
    "12345678910",
    "123456789a",
    "1234567891",
    "123456789q",
    "123qweasdzxc",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "9876543210",
    "abc1234567",
    "abcdefghij",
    "administrator",
    "admin12345",
    "asdfghjkl1",
    "asdfghjkl;",
    "changeme123",
    "ilovejesus",
    "iloveyou12",
    "iloveyou123",
    "iloveyousomuch",
    "iloveyou1234",
    "letmein123",
    "mahalkita1",
    "mahalkita123",
    "p@ssw0rd12",
    "p@ssw0rd123",
    "passw0rd123",
    "password00",
    "password01",
    "password1!",
    "password10",
    "password11",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "password123456",
    "password2026",
    "passwordpassword",
    "philippines",
    "pilipinas123",
    "princess12",
    "princess123",
    "q1w2e3r4t5",
    "qazwsxedcrfv",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "qwertyuiop123",
    "qwertyuiop[]",
    "tindahan123",
    "welcome123",
    "welcome1234",
    "zaq12wsxcde3",
    "zxcvbnm123",
];

/// What is wrong with a new password, in the user's language.
pub(super) fn check(locale: Locale, password: &str, email: &str) -> Option<String> {
    let length = password.chars().count();
    if length < MIN_CHARS {
        return Some(t::FIELD_PASSWORD_SHORT.with(locale, &[("count", &MIN_CHARS.to_string())]));
    }
    if length > MAX_CHARS {
        return Some(t::FIELD_TOO_LONG.with(locale, &[("max", &MAX_CHARS.to_string())]));
    }
    let small = password.trim().to_lowercase();
    if small == email_key(email) {
        return Some(t::FIELD_PASSWORD_EMAIL.text(locale).to_owned());
    }
    let mut letters = small.chars();
    let first = letters.next();
    if COMMON.contains(&small.as_str()) || letters.all(|letter| Some(letter) == first) {
        return Some(t::FIELD_PASSWORD_COMMON.text(locale).to_owned());
    }
    None
}

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

    #[test]
    fn short_common_and_borrowed_passwords_are_refused() {
        for wrong in ["123456789", "Password123", "aaaaaaaaaaaa", "ana@example.com", " ANA@example.com ", &"x".repeat(201)] {
            assert!(check(Locale::Fil, wrong, "Ana@Example.com").is_some(), "{wrong}");
        }
        assert_eq!(check(Locale::En, "sariling-sikap", "ana@example.com"), None);
        assert!(COMMON.iter().all(|word| word.chars().count() >= MIN_CHARS && *word == word.to_lowercase()));
    }
}
