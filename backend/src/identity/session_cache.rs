//! Remembers for a few seconds who holds a session token or an API key's secret, in memory.

use std::sync::Arc;
use std::time::Duration;

use domain::id::ApiKeyId;
use domain::permission::Permission;
use platform::cache::Cache;
use platform::clock::Clock;
use platform::events::RecordedEvent;
use platform::follows;

use super::Digest;
use super::events::{
    ActiveChanged, ApiKeyRevoked, EmailChanged, EmailRestored, PasswordChanged, PasswordReset, PasswordVoided, RoleChanged,
    SecondFactorDemanded, SecondFactorOff, SecondFactorOn, SessionConfirmed, SessionsEnded, UserUpdated,
};
use super::sessions::SignedIn;
use crate::Shop;

/// A session that was signed out on another node lives on here for at most this long: that is no event.
const MAX_AGE: Duration = Duration::from_secs(5);
const MAX_ENTRIES: usize = 20_000;

pub struct SessionCache {
    pub(super) sessions: Cache<Digest, SignedIn>,
    pub(super) api_keys: Cache<Digest, (ApiKeyId, Vec<Permission>)>,
}

impl SessionCache {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self {
            sessions: Cache::new(MAX_ENTRIES).with_max_age(MAX_AGE, Arc::clone(clock)),
            api_keys: Cache::new(MAX_ENTRIES).with_max_age(MAX_AGE, Arc::clone(clock)),
        }
    }
}

/// Forgets who was signed in when these events changed accounts or API keys. Changes are rare, and asking the database again is cheap.
pub(crate) fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    let any = |kinds: &[&str]| events.iter().any(|event| event.is_one_of(kinds));
    if any(follows![
        RoleChanged,
        ActiveChanged,
        PasswordChanged,
        PasswordReset,
        UserUpdated,
        EmailChanged,
        EmailRestored,
        SessionConfirmed,
        SessionsEnded,
        PasswordVoided,
        SecondFactorOn,
        SecondFactorOff,
        SecondFactorDemanded
    ]) {
        shop.session_cache().sessions.invalidate();
    }
    if any(follows![SecondFactorDemanded]) {
        shop.settings().forget();
    }
    if any(follows![ApiKeyRevoked]) {
        shop.session_cache().api_keys.invalidate();
    }
}
