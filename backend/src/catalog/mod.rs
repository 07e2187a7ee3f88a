//! The catalogue: categories, products with options and variants, photographs, as shoppers see them and as managers edit them.
//!
//! Lists and filters are answered by the [`Shelf`], the published goods in memory; `product_cards` and `product_facets` are what it
//! is filled from, written in the transaction of each change. Only `in_stock` follows afterwards, by the stock events.

mod availability;
mod browse;
mod categories;
mod check;
mod edit;
mod export;
pub mod import;
mod index;
mod kept;
mod manage;
mod pictures;
mod product;
mod shelf;
mod sizes;
mod store;
mod whole;
mod write;

use domain::view::FieldErrors;

use crate::platform::Forbidden;
use crate::platform::db::DbError;

pub use availability::{catch_up, follow};
pub(crate) use browse::{STORIES, Story};
pub use browse::{cards_by_ids, categories, home, listing};
pub use categories::{category_list, category_to_edit, remove_category, save_category, set_category_picture};
pub use edit::{save_product, set_status};
pub use export::ProductsFile;
pub use manage::{admin_list, admin_product, category_choices};
pub(crate) use pictures::keep_own as keep_own_picture;
pub use pictures::{LARGEST_UPLOAD, PictureForm, WIDTHS, add_picture, encode_missing, forms, picture_file};
pub use product::product;
pub use shelf::Shelf;
pub(crate) use write::{NewOption, NewPicture, NewProduct, NewText, NewValue, NewVariant, insert_pictures, insert_products, refresh};

/// Products on a page of a list.
pub const PAGE: usize = 24;

/// Why something in the catalogue could not be read or changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CatalogError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Fields that are wrong, each with what to do.
    #[error("please check what is marked")]
    Invalid(FieldErrors),
    /// No such product or category.
    #[error("there is no such product or category")]
    Unknown,
    /// Somebody else saved it since it was opened.
    #[error("somebody else changed this in the meantime; open it again and repeat your change")]
    Stale,
    /// A category with products in it.
    #[error("there are still products in this category")]
    InUse,
    /// Not one of `draft`, `published`, `archived`.
    #[error("“{0}” is not a state of a product")]
    Status(String),
    /// Not a photograph that can be read.
    #[error("this is not a JPEG, PNG or WebP picture, or it is damaged")]
    NotAPicture,
    /// Too many bytes or pixels.
    #[error("this picture is too large: up to 15 MB and 50 megapixels can be used")]
    TooLarge,
    /// The disk.
    #[error("the picture could not be kept: {0}")]
    Files(String),
    /// A file to import that is no list of products.
    #[error("{0}")]
    NotAList(String),
    /// A file to import with a number that can be read in two ways; somebody must say which sign stands before its decimals.
    #[error("line {line}, {column}: “{text}” can be read in two ways; say whether decimals stand behind a comma or a point")]
    WhichDecimalMark { line: u64, column: String, text: String },
    /// The books refused the value of the goods.
    #[error("{0}")]
    Books(String),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}
