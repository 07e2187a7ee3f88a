//! Device tokens: a browser that signed in to an account keeps a random number, signed for that account. It grants nothing; its attempts
//! are only counted apart from those of strangers, who could otherwise lock out the owner by guessing (OWASP: device cookies).

use domain::id::UserId;

use crate::Shop;

use super::token;

const LABEL: &str = "device";

/// The token for a browser that signed in to an account: its `existing` one if that is valid, else a new one.
#[must_use]
pub fn device_token(shop: &Shop, user: UserId, existing: Option<&str>) -> String {
    if let Some(existing) = existing.filter(|existing| verified_device(shop, user, existing).is_some()) {
        return existing.to_owned();
    }
    let number = token(shop);
    let signature = shop.keyring().sign(LABEL, &signed_text(user, &number));
    format!("{number}.{signature}")
}

/// The number in a valid token of this account.
pub(super) fn verified_device<'a>(shop: &Shop, user: UserId, token: &'a str) -> Option<&'a str> {
    let (number, signature) = token.split_once('.')?;
    shop.keyring().verify(LABEL, &signed_text(user, number), signature).then_some(number)
}

fn signed_text(user: UserId, number: &str) -> String {
    format!("{user} {number}")
}
