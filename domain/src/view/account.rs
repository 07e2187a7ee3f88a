//! People and where they live.

use serde::{Deserialize, Serialize};

use crate::id::{AddressId, ApiKeyId, InvitationId, SessionId, UserId};
use crate::messages::t;
use crate::permission::{Permission, Role};
use crate::{Locale, Timestamp};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDetails {
    pub name: String,
    pub email: String,
    /// Telephone number, E.164; empty when not given.
    pub phone: String,
}

/// A postal address. Fields that a country does not use are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub recipient: String,
    pub phone: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// House number and street.
    pub line1: String,
    /// Floor, unit or landmark.
    pub line2: String,
    /// Used in the Philippines only.
    pub barangay: String,
    /// City or municipality.
    pub city: String,
    /// Province, state, prefecture.
    pub province: String,
    /// Used in the Philippines only.
    pub region: String,
    pub postal_code: String,
    /// The barangay's code in the PSGC; empty elsewhere.
    pub place: String,
}

impl Address {
    /// The text of a field by its name in forms; empty for a name that is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        match name {
            "recipient" => &self.recipient,
            "phone" => &self.phone,
            "country" => &self.country,
            "line1" => &self.line1,
            "line2" => &self.line2,
            "barangay" => &self.barangay,
            "city" => &self.city,
            "province" => &self.province,
            "region" => &self.region,
            "postal_code" => &self.postal_code,
            _ => "",
        }
    }
}

/// An address in a shopper's book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedAddress {
    pub id: AddressId,
    pub address: Address,
    /// In the lines of a label.
    pub label: Vec<String>,
    /// The one that is preselected.
    pub is_default: bool,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub id: UserId,
    pub contact: ContactDetails,
    /// Staff have a role.
    pub role: Option<Role>,
}

/// A place of the Philippine geographic code, or what is offered beneath one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Philippine Standard Geographic Code, 10 digits.
    pub code: String,
    pub name: String,
    /// `region`, `province`, `city`, `municipality`, `district`, `barangay`.
    pub kind: String,
    /// Postal code, when known.
    pub postal_code: String,
}

/// How a country writes an address, for the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressFormat {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The fields below recipient and phone, in the order of the form.
    pub fields: Vec<AddressField>,
}

/// A field of an address form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressField {
    /// The field of [`Address`] that it fills.
    pub name: String,
    /// In the user's language.
    pub label: String,
    /// May it not be left empty?
    pub required: bool,
    /// Code and name of each choice; empty where it is typed, and for Philippine places, which are loaded level by level.
    pub options: Vec<(String, String)>,
}

/// The preferences of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Language code; empty to follow the browser.
    pub locale: String,
    /// Newsletters by e-mail; off by default.
    pub marketing: bool,
}

/// A signed-in browser, for the list of one's own sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    pub id: SessionId,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the hour.
    pub seen_at: Timestamp,
    /// Is it this browser?
    pub current: bool,
    pub device: Device,
    /// The address on the network that it signed in from; empty where it is not known.
    pub address: String,
}

/// A browser and its system by the names of their makers; empty where they are not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub browser: String,
    pub system: String,
}

impl Device {
    /// As a reader calls it: `Chrome on Android`.
    #[must_use]
    pub fn name(&self, locale: Locale) -> String {
        match (self.browser.is_empty(), self.system.is_empty()) {
            (false, false) => t::ACCOUNT_DEVICE_NAME.with(locale, &[("browser", &self.browser), ("system", &self.system)]),
            (true, true) => t::ACCOUNT_DEVICE_UNKNOWN.text(locale).to_owned(),
            _ => format!("{}{}", self.browser, self.system),
        }
    }
}

/// An invitation to the staff that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationView {
    pub id: InvitationId,
    pub contact: ContactDetails,
    pub role: Role,
    pub expires_at: Timestamp,
}

/// An invitation, as whoever has its link sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedView {
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Is there a shopper's account with the address, which gets the role?
    pub has_account: bool,
}

/// The second factor of signing in, as its owner sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorView {
    /// Since when it is on; none when it is off.
    pub since: Option<Timestamp>,
    /// Recovery codes that were not used yet.
    pub recovery_left: i64,
    /// What is being set up.
    pub setup: Option<NewAuthenticator>,
    /// New recovery codes that are not confirmed yet.
    pub new_codes: Option<RecoveryCodes>,
    /// Does the user's role demand it?
    pub is_demanded: bool,
}

/// What an authenticator app is set up with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAuthenticator {
    /// In base 32, to be typed where no picture can be taken.
    pub secret: String,
    /// `otpauth://…`, which opens the app on a telephone.
    pub address: String,
    /// The address as a picture.
    pub qr: QrCode,
    /// The recovery codes that come with it.
    pub codes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes {
    pub codes: Vec<String>,
}

/// A QR code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrCode {
    /// Squares a side, without the margin.
    pub side: u16,
    /// The dark squares as the path of a picture (SVG), a unit a square.
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffView {
    pub id: UserId,
    pub contact: ContactDetails,
    pub role: Role,
    /// Inactive accounts cannot sign in.
    pub active: bool,
    /// An account of the demonstration, with a published password.
    pub demo: bool,
    /// Do they sign in by a code, too?
    pub has_second_factor: bool,
}

named! {
    /// What was denied.
    DenialKind {
        /// A wrong password, or an e-mail without an account.
        SignIn "sign_in",
        /// A throttled attempt.
        Throttled "wait",
        /// A permission that the signed-in user lacks.
        Permission "permission",
        /// A key of the HTTP API that is unknown or may not do this.
        Key "key",
    }
    /// Mails that staff can subscribe to.
    StaffNotice {
        /// A new order.
        Order "order",
        /// An outside system refused something: a capture, a refund, a mail.
        Refused "refused",
        /// Variants that are low in stock.
        LowStock "low_stock",
    }
}

/// Denials within an hour, of one client on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialView {
    pub kind: DenialKind,
    /// The account's name, when it is known.
    pub account: Option<String>,
    /// The client's network address; none when unknown, or when there were too many clients to count apart.
    pub client: Option<String>,
    pub count: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl StaffNotice {
    /// The permission to subscribe to it.
    #[must_use]
    pub const fn needs(self) -> Permission {
        match self {
            Self::Order | Self::Refused => Permission::ReadOrders,
            Self::LowStock => Permission::ReadStock,
        }
    }

    /// Is a user who chose nothing subscribed? Refusals are on by default, as they cost money until they are handled.
    #[must_use]
    pub const fn unless_chosen(self, role: Role) -> bool {
        matches!((self, role), (Self::Refused, Role::Owner | Role::Manager))
    }
}

/// A member of staff's subscriptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffNoticesView {
    /// Where the mails go.
    pub email: String,
    /// Those that they may choose, and whether they are chosen.
    pub notices: Vec<(StaffNotice, bool)>,
    /// Can the shop send mail?
    pub mail_works: bool,
}

/// A key of the HTTP API. Its secret was shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyView {
    pub id: ApiKeyId,
    pub name: String,
    pub scopes: Vec<Permission>,
    pub created_at: Timestamp,
    /// None while it is valid.
    pub revoked_at: Option<Timestamp>,
}

/// Errors of a form: `(field name, message in the user's language)`.
pub type FieldErrors = Vec<(String, String)>;

/// What the link of a mail about an account's address does, with the address that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmailLink {
    /// Proves that it is its owner's.
    Prove(String),
    /// The account takes it.
    Change(String),
    /// The account has it again, which another replaced.
    Undo(String),
}
