//! The catalogue: categories, products with options and variants, pictures, as shoppers see them and as managers edit them.
//!
//! Lists and filters are answered by the [`ListingIndex`], the published products in memory. It is read from `product_cards` and
//! `product_facets`, which are written in the transaction of each change; afterwards only `in_stock` follows, by the stock events, and
//! prices when a price list begins or ends, or the taxes of one without tax change, by its job.

pub(crate) mod admin;
mod availability;
mod browse;
mod cache;
mod categories;
mod check;
mod dated_prices;
mod edit;
pub mod events;
mod export;
mod full_product;
pub mod import;
mod listings;
mod pictures;
mod product;
mod sizes;
mod store;
mod tables;
mod write;

use domain::view::FieldErrors;
use platform::Forbidden;
use platform::db::DbError;

use crate::accounting::AccountingError;

pub use admin::{admin_product, category_choices, prices_include_tax};
pub use availability::{catch_up, follow};
pub(crate) use browse::{STORIES, Story};
pub use browse::{cards_by_ids, categories, home, listing};
pub use categories::{category_list, category_to_edit, remove_category, save_category, set_category_picture};
pub use dated_prices::{price_list_changed, price_lists, set_includes_tax};
pub(crate) use dated_prices::{register, schedule_price_lists};
pub use edit::{save_product, set_status};
pub use export::ProductExport;
pub use listings::ListingIndex;
pub(crate) use listings::invalidate;
pub use pictures::{MAX_UPLOAD_BYTES, PictureForm, WIDTHS, add_picture, encode_missing, forms, picture_file};
pub(crate) use pictures::{StoredPicture, store_bundled as store_bundled_picture};
pub use product::product;
pub(crate) use write::{
    NewOption, NewPicture, NewProduct, NewText, NewValue, NewVariant, ProductPriceList, insert_pictures, insert_products, refresh,
};

/// Products on a page of a list.
pub const PAGE: usize = 24;

/// Why something in the catalogue could not be read or changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CatalogError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// By field, with what to do.
    #[error("please check what is marked")]
    Invalid(FieldErrors),
    #[error("there is no such product or category")]
    Unknown,
    #[error("somebody else changed this in the meantime; open it again and repeat your change")]
    Stale,
    #[error("there are still products in this category")]
    InUse,
    /// Not one of `draft`, `published`, `archived`.
    #[error("“{0}” is not a state of a product")]
    Status(String),
    #[error("this is not a JPEG, PNG or WebP picture, or it is damaged")]
    NotAPicture,
    #[error("this picture is too large: up to 15 MB and 50 megapixels can be used")]
    TooLarge,
    /// The file system's message follows.
    #[error("the picture could not be stored: {0}")]
    Files(String),
    /// A file to import that is no list of products.
    #[error("{0}")]
    NotAList(String),
    /// A file to import with a number that can be read in two ways; the decimal sign must be given with the import.
    #[error("line {line}, {column}: “{text}” can be read in two ways; say whether decimals stand behind a comma or a point")]
    WhichDecimalMark { line: u64, column: String, text: String },
    /// The value of the stock could not be booked.
    #[error(transparent)]
    Books(AccountingError),
    #[error("{0}")]
    Db(#[from] DbError),
}

crate::accounting::from_accounting!(CatalogError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_busy_while_stock_is_booked_is_no_error_of_the_books() {
        assert!(matches!(CatalogError::from(AccountingError::Db(DbError::Busy)), CatalogError::Db(DbError::Busy)));
    }
}
