//! Events of pages, menus, the home page and messages. Messages are sealed, so their events hold nothing of them.

use domain::id::{ContactMessageId, HomeSectionId, MenuEntryId, PageId, ProductId};
use domain::view::{Menu, Move};
use platform::events::Event;
use platform::follows;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// All events after which the shop shows other pages, or other menus or sections on them.
pub const PAGE_CHANGES: &[&str] = follows![
    PageCreated,
    PageUpdated,
    PageDeleted,
    MenuArranged,
    MenuReset,
    MenuEntryAdded,
    MenuEntryUpdated,
    MenuEntryMoved,
    MenuEntryRemoved,
    HomeArranged,
    HomeReset,
    HomeSectionAdded,
    HomeSectionUpdated,
    HomeSectionMoved,
    HomeSectionRemoved,
    HomeSectionBegan,
    HomeSectionEnded,
];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PageCreated {
    /// In English.
    pub title: String,
    pub published: bool,
}

impl Event for PageCreated {
    const KIND: &'static str = "page.created";
    type Subject = PageId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PageUpdated {
    /// In English.
    pub title: String,
    pub published: bool,
}

impl Event for PageUpdated {
    const KIND: &'static str = "page.updated";
    type Subject = PageId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PageDeleted {
    pub handle: String,
}

impl Event for PageDeleted {
    const KIND: &'static str = "page.deleted";
    type Subject = PageId;
}

/// A menu is arranged by hand from now on, beginning with what the shop made by itself. It has no subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MenuArranged {
    pub menu: Menu,
}

impl Event for MenuArranged {
    const KIND: &'static str = "menu.arranged";
    type Subject = Uuid;
}

/// All entries of a menu were removed: the shop makes it by itself again. It has no subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MenuReset {
    pub menu: Menu,
}

impl Event for MenuReset {
    const KIND: &'static str = "menu.reset";
    type Subject = Uuid;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MenuEntryAdded {
    pub menu: Menu,
    /// What it is called in English; empty for its target's name.
    pub label: String,
}

impl Event for MenuEntryAdded {
    const KIND: &'static str = "menu_entry.added";
    type Subject = MenuEntryId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MenuEntryUpdated {
    pub menu: Menu,
    /// What it is called in English; empty for its target's name.
    pub label: String,
}

impl Event for MenuEntryUpdated {
    const KIND: &'static str = "menu_entry.updated";
    type Subject = MenuEntryId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MenuEntryMoved {
    pub way: Move,
}

impl Event for MenuEntryMoved {
    const KIND: &'static str = "menu_entry.moved";
    type Subject = MenuEntryId;
}

/// With those below it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MenuEntryRemoved {
    pub menu: Menu,
}

impl Event for MenuEntryRemoved {
    const KIND: &'static str = "menu_entry.removed";
    type Subject = MenuEntryId;
}

/// The home page is arranged by hand from now on, beginning with the sections that every shop has. It has no subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeArranged {}

impl Event for HomeArranged {
    const KIND: &'static str = "home.arranged";
    type Subject = Uuid;
}

/// All sections were removed: the home page has those that every shop has again. It has no subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeReset {}

impl Event for HomeReset {
    const KIND: &'static str = "home.reset";
    type Subject = Uuid;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeSectionAdded {
    /// As in the database.
    pub kind: String,
}

impl Event for HomeSectionAdded {
    const KIND: &'static str = "home_section.added";
    type Subject = HomeSectionId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeSectionUpdated {
    /// Fields of the form, `picture` or `products`.
    pub changed: Vec<String>,
    /// A product that was picked or taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
}

impl Event for HomeSectionUpdated {
    const KIND: &'static str = "home_section.updated";
    type Subject = HomeSectionId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeSectionMoved {
    pub way: Move,
}

impl Event for HomeSectionMoved {
    const KIND: &'static str = "home_section.moved";
    type Subject = HomeSectionId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeSectionRemoved {
    /// As in the database.
    pub kind: String,
}

impl Event for HomeSectionRemoved {
    const KIND: &'static str = "home_section.removed";
    type Subject = HomeSectionId;
}

/// The moment came from which shoppers see a section.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeSectionBegan {}

impl Event for HomeSectionBegan {
    const KIND: &'static str = "home_section.began";
    type Subject = HomeSectionId;
}

/// The moment came until which shoppers saw a section.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HomeSectionEnded {}

impl Event for HomeSectionEnded {
    const KIND: &'static str = "home_section.ended";
    type Subject = HomeSectionId;
}

/// Somebody wrote through the contact page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContactMessageReceived {}

impl Event for ContactMessageReceived {
    const KIND: &'static str = "contact_message.received";
    type Subject = ContactMessageId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContactMessageHandled {}

impl Event for ContactMessageHandled {
    const KIND: &'static str = "contact_message.handled";
    type Subject = ContactMessageId;
}

/// A message that was handled waits again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContactMessageReopened {}

impl Event for ContactMessageReopened {
    const KIND: &'static str = "contact_message.reopened";
    type Subject = ContactMessageId;
}
