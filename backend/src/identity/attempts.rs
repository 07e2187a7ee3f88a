//! Who guesses at passwords keeps himself out, and not the account's owner.
//!
//! A client (or a browser that signed in to the account before, see [`super::device`]) has its own count on each account. Against many
//! clients that guess together, those that are not known are counted together too, far more leniently.

use domain::id::UserId;

use crate::Shop;
use crate::platform::Context;
use crate::platform::throttle::Counter;

use super::device;

/// Wrong passwords of one client on one account before it has to wait.
const MAX_PER_CLIENT: i64 = 10;
/// Wrong passwords on one account of all clients that are not known, together.
const OF_ACCOUNT: i64 = 200;
/// Changes of one account that ask for its password, wrong and right ones.
const OF_CHANGES: i64 = 10;

/// What a try to sign in counts on. `user` is the account of the e-mail, when there is one.
pub(super) fn of_sign_in(shop: &Shop, ctx: &Context, email_hash: &[u8], user: Option<UserId>) -> Vec<Counter> {
    let account: String = email_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    if let (Some(user), Some(token)) = (user, &ctx.device)
        && let Some(known) = device::of(shop, user, token)
    {
        return vec![Counter::new(shop.keys(), &format!("sign-in {account} device {known}"), MAX_PER_CLIENT)];
    }
    let client = ctx.client.map_or_else(|| "none".to_owned(), |client| client.to_string());
    vec![
        Counter::new(shop.keys(), &format!("sign-in {account} client {client}"), MAX_PER_CLIENT),
        Counter::new(shop.keys(), &format!("sign-in {account}"), OF_ACCOUNT).shared(),
    ]
}

/// What a change of an account counts on that asks for its password.
pub(super) fn of_change(shop: &Shop, user: UserId) -> Vec<Counter> {
    vec![Counter::new(shop.keys(), &format!("change {user}"), OF_CHANGES)]
}
