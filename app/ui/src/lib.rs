//! The design system: what Tindahan's pages are made of, without business.
//!
//! Components are named for what they are on the page, take data as properties, and work without a script
//! wherever that makes sense. Colours, type, ornaments: `style/`. Words: [`tr!`] and [`trn!`] with the keys of
//! `domain/messages`. All of it is shown on `/ui` in development (feature `gallery`).
//!
//! Two things hold everywhere: no inline styles (the content policy forbids them), and logical properties only
//! (`ps-4`, `start-0`, `text-end`), so that a right-to-left language needs no second layout.

#![forbid(unsafe_code)]

mod admin_layout;
mod alert;
mod badge;
mod breadcrumbs;
mod button;
mod chart;
mod choice;
mod command_palette;
mod deferred;
mod dialog;
mod empty;
mod field;
#[cfg(feature = "gallery")]
mod gallery;
mod head;
mod hydration;
mod icons;
mod language;
mod ornament;
mod pager;
mod panel;
mod picture;
mod postal;
mod preferences;
mod price;
mod product_card;
mod quantity;
mod raw_text;
mod role;
mod search;
mod skeleton;
mod stat;
mod storefront_layout;
mod table;
mod tabs;
mod theme;
mod tick_range;
mod time_zone;
mod timeline;
mod toast;

pub use domain::messages::t;

pub use crate::admin_layout::*;
pub use crate::alert::*;
pub use crate::badge::*;
pub use crate::breadcrumbs::*;
pub use crate::button::*;
pub use crate::chart::*;
pub use crate::choice::*;
pub use crate::command_palette::*;
pub use crate::deferred::*;
pub use crate::dialog::*;
pub use crate::empty::*;
pub use crate::field::{Field, FieldNames, FieldProps, FileField, FileFieldProps, TextArea, TextAreaProps, file_too_large};
#[cfg(feature = "gallery")]
pub use crate::gallery::*;
pub use crate::head::*;
pub use crate::hydration::HYDRATED;
pub use crate::icons::{Icon, IconProps, Shape, icon};
pub use crate::language::*;
pub use crate::ornament::*;
pub use crate::pager::*;
pub use crate::panel::*;
pub use crate::picture::*;
pub use crate::postal::*;
pub use crate::preferences::*;
pub use crate::price::*;
pub use crate::product_card::*;
pub use crate::quantity::*;
pub use crate::raw_text::*;
pub use crate::role::*;
pub use crate::search::*;
pub use crate::skeleton::*;
pub use crate::stat::*;
pub use crate::storefront_layout::*;
pub use crate::table::*;
pub use crate::tabs::*;
pub use crate::theme::*;
pub use crate::time_zone::use_time_zone;
pub use crate::timeline::*;
pub use crate::toast::*;
