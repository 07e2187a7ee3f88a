//! The second factor of signing in: a code of an authenticator app (RFC 6238: six digits, SHA-1, 30 seconds), or one of ten recovery codes, each
//! of which works once. Each code of the app works once too, in its own 30 seconds and those before and after: a clock may be half a minute
//! wrong.

mod demand;
mod removal;
mod sign_in_code;
mod store;

use domain::messages::t;
use domain::view::{NewAuthenticator, QrCode, RecoveryCodes, SecondFactorView};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::db::Tx;
use platform::throttle::{self, Counter};
use qrcodegen::{QrCode as Encoder, QrCodeEcc};
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use super::account::verify_current_password;
use super::events::{RecoveryCodesMade, SecondFactorOff, SecondFactorOn};
use super::{IdentityError, digest, login_throttle, store as accounts};
use crate::{Shop, contacts, mails, settings};

pub(super) use demand::is_demanded;
pub use demand::{second_factor_roles, set_second_factor_roles};
pub(super) use removal::register;
pub use removal::{RemovalLink, follow_removal_link, removal_link, request_removal, reset_second_factor};
pub use sign_in_code::sign_in_with_code;
pub(super) use sign_in_code::ticket;
pub(super) use store::{delete_abandoned, delete_since, forget_wrong_codes, is_on};

/// What the sealed secret of an authenticator is bound to.
const SEALED_KIND: &str = "authenticator";
/// What is set up and not confirmed within so long is to be begun anew.
pub(super) const SETUP_MS: i64 = Timestamp::DAY / 24;
const RECOVERY_CODES: usize = 10;
/// Characters of a recovery code: 50 random bits.
const RECOVERY_LENGTH: usize = 10;
/// Letters and digits of recovery codes (Crockford's base 32): no I, L, O and U, so that none is taken for another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What an authenticator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An app with a secret.
    App,
    /// New recovery codes, until they are confirmed.
    Codes,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Codes => "codes",
        }
    }
}

/// What is sealed of an authenticator.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    /// The secret of an app; empty for recovery codes.
    secret: Vec<u8>,
    /// The recovery codes that are shown while it is set up; only their keyed hashes are kept afterwards.
    codes: Vec<String>,
}

/// The second factor of the signed-in user: what is on, what this session sets up, and what their role demands.
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn second_factor(shop: &Shop, ctx: &Context, token: &str) -> Result<SecondFactorView, IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let account = accounts::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    let setup = match pending(shop, token, Kind::App).await? {
        Some((_, sealed)) => Some(new_authenticator(shop, &account.me(shop)?.contact.email, sealed)?),
        None => None,
    };
    Ok(SecondFactorView {
        since: store::confirmed_since(shop.db(), user).await?,
        recovery_left: store::recovery_left(shop.db(), user).await?,
        setup,
        new_codes: pending(shop, token, Kind::Codes).await?.map(|(_, sealed)| RecoveryCodes { codes: sealed.codes }),
        is_demanded: is_demanded(shop, account.role()).await?,
    })
}

/// Has the signed-in user a second factor?
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn has_second_factor(shop: &Shop, ctx: &Context) -> Result<bool, IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    Ok(accounts::by_id(shop.db(), user).await?.is_some_and(|account| account.has_second_factor()))
}

/// What the session of this token sets up.
async fn pending(shop: &Shop, token: &str, kind: Kind) -> Result<Option<(Uuid, Sealed)>, IdentityError> {
    let oldest = shop.now().plus_millis(-SETUP_MS);
    let row = store::pending(shop.db(), &digest(token), kind.as_str(), oldest).await?;
    row.map(|row| Ok((row.id, open(shop, &row)?))).transpose()
}

/// Begins to set up an authenticator app: makes its secret and the recovery codes, which the view shows to this session until
/// [`confirm_authenticator`].
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn set_up_authenticator(shop: &Shop, ctx: &Context, token: &str) -> Result<(), IdentityError> {
    let mut secret = vec![0; 20];
    shop.rng().fill(&mut secret);
    set_up(shop, ctx, token, Kind::App, Sealed { secret, codes: recovery_codes(shop) }).await
}

/// Makes new recovery codes, which the view shows to this session until [`confirm_recovery_codes`]; until then the former ones hold.
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn set_up_recovery_codes(shop: &Shop, ctx: &Context, token: &str) -> Result<(), IdentityError> {
    set_up(shop, ctx, token, Kind::Codes, Sealed { secret: Vec::new(), codes: recovery_codes(shop) }).await
}

async fn set_up(shop: &Shop, ctx: &Context, token: &str, kind: Kind, sealed: Sealed) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let (own, session) = (shop.clone(), digest(token));
    shop.write(ctx, async move |tx| {
        let id = tx.id();
        let sealed = contacts::seal(&own, SEALED_KIND, id.as_bytes(), &sealed);
        Ok(store::insert(tx, id, user, &session, kind.as_str(), &sealed).await?)
    })
    .await
}

/// Leaves what is being set up, whatever it is.
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn cancel_set_up(shop: &Shop, ctx: &Context) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    shop.write(ctx, async move |tx| {
        for kind in [Kind::App, Kind::Codes] {
            store::delete_pending(tx, user, kind.as_str()).await?;
        }
        Ok(())
    })
    .await
}

/// By what the owner of an account shows that it is them, before its protection changes.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    pub password: &'a str,
    /// A code of the second factor that is on; not looked at where none is.
    pub code: &'a str,
}

/// Switches the second factor on, once the app has shown by a code that it has the secret, or replaces the one that is on. From then on every
/// sign-in asks for a code.
///
/// # Errors
/// [`IdentityError::Invalid`] for `new_code`, `password`, `code`, [`IdentityError::TooManyAttempts`]; [`IdentityError::SetupOver`] where none is
/// set up.
pub async fn confirm_authenticator(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    token: &str,
    new_code: &str,
    proof: Proof<'_>,
) -> Result<(), IdentityError> {
    let (id, sealed) = pending(shop, token, Kind::App).await?.ok_or(IdentityError::SetupOver)?;
    let Some(step) = totp(&sealed.secret, "", "")?.check(&normal(new_code), seconds(shop.now())) else {
        return Err(wrong_code(locale, "new_code"));
    };
    change(shop, ctx, locale, proof, async move |tx, own, account| {
        let kept = contacts::seal(own, SEALED_KIND, id.as_bytes(), &Sealed { secret: sealed.secret.clone(), codes: Vec::new() });
        store::delete_confirmed(tx, account.id).await?;
        if !store::confirm(tx, id, &kept, i64::try_from(step).unwrap_or(i64::MAX)).await? {
            return Err(IdentityError::SetupOver);
        }
        keep_codes(tx, own, account.id, &sealed.codes).await?;
        tx.record(account.id, SecondFactorOn {});
        Ok(mails::send_second_factor(tx, own, locale, &account.me(own)?.contact, true).await?)
    })
    .await
}

/// Puts the new recovery codes in the place of the former ones.
///
/// # Errors
/// [`IdentityError::Invalid`] for `password` or `code`, [`IdentityError::TooManyAttempts`]; [`IdentityError::SetupOver`] where none were made.
pub async fn confirm_recovery_codes(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    token: &str,
    proof: Proof<'_>,
) -> Result<(), IdentityError> {
    let (_, sealed) = pending(shop, token, Kind::Codes).await?.ok_or(IdentityError::SetupOver)?;
    change(shop, ctx, locale, proof, async move |tx, own, account| {
        store::delete_pending(tx, account.id, Kind::Codes.as_str()).await?;
        keep_codes(tx, own, account.id, &sealed.codes).await?;
        tx.record(account.id, RecoveryCodesMade {});
        Ok(())
    })
    .await
}

/// Switches the second factor off.
///
/// # Errors
/// [`IdentityError::Invalid`] for `password` or `code`, [`IdentityError::TooManyAttempts`], [`IdentityError::FactorDemanded`] where the role
/// demands it.
pub async fn switch_off_second_factor(shop: &Shop, ctx: &Context, locale: Locale, proof: Proof<'_>) -> Result<(), IdentityError> {
    if is_demanded(shop, ctx.role).await? {
        return Err(IdentityError::FactorDemanded);
    }
    change(shop, ctx, locale, proof, async move |tx, own, account| remove(tx, own, locale, account).await).await
}

impl<'a> From<&'a str> for Proof<'a> {
    /// The password alone.
    fn from(password: &'a str) -> Self {
        Self { password, code: "" }
    }
}

/// Changes the protection of the signed-in user's account, once they have shown that it is them.
async fn change(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    proof: Proof<'_>,
    change: impl AsyncFn(&mut Tx, &Shop, &accounts::AccountRow) -> Result<(), IdentityError> + Send + Sync + 'static,
) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let account = accounts::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    verify_current_password(shop, ctx, locale, &account, proof.password, "password").await?;
    let code = check_tries(shop, ctx, &account, proof.code).await?;
    let own = shop.clone();
    shop.write(ctx, async move |tx| {
        if !accounts::lock_if_same(tx, &account).await? {
            return Err(IdentityError::SignedOut);
        }
        require_code(tx, &own, locale, &account, &code).await?;
        change(tx, &own, &account).await
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}

/// A code that is to be looked at, with the counts of tries that it is one of.
pub(super) struct CodeTry {
    code: String,
    counters: Vec<Counter>,
}

/// Counts a try with a code, where the account has a second factor.
pub(super) async fn check_tries(shop: &Shop, ctx: &Context, account: &accounts::AccountRow, code: &str) -> Result<CodeTry, IdentityError> {
    let counters = login_throttle::code_counters(shop, ctx, account.id);
    if account.has_second_factor() {
        throttle::attempt(shop.db(), &counters).await?;
    }
    Ok(CodeTry { code: code.to_owned(), counters })
}

/// Asks for a code where the account has a second factor.
///
/// # Errors
/// [`IdentityError::Invalid`] for `code`.
pub(super) async fn require_code(
    tx: &mut Tx,
    shop: &Shop,
    locale: Locale,
    account: &accounts::AccountRow,
    tried: &CodeTry,
) -> Result<(), IdentityError> {
    if !is_on(tx, account.id).await? {
        return Ok(());
    }
    accept(tx, shop, account.id, &tried.code).await?.ok_or_else(|| wrong_code(locale, "code"))?;
    Ok(throttle::succeeded(tx, &tried.counters).await?)
}

fn wrong_code(locale: Locale, field: &str) -> IdentityError {
    IdentityError::Invalid(vec![(field.to_owned(), t::FIELD_CODE_WRONG.text(locale).to_owned())])
}

/// Takes an account's second factor away, and tells its owner by mail.
pub(super) async fn remove(tx: &mut Tx, shop: &Shop, locale: Locale, account: &accounts::AccountRow) -> Result<(), IdentityError> {
    if store::delete_all(tx, account.id).await? > 0 {
        tx.record(account.id, SecondFactorOff {});
        mails::send_second_factor(tx, shop, locale, &account.me(shop)?.contact, false).await?;
    }
    Ok(())
}

/// How a code was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepted {
    App,
    Recovery,
}

/// A code without what people type between its letters.
fn normal(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase()
}

/// Uses a code of the app or a recovery code; none when it is wrong, or was used.
async fn accept(tx: &mut Tx, shop: &Shop, user: domain::id::UserId, code: &str) -> Result<Option<Accepted>, IdentityError> {
    let code = normal(code);
    if code.len() == RECOVERY_LENGTH {
        let is_used = store::use_recovery_code(tx, user, &recovery_hash(shop, user, &code)).await?;
        return Ok(is_used.then_some(Accepted::Recovery));
    }
    for row in store::confirmed(tx, user).await? {
        let step = totp(&open(shop, &row)?.secret, "", "")?.check(&code, seconds(tx.now()));
        if let Some(step) = step
            && store::use_step(tx, row.id, i64::try_from(step).unwrap_or(i64::MAX)).await?
        {
            return Ok(Some(Accepted::App));
        }
    }
    Ok(None)
}

fn open(shop: &Shop, row: &store::AuthenticatorRow) -> Result<Sealed, IdentityError> {
    Ok(contacts::unseal(shop, SEALED_KIND, row.id.as_bytes(), &row.sealed)?)
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.millis() / 1_000).unwrap_or(0)
}

/// The clockwork of a secret. Issuer and account name stand in the app.
fn totp(secret: &[u8], issuer: &str, account: &str) -> Result<Totp, IdentityError> {
    // A colon parts the two in the address.
    let plain = |text: &str| text.replace(':', " ");
    let builder = Builder::new().with_secret(Secret::new(secret.into())).with_account_name(plain(account)).with_issuer(Some(plain(issuer)));
    builder.build().map_err(|_| IdentityError::Hash)
}

fn new_authenticator(shop: &Shop, email: &str, sealed: Sealed) -> Result<NewAuthenticator, IdentityError> {
    let clockwork = totp(&sealed.secret, &settings::shop(shop).name, email)?;
    let address = clockwork.to_url().map_err(|_| IdentityError::Hash)?;
    Ok(NewAuthenticator { secret: clockwork.secret().to_base32(), qr: qr_code(&address), address, codes: sealed.codes })
}

/// The squares of a QR code, as the path of a picture of so many squares a side. An address that is too long for one has none.
fn qr_code(text: &str) -> QrCode {
    let Ok(code) = Encoder::encode_text(text, QrCodeEcc::Medium) else { return QrCode::default() };
    let squares = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let path = squares.filter(|(x, y)| code.get_module(*x, *y)).map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
    QrCode { side: u16::try_from(code.size()).unwrap_or_default(), path }
}

fn recovery_codes(shop: &Shop) -> Vec<String> {
    let code = |_| {
        let mut bytes = [0; RECOVERY_LENGTH];
        shop.rng().fill(&mut bytes);
        let letters: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
        format!("{}-{}", &letters[..RECOVERY_LENGTH / 2], &letters[RECOVERY_LENGTH / 2..])
    };
    (0..RECOVERY_CODES).map(code).collect()
}

/// Only this is stored of a recovery code. It is keyed: fifty bits could be guessed from a stolen database.
fn recovery_hash(shop: &Shop, user: domain::id::UserId, code: &str) -> Vec<u8> {
    shop.keyring().blind_index("recovery_code", &format!("{user} {code}"))
}

/// Replaces the recovery codes of an account.
async fn keep_codes(tx: &mut Tx, shop: &Shop, user: domain::id::UserId, codes: &[String]) -> Result<(), IdentityError> {
    store::delete_recovery_codes(tx, user).await?;
    for code in codes {
        store::insert_recovery_code(tx, user, &recovery_hash(shop, user, &code.replace('-', ""))).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_that_of_rfc_6238() {
        // Appendix B of the RFC, SHA-1, the last six of its eight digits.
        let clockwork = totp(b"12345678901234567890", "Shop: one", "ana@example.com").unwrap();
        for (at, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")] {
            assert_eq!(clockwork.check(code, at), Some(at / 30));
            assert_eq!(clockwork.check(code, at + 30), Some(at / 30), "half a minute late");
            assert_eq!(clockwork.check(code, at + 120), None, "two minutes late");
        }
        assert!(clockwork.to_url().unwrap().starts_with("otpauth://totp/Shop%20%20one:ana%40example.com?secret=GEZDGNBVGY3TQOJQ"));
    }

    #[test]
    fn a_qr_code_holds_an_address() {
        let code = qr_code("otpauth://totp/Tindahan:ana%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tindahan");
        assert!(code.side > 30 && code.path.starts_with("M0 0h1v1h-1z"));
        assert_eq!(qr_code(&"x".repeat(5_000)), QrCode::default());
    }
}
