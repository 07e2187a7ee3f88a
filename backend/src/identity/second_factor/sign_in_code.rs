//! The second half of signing in: who has typed the right password gets a ticket, and with it and a code a session.

use domain::id::UserId;
use domain::view::{DenialKind, Me};
use domain::{Locale, Timestamp};
use platform::Context;
use serde::{Deserialize, Serialize};

use super::super::{IdentityError, denials, links, login_throttle, sign_in};
use super::{Accepted, accept, accounts, store};
use crate::identity::events::RecoveryCodeUsed;
use crate::{Shop, mails};

/// What the sealed ticket is bound to.
const SEALED_KIND: &str = "sign_in_ticket";
/// The code is typed within so long.
const TICKET_MS: i64 = 10 * 60 * 1_000;
/// So many wrong codes in a row, and no code is looked at until there is a new password.
const MAX_WRONG_CODES: i64 = 100;
const TOLD_WRONG_CODES: i64 = 10;

/// Whose password was right, and until when that counts.
#[derive(Serialize, Deserialize)]
struct Ticket {
    user: UserId,
    until: Timestamp,
    /// The account as it was: a new password or address ends the ticket.
    state: Vec<u8>,
}

/// The ticket of an account whose password was right.
pub(in crate::identity) fn ticket(shop: &Shop, account: &accounts::AccountRow) -> String {
    let ticket = Ticket { user: account.id, until: shop.now().plus_millis(TICKET_MS), state: account.sign_in_state() };
    links::seal_token(shop, SEALED_KIND, &ticket)
}

/// The account of a ticket.
///
/// # Errors
/// [`IdentityError::TicketOver`] for one that is too old, or is not the shop's.
pub(super) async fn of_ticket(shop: &Shop, ticket: &str) -> Result<accounts::AccountRow, IdentityError> {
    let ticket: Ticket = links::open_token(shop, SEALED_KIND, ticket).ok_or(IdentityError::TicketOver)?;
    let account = accounts::by_id(shop.db(), ticket.user).await?;
    let account = account.filter(|account| account.may_sign_in(shop) && account.sign_in_state() == ticket.state);
    account.filter(|_| shop.now() < ticket.until).ok_or(IdentityError::TicketOver)
}

/// Signs in with the ticket of a right password and a code of the app or a recovery code; returns the user and the session token.
///
/// # Errors
/// [`IdentityError::TicketOver`]; [`IdentityError::WrongCode`], also for one that was used; [`IdentityError::TooManyAttempts`], after a
/// hundred wrong ones until there is a new password, for somebody knows this one.
pub async fn sign_in_with_code(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    ticket: &str,
    code: &str,
) -> Result<(Me, String), IdentityError> {
    let account = of_ticket(shop, ticket).await?;
    let user = account.id;
    let counters = login_throttle::code_counters(shop, ctx, user);
    sign_in::attempt(shop, ctx, &counters, Some(user)).await?;
    let (own, typed, row) = (shop.clone(), code.to_owned(), account.clone());
    let entered = sign_in::enter(shop, ctx, locale, &account, &counters, async move |tx| {
        if store::wrong_codes(tx, user).await? >= MAX_WRONG_CODES {
            return Err(IdentityError::TooManyAttempts);
        }
        match accept(tx, &own, user, &typed).await? {
            None => Err(IdentityError::WrongCode),
            Some(Accepted::App) => Ok(()),
            Some(Accepted::Recovery) => {
                let left = store::recovery_left_in(tx, user).await?;
                tx.record(user, RecoveryCodeUsed { left });
                mails::send_recovery_used(tx, &own, locale, &row.me(&own)?.contact, left).await?;
                Ok(())
            }
        }
    })
    .await;
    if matches!(entered, Err(IdentityError::WrongCode)) {
        denials::record_denial(shop, ctx, DenialKind::SignIn, Some(user)).await;
        count_wrong_code(shop, ctx, locale, account).await?;
    }
    entered
}

/// Counts a wrong code, and tells the owner of each tenth: whoever types them knows the password.
async fn count_wrong_code(shop: &Shop, ctx: &Context, locale: Locale, account: accounts::AccountRow) -> Result<(), IdentityError> {
    let own = shop.clone();
    shop.write(ctx, async move |tx| {
        let count = store::count_wrong_code(tx, account.id).await?;
        if count % TOLD_WRONG_CODES == 0 {
            mails::send_wrong_codes(tx, &own, locale, &account.me(&own)?.contact, count).await?;
        }
        Ok(())
    })
    .await
}
