use domain::view::ShopSettings;
use platform::events::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The subject is nil.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettingsChanged {
    pub settings: ShopSettings,
}

impl Event for SettingsChanged {
    const KIND: &'static str = "settings.changed";
    type Subject = Uuid;
}
