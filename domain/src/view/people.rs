//! People and where they live.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::{AddressId, ApiKeyId, SessionId, UserId};
use crate::permission::{Permission, Role};

/// How to reach somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDetails {
    /// Whole name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number, E.164; empty when not given.
    pub phone: String,
}

/// A postal address. Fields that a country does not use are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Who receives.
    pub recipient: String,
    /// For the courier.
    pub phone: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// House, street.
    pub line1: String,
    /// Floor, landmark.
    pub line2: String,
    /// Barangay (Philippines).
    pub barangay: String,
    /// City or municipality.
    pub city: String,
    /// Province, state, prefecture.
    pub province: String,
    /// Region (Philippines).
    pub region: String,
    pub postal_code: String,
    /// The barangay's code in the PSGC; empty elsewhere.
    pub place: String,
}

/// An address in a shopper's book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedAddress {
    /// The address.
    pub id: AddressId,
    /// What it says.
    pub address: Address,
    /// The address in the lines of a label.
    pub label: Vec<String>,
    /// Used unless another is chosen.
    pub is_default: bool,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The account.
    pub id: UserId,
    /// Name, e-mail, phone.
    pub contact: ContactDetails,
    /// Staff have a role.
    pub role: Option<Role>,
}

/// A place of the Philippine geographic code, or what is offered beneath one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// PSGC code.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressField {
    /// The field of [`Address`] that it fills.
    pub name: String,
    /// What it is called there, in the reader's language.
    pub label: String,
    /// May it not be left empty?
    pub required: bool,
    /// Code and name of each choice; empty where it is typed, and for Philippine places, which are asked for level by level.
    pub options: Vec<(String, String)>,
}

/// What somebody with an account prefers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Language code; empty to follow the browser.
    pub locale: String,
    /// News by e-mail. Off until asked for.
    pub marketing: bool,
}

/// A signed-in browser, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The session.
    pub id: SessionId,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the hour.
    pub seen_at: Timestamp,
    /// Is it the one that asks?
    pub current: bool,
}

/// Somebody on the staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffView {
    /// The account.
    pub id: UserId,
    /// Name, e-mail, phone.
    pub contact: ContactDetails,
    /// What they do.
    pub role: Role,
    /// May they sign in?
    pub active: bool,
    /// Is it an account of the demonstration, with a printed password?
    pub demo: bool,
}

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DenialKind {
    /// A wrong password, or an e-mail without an account.
    SignIn,
    /// A try that came too soon after too many.
    Wait,
    /// Something that whoever is signed in may not do.
    Permission,
    /// A key of the HTTP API that is unknown or may not do this.
    Key,
}

impl DenialKind {
    /// As written in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Wait => "wait",
            Self::Permission => "permission",
            Self::Key => "key",
        }
    }
}

impl std::str::FromStr for DenialKind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::SignIn, Self::Wait, Self::Permission, Self::Key].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// What was refused within an hour to one client on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialView {
    /// What.
    pub kind: DenialKind,
    /// The name of the account that it was about, when it is known.
    pub account: Option<String>,
    /// The client's network address; none where it is not known, and for what was too much to be told apart.
    pub client: Option<String>,
    /// How often.
    pub count: i64,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}

/// What staff can be told by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffNotice {
    /// Orders that came in.
    Order,
    /// Something that somebody outside refused: a capture, a refund, a mail.
    Refused,
    /// Articles that run low.
    LowStock,
}

impl StaffNotice {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Order, Self::Refused, Self::LowStock];

    /// As written in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Refused => "refused",
            Self::LowStock => "low_stock",
        }
    }

    /// What one must be allowed to be told.
    #[must_use]
    pub const fn needs(self) -> Permission {
        match self {
            Self::Order | Self::Refused => Permission::ReadOrders,
            Self::LowStock => Permission::ReadStock,
        }
    }

    /// Is somebody told who chose nothing? What was refused costs money until somebody looks at it.
    #[must_use]
    pub const fn unless_chosen(self, role: Role) -> bool {
        matches!((self, role), (Self::Refused, Role::Owner | Role::Manager))
    }
}

/// What a member of staff chose to be told by mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffNoticesView {
    /// Where the mails go.
    pub email: String,
    /// Those that they may choose, and whether they did.
    pub notices: Vec<(StaffNotice, bool)>,
    /// Can the shop send mail?
    pub mail_works: bool,
}

/// A key of the HTTP API. Its secret was shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyView {
    /// The key.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken back, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// What is wrong with a field of a form: `(field name, message in the reader's language)`.
pub type FieldErrors = Vec<(String, String)>;
