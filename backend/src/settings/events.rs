//! Events of the settings.

use domain::view::ShopSettings;
use platform::events::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The subject is nil.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettingsChanged {
    pub settings: ShopSettings,
    /// The country before, where it is another one now: taxes are those of the shop's country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_before: Option<String>,
}

impl Event for SettingsChanged {
    const KIND: &'static str = "settings.changed";
    type Subject = Uuid;
}
