//! Login throttle: who guesses passwords locks out themselves, not the account's owner.
//!
//! Each client has its own count on each account; a browser that signed in to the account before (see [`super::device_token`]) has one
//! as well. Against many clients that guess together, all unknown clients of an account also share a count, with a far higher limit.

use domain::id::UserId;
use platform::Context;
use platform::db::{DbError, hex};
use platform::throttle::{self, Counter, Throttled};

use super::device_token;
use crate::Shop;

/// Wrong passwords of one client, or one known browser, on one account.
const MAX_PER_CLIENT: i64 = 10;
/// Wrong passwords of all unknown clients together on one account.
const MAX_PER_ACCOUNT: i64 = 200;
/// Wrong codes of the second factor of all unknown clients together on one account: whoever tries has typed its password.
const MAX_CODES: i64 = 50;
/// Changes of one account by one client that ask for its password, with a right or a wrong one.
const MAX_CHANGES: i64 = 10;
/// The same by all clients together.
const MAX_CHANGES_TOGETHER: i64 = 50;
/// Mails to one address that one client asked for.
const MAX_MAILS: i64 = 5;
/// The same of all clients together.
const MAX_MAILS_TOGETHER: i64 = 20;

/// The counters of an attempt to sign in. `user` is the account of the e-mail, when there is one.
pub(super) fn sign_in_counters(shop: &Shop, ctx: &Context, email_hash: &[u8], user: Option<UserId>) -> Vec<Counter> {
    let account = hex(email_hash).to_string();
    if let (Some(user), Some(token)) = (user, &ctx.device)
        && let Some(device) = device_token::verified_device(shop, user, token)
    {
        return vec![Counter::new(shop.keyring(), &format!("sign-in {account} device {device}"), MAX_PER_CLIENT)];
    }
    let client = client(ctx);
    vec![
        Counter::new(shop.keyring(), &format!("sign-in {account} client {client}"), MAX_PER_CLIENT),
        Counter::new(shop.keyring(), &format!("sign-in {account}"), MAX_PER_ACCOUNT).shared(),
    ]
}

/// The counters of a code of the second factor.
pub(super) fn code_counters(shop: &Shop, ctx: &Context, user: UserId) -> Vec<Counter> {
    if let Some(token) = &ctx.device
        && let Some(device) = device_token::verified_device(shop, user, token)
    {
        return vec![Counter::new(shop.keyring(), &format!("code {user} device {device}"), MAX_PER_CLIENT)];
    }
    let client = client(ctx);
    vec![
        Counter::new(shop.keyring(), &format!("code {user} client {client}"), MAX_PER_CLIENT),
        Counter::new(shop.keyring(), &format!("code {user}"), MAX_CODES).shared(),
    ]
}

/// What a mail to an address that somebody typed is about. Each has counts of its own, so that nobody uses up the mails that another needs.
#[derive(Clone, Copy, Debug)]
pub(super) enum MailAbout {
    Reset,
    SignUp,
    NewEmail,
    Removal,
}

impl MailAbout {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::SignUp => "sign-up",
            Self::NewEmail => "new-email",
            Self::Removal => "removal",
        }
    }
}

/// The counters of a mail to an address that somebody typed.
pub(super) fn mail_counters(shop: &Shop, ctx: &Context, about: MailAbout, email_hash: &[u8]) -> Vec<Counter> {
    let (about, account) = (about.as_str(), hex(email_hash).to_string());
    vec![
        Counter::new(shop.keyring(), &format!("mail {about} {account} client {}", client(ctx)), MAX_MAILS),
        Counter::new(shop.keyring(), &format!("mail {about} {account}"), MAX_MAILS_TOGETHER).shared(),
    ]
}

/// Counts a mail; false when there were too many, which whoever asked is not told.
pub(super) async fn may_mail(shop: &Shop, ctx: &Context, about: MailAbout, email_hash: &[u8]) -> Result<bool, DbError> {
    match throttle::attempt(shop.db(), &mail_counters(shop, ctx, about, email_hash)).await {
        Ok(()) => Ok(true),
        Err(Throttled::Wait) => Ok(false),
        Err(Throttled::Db(error)) => Err(error),
    }
}

/// The counters of a change that requires the account's password.
pub(super) fn account_change_counters(shop: &Shop, ctx: &Context, user: UserId) -> Vec<Counter> {
    vec![
        Counter::new(shop.keyring(), &format!("change {user} client {}", client(ctx)), MAX_CHANGES),
        Counter::new(shop.keyring(), &format!("change {user}"), MAX_CHANGES_TOGETHER).shared(),
    ]
}

/// The client of a request, as the counts name it.
fn client(ctx: &Context) -> String {
    ctx.client.map_or_else(|| "none".to_owned(), |client| client.to_string())
}
