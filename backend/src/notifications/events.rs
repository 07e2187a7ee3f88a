//! Events of who gets which mails.

use domain::id::UserId;
use domain::view::StaffNotice;
use platform::events::Event;
use serde::{Deserialize, Serialize};

/// A member of staff chose which mails they get.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StaffNoticesChosen {
    pub wanted: Vec<StaffNotice>,
}

impl Event for StaffNoticesChosen {
    const KIND: &'static str = "user.notices_changed";
    type Subject = UserId;
}
