//! Events of identity. They are not sealed, so they hold no personal data.

use domain::id::{ApiKeyId, ContactId, InvitationId, UserId};
use domain::permission::Role;
use platform::events::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserCreated {
    /// None for a shopper.
    pub role: Option<Role>,
}

impl Event for UserCreated {
    const KIND: &'static str = "user.created";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserSignedIn {
    pub staff: bool,
    /// The language that they signed in with.
    pub locale: String,
}

impl Event for UserSignedIn {
    const KIND: &'static str = "user.signed_in";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasswordChanged {}

impl Event for PasswordChanged {
    const KIND: &'static str = "user.password_changed";
    type Subject = UserId;
}

/// The owner of an account has shown once more that it is them, before something that a thief at an open session is after.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionConfirmed {}

impl Event for SessionConfirmed {
    const KIND: &'static str = "session.confirmed";
    type Subject = UserId;
}

/// One or all of somebody's sessions were ended by them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionsEnded {
    pub count: u64,
}

impl Event for SessionsEnded {
    const KIND: &'static str = "session.ended";
    type Subject = UserId;
}

/// An account has a second factor from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecondFactorOn {}

impl Event for SecondFactorOn {
    const KIND: &'static str = "user.second_factor_on";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecondFactorOff {}

impl Event for SecondFactorOff {
    const KIND: &'static str = "user.second_factor_off";
    type Subject = UserId;
}

/// An account has other recovery codes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecoveryCodesMade {}

impl Event for RecoveryCodesMade {
    const KIND: &'static str = "user.recovery_codes_made";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecoveryCodeUsed {
    /// How many are left.
    pub left: i64,
}

impl Event for RecoveryCodeUsed {
    const KIND: &'static str = "user.recovery_code_used";
    type Subject = UserId;
}

/// The owner demands a second factor of these roles, and of no others. The subject is nil.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecondFactorDemanded {
    pub roles: Vec<Role>,
}

impl Event for SecondFactorDemanded {
    const KIND: &'static str = "settings.second_factor";
    type Subject = Uuid;
}

/// Somebody was invited to the staff.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvitationSent {
    pub role: Role,
}

impl Event for InvitationSent {
    const KIND: &'static str = "invitation.sent";
    type Subject = InvitationId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvitationAccepted {}

impl Event for InvitationAccepted {
    const KIND: &'static str = "invitation.accepted";
    type Subject = InvitationId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvitationWithdrawn {}

impl Event for InvitationWithdrawn {
    const KIND: &'static str = "invitation.withdrawn";
    type Subject = InvitationId;
}

/// Name, e-mail or telephone number changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserUpdated {
    pub contact: ContactId,
}

impl Event for UserUpdated {
    const KIND: &'static str = "user.updated";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmailChanged {}

impl Event for EmailChanged {
    const KIND: &'static str = "user.email_changed";
    type Subject = UserId;
}

/// A forgotten password was replaced, by a link in a mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasswordReset {}

impl Event for PasswordReset {
    const KIND: &'static str = "user.password_reset";
    type Subject = UserId;
}

/// Nobody knows the password any more, and the second factor is gone: by the owner of the shop, or from the machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasswordVoided {
    /// Sessions that ended.
    pub sessions: u64,
}

impl Event for PasswordVoided {
    const KIND: &'static str = "user.password_voided";
    type Subject = UserId;
}

/// The account's address is its owner's: they opened a link that was mailed to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmailProved {
    /// How many orders that were placed with it as a guest joined the account.
    pub orders: u64,
}

impl Event for EmailProved {
    const KIND: &'static str = "user.email_proved";
    type Subject = UserId;
}

/// A change of the address was undone from the former one. Nobody knows the password any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmailRestored {}

impl Event for EmailRestored {
    const KIND: &'static str = "user.email_restored";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoleChanged {
    pub role: Option<Role>,
}

impl Event for RoleChanged {
    const KIND: &'static str = "user.role_changed";
    type Subject = UserId;
}

/// A member of staff was deactivated or activated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActiveChanged {
    pub active: bool,
}

impl Event for ActiveChanged {
    const KIND: &'static str = "user.active_changed";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKeyCreated {
    pub name: String,
    /// Separated by spaces.
    pub scopes: String,
}

impl Event for ApiKeyCreated {
    const KIND: &'static str = "api_key.created";
    type Subject = ApiKeyId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKeyRevoked {}

impl Event for ApiKeyRevoked {
    const KIND: &'static str = "api_key.revoked";
    type Subject = ApiKeyId;
}

/// The first wrong password within an hour, of one client on one account. The subject is the account, nil for an unknown one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInFailed {}

impl Event for SignInFailed {
    const KIND: &'static str = "sign_in.failed";
    type Subject = Uuid;
}

/// As [`SignInFailed`], for attempts that were throttled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInThrottled {}

impl Event for SignInThrottled {
    const KIND: &'static str = "sign_in.waiting";
    type Subject = Uuid;
}

/// As [`SignInFailed`], for what the user has no permission for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PermissionRefused {}

impl Event for PermissionRefused {
    const KIND: &'static str = "permission.refused";
    type Subject = Uuid;
}

/// As [`SignInFailed`], for unknown API keys and missing scopes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKeyRefused {}

impl Event for ApiKeyRefused {
    const KIND: &'static str = "api_key.refused";
    type Subject = Uuid;
}
