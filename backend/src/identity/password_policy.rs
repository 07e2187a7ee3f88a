//! Which passwords are taken: long enough, and none that is known or easily guessed.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_common_and_borrowed_passwords_are_refused() {
        for wrong in ["123456789", "Password123", "aaaaaaaaaaaa", "ana@example.com", " ANA@example.com ", &"x".repeat(201)] {
            assert!(check(Locale::Fil, wrong, "Ana@Example.com").is_some(), "{wrong}");
        }
        assert_eq!(check(Locale::En, "sariling-sikap", "ana@example.com"), None);
        assert!(COMMON.iter().all(|word| word.chars().count() >= MIN_CHARS && *word == word.to_lowercase()));
    }
}
