use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::{ContactMessageId, PageId};

/// A page as shoppers read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentPageView {
    pub slug: String,
    /// Language code and slug of each language that it is written in, where its page has an address of its own in each; else none.
    pub languages: Vec<(String, String)>,
    pub title: String,
    /// What a search engine shows.
    pub description: String,
    /// Sanitised: elements of text, and links.
    pub html: String,
    /// Is it the page with the contact form?
    pub has_contact_form: bool,
}

/// A page in a list of links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageLinkView {
    pub slug: String,
    pub title: String,
}

/// A page in the managers' list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRowView {
    pub id: PageId,
    pub title: String,
    pub slug: String,
    pub published: bool,
    /// The codes of the languages that it is written in.
    pub languages: Vec<String>,
    pub updated_at: Timestamp,
}

/// A page in one language, as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageTexts {
    pub locale: String,
    pub slug: String,
    pub title: String,
    /// Markdown.
    pub body: String,
    /// What a search engine shows; empty for the beginning of the body.
    pub description: String,
}

/// A page as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageDraft {
    /// None for a new one.
    pub id: Option<PageId>,
    /// When it was last saved: who saves another version is told.
    pub version: i64,
    /// Its place among the pages.
    pub position: i64,
    pub published: bool,
    pub texts: Vec<PageTexts>,
}

/// What is written through the contact page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactForm {
    pub name: String,
    pub email: String,
    /// Of the order that it is about; empty for none.
    pub order_number: String,
    pub message: String,
}

/// A message of the contact page, for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactMessageView {
    pub id: ContactMessageId,
    pub form: ContactForm,
    pub at: Timestamp,
    /// When, and by whom.
    pub handled: Option<(Timestamp, String)>,
}

/// A page of the list of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactMessagesView {
    pub messages: Vec<ContactMessageView>,
    /// The key of the page before.
    pub previous: Option<String>,
    /// The key of the page after.
    pub next: Option<String>,
    /// How many wait.
    pub open: i64,
}
