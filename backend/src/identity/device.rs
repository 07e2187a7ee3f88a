//! Browsers that signed in to an account before. They keep a random number, signed for the account, which opens nothing: it only has
//! their tries counted apart from those of strangers, who could otherwise keep the owner out by guessing (OWASP, device cookies).

use domain::id::UserId;

use crate::Shop;

use super::token;

const LABEL: &str = "device";

/// What a browser keeps after it signed in to an account; `before` is what it kept so far, and stays when it is good.
#[must_use]
pub fn device(shop: &Shop, user: UserId, before: Option<&str>) -> String {
    if let Some(before) = before.filter(|before| of(shop, user, before).is_some()) {
        return before.to_owned();
    }
    let number = token(shop);
    let signature = shop.keys().sign(LABEL, &signed(user, &number));
    format!("{number}.{signature}")
}

/// The number of a browser that signed in to this account before.
pub(super) fn of<'a>(shop: &Shop, user: UserId, token: &'a str) -> Option<&'a str> {
    let (number, signature) = token.split_once('.')?;
    shop.keys().verify(LABEL, &signed(user, number), signature).then_some(number)
}

fn signed(user: UserId, number: &str) -> String {
    format!("{user} {number}")
}
