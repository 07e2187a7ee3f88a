//! Links in mails about accounts. A link holds what it does, sealed, so that nothing of it is stored and only the shop can make or read one. It
//! names the account as it was: once a password is set or an address taken, links that were made before open nothing any more.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use domain::id::UserId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::store::AccountRow;
use super::{IdentityError, store};
use crate::{Shop, contacts};

/// What the sealed link is bound to.
const KIND: &str = "account_link";

/// A forgotten password is set within so long.
pub(super) const RESET_MS: i64 = 30 * 60 * 1_000;
/// An address is proved, or taken, within so long.
pub(super) const PROOF_MS: i64 = 3 * Timestamp::DAY;
/// A change of the address is undone within so long.
pub(super) const UNDO_MS: i64 = 14 * Timestamp::DAY;

/// What a link does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum LinkKind {
    /// Sets a new password in place of a forgotten one.
    ResetPassword,
    /// The same, printed for somebody at the machine or handed over: whoever follows it has not proved the address.
    SetPassword,
    /// Proves that the account's address is its owner's.
    ProveEmail,
    /// Gives the account this address.
    ChangeEmail { email: String },
    /// Gives it back its former address.
    UndoEmail { email: String },
    /// Takes its second factor away.
    RemoveSecondFactor,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Link {
    pub user: UserId,
    pub kind: LinkKind,
    pub made_at: Timestamp,
    until: Timestamp,
    /// The account as it was when the link was made, see [`state`].
    state: Vec<u8>,
}

impl Link {
    /// A link that was made at a moment, and holds for so long, milliseconds.
    pub(super) fn new(account: &AccountRow, kind: LinkKind, made_at: Timestamp, life: i64) -> Self {
        Self { user: account.id, made_at, until: made_at.plus_millis(life), state: state(account, &kind), kind }
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now
    }

    /// What stands in the link's address.
    pub(super) fn token(&self, shop: &Shop) -> String {
        seal_token(shop, KIND, self)
    }
}

/// A record as text for an address or a cookie, sealed and bound to its kind.
pub(super) fn seal_token(shop: &Shop, kind: &str, record: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(contacts::seal(shop, kind, b"", record))
}

/// The record of [`seal_token`]; none where the text is not the shop's, or of another kind.
pub(super) fn open_token<T: DeserializeOwned>(shop: &Shop, kind: &str, token: &str) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    contacts::unseal(shop, kind, b"", &sealed).ok()
}

/// What must not have changed since a link was made. A new password ends the links that would give the account away: one that a thief had
/// mailed to themselves, and one that waits in the mailbox of a former address. A link that undoes a change holds nevertheless: whoever took
/// the account may have changed both. Of several the earliest wins: following it ends those that were made since, which are a thief's.
pub(super) fn state(account: &AccountRow, kind: &LinkKind) -> Vec<u8> {
    match kind {
        LinkKind::ResetPassword | LinkKind::SetPassword | LinkKind::ChangeEmail { .. } => account.sign_in_state(),
        LinkKind::RemoveSecondFactor => {
            let used_at = account.factor_used_at.map_or(0, Timestamp::millis);
            [account.sign_in_state(), used_at.to_be_bytes().to_vec()].concat()
        }
        LinkKind::ProveEmail => account.email_hash.clone(),
        LinkKind::UndoEmail { .. } => Vec::new(),
    }
}

/// The link of this token and its account, while it holds.
///
/// # Errors
/// [`IdentityError::Link`] for one that the shop did not make, that was used or is too old, or whose account is locked.
pub(super) async fn open(shop: &Shop, token: &str) -> Result<(Link, AccountRow), IdentityError> {
    let link: Link = open_token(shop, KIND, token).ok_or(IdentityError::Link)?;
    if link.is_over(shop.now()) {
        return Err(IdentityError::Link);
    }
    let account = store::by_id(shop.db(), link.user).await?.filter(|account| account.may_sign_in(shop)).ok_or(IdentityError::Link)?;
    let is_undone = matches!(link.kind, LinkKind::UndoEmail { .. }) && account.is_undone(link.made_at);
    if state(&account, &link.kind) == link.state && !is_undone { Ok((link, account)) } else { Err(IdentityError::Link) }
}
