//! Events of customers as staff see them. They are not sealed, so they hold no text of a note or tag.

use domain::id::{CustomerId, CustomerNoteId};
use platform::events::Event;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomerNoteAdded {
    pub note: CustomerNoteId,
}

impl Event for CustomerNoteAdded {
    const KIND: &'static str = "customer.note_added";
    type Subject = CustomerId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomerNoteDeleted {
    pub note: CustomerNoteId,
}

impl Event for CustomerNoteDeleted {
    const KIND: &'static str = "customer.note_deleted";
    type Subject = CustomerId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomerTagAdded {}

impl Event for CustomerTagAdded {
    const KIND: &'static str = "customer.tag_added";
    type Subject = CustomerId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomerTagRemoved {}

impl Event for CustomerTagRemoved {
    const KIND: &'static str = "customer.tag_removed";
    type Subject = CustomerId;
}

/// Another customer became a part of this one, with its orders, addresses, notes and tags.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomersMerged {
    pub from: CustomerId,
}

impl Event for CustomersMerged {
    const KIND: &'static str = "customers.merged";
    type Subject = CustomerId;
}
