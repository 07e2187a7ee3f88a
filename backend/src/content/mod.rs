//! What the shop says apart from its goods: the pages that its owner writes, in each language, the menus, the home page, and what visitors
//! write through the contact page.
//!
//! Menu, footer and home page are made of categories and pages until a manager arranges them by hand ([`menus`], [`home`]); an entry that
//! leads to something that shoppers cannot see is left out.
//!
//! A page is written in Markdown; what shoppers get of it is sanitised ([`markdown`]) and kept in memory until a page changes
//! ([`published`]). A new shop has templates of the usual pages as drafts ([`templates`]).

mod arrange_home;
mod arrange_menus;
mod arrangement;
pub mod events;
mod home;
mod links;
mod markdown;
mod menus;
mod messages;
mod pages;
mod picked;
mod published;
mod section_dates;
mod templates;

use domain::view::FieldErrors;
use platform::context::Forbidden;
use platform::db::DbError;
use platform::events::RecordedEvent;
use platform::jobs::Handlers;
use platform::request_keys::KeyError;

use crate::Shop;
use crate::catalog::CatalogError;
use crate::catalog::events::CatalogChanged;
use crate::contacts::ContactError;
use crate::orders::OrderError;

pub use arrange_home::{
    arrange_home, home_section_to_edit, home_sections, move_home_section, new_home_section, remove_home_section, reset_home,
    save_home_section, set_section_picture,
};
pub use arrange_menus::{
    arrange_menu, menu, menu_entry_to_edit, move_menu_entry, new_menu_entry, product_choice, remove_menu_entry, reset_menu, save_menu_entry,
};
pub use home::{home, preview_home};
pub use markdown::to_html;
pub use menus::menus;
pub use messages::{MAX_MESSAGE, delete_handled, messages, receive, set_handled};
pub use pages::{delete_page, last_page_change, page_to_edit, pages, save_page};
pub use picked::{move_picked, pick_product, take_out_picked};
pub use published::{ContentCache, language_of_page, page, public_paths};
pub(crate) use section_dates::schedule_sections;
pub(crate) use templates::{NewPage, open_pages, publish};

/// The handle of the page with the contact form.
pub const CONTACT: &str = "contact";

/// The home page among the arrangements.
const HOME: &str = "home";

/// Why something of the content was not read or changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ContentError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// By field, with what to do.
    #[error("please check what is marked")]
    Invalid(FieldErrors),
    #[error("there is no such page, message, entry or section")]
    Unknown,
    #[error("somebody else changed this in the meantime; open it again and repeat your change")]
    Stale,
    #[error("this page is not deleted: take it off the shop first; that with the contact form is kept")]
    Kept,
    #[error("too many messages from one client; try again later")]
    Throttled,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A form was sent again with other contents.
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Customer(#[from] ContactError),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error("{0}")]
    Db(#[from] DbError),
}

/// Adds the jobs of this area.
pub(crate) fn register(handlers: &mut Handlers<Shop>) {
    messages::register(handlers);
    section_dates::register(handlers);
}

/// Removes from memory what these events changed.
pub(crate) fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    // The demonstration data publishes pages too.
    if events.iter().any(|event| event.is_one_of(events::PAGE_CHANGES) || event.is::<CatalogChanged>()) {
        shop.content_cache().invalidate();
    }
}
