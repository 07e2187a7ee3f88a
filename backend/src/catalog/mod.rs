//! The catalogue: categories, products with options and variants, pictures, as shoppers see them and as managers edit them.
//!
//! Lists and filters are answered by the [`ListingIndex`], the published products in memory. It is read from `product_cards` and
//! `product_facets`, which are written in the transaction of each change; afterwards only `in_stock` follows, by the stock events, and
//! prices when a price list begins or ends, or the taxes of one without tax change, by its job.

pub(crate) mod admin;
mod browse;
mod bulk;
mod cache;
mod card_updates;
mod categories;
mod changes;
mod check;
mod edit;
pub mod events;
mod export;
mod facts;
mod former_slugs;
mod full_product;
pub mod import;
mod languages;
mod listings;
mod pictures;
mod price_lists;
mod product;
mod product_types;
mod sitemap;
mod sizes;
mod store;
mod tables;
mod write;

use domain::view::FieldErrors;
use platform::Forbidden;
use platform::db::DbError;
use platform::files::FilesError;
use platform::jobs::Handlers;

use crate::Shop;
use crate::accounting::AccountingError;

pub use admin::{admin_product, category_choices, prices_include_tax};
pub(crate) use browse::{STORIES, Story, every_category, featured, newest_of, published_categories, slugs, stories};
pub use browse::{cards_by_ids, categories, categories_by_products, category_names, listing, listing_of, newest};
pub use bulk::{
    bulk_choices, bulk_edit, bulk_rows, delete_old_bulk_edits, do_bulk_edit, latest_bulk_edits, plan_bulk_edit, price_list_currency,
    resume_bulk_edit, undo_bulk_edit,
};
pub(crate) use card_updates::{FOLLOWER, stock_written};
pub use card_updates::{catch_up, follow};
pub use categories::{category_list, category_to_edit, last_category_change, remove_category, save_category, set_category_picture};
pub use changes::changes_since;
pub(crate) use check::{Checker, slug_of};
pub(crate) use edit::with_id_suffix;
pub use edit::{save_product, set_status};
pub use export::ProductExport;
pub use former_slugs::{moved_category, moved_product};
pub use languages::{language_of_category, language_of_product};
pub use listings::ListingIndex;
pub(crate) use listings::invalidate;
pub use pictures::{PictureForm, add_picture, encode_missing, forms, picture_file};
pub(crate) use pictures::{StoredPicture, store_bundled as store_bundled_picture};
pub(crate) use price_lists::schedule_price_lists;
pub use price_lists::{price_list_changed, price_lists, set_includes_tax};
pub use product::product;
pub use product_types::{MAX_FIELDS, product_type_choices, product_type_to_edit, product_types, save_product_type};
pub use sitemap::public_paths;
pub(crate) use write::{
    NewOption, NewPicture, NewProduct, NewText, NewValue, NewVariant, ProductPriceList, StatedFact, StatedFacts, insert_pictures,
    insert_products, refresh,
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
    #[error("this bulk edit is too old to be undone")]
    TooLate,
    /// Not one of `draft`, `published`, `archived`.
    #[error("“{0}” is not a state of a product")]
    Status(String),
    #[error("this is not a JPEG, PNG or WebP picture, or it is damaged")]
    NotAPicture,
    #[error("this picture is too large: up to {} MB can be used", domain::MAX_UPLOAD_MB)]
    TooLarge,
    #[error("this picture has too many pixels: up to 50 megapixels, and 12,000 pixels a side, can be used")]
    TooManyPixels,
    /// The store's message follows.
    #[error("the picture could not be stored or read: {0}")]
    Files(#[from] FilesError),
    #[error("the picture could not be encoded: {0}")]
    Encoding(String),
    /// The file system's message follows.
    #[error("the file could not be written: {0}")]
    Output(String),
    /// A file to import that is no list of products.
    #[error("{0}")]
    NotAList(String),
    /// A file to import with a number that can be read in two ways; the decimal sign must be given with the import.
    #[error("line {line}, {column}: “{text}” can be read in two ways; say whether decimals stand behind a comma or a point")]
    AmbiguousDecimalMark { line: u64, column: String, text: String },
    /// The value of the stock could not be booked.
    #[error(transparent)]
    Books(AccountingError),
    #[error("{0}")]
    Db(#[from] DbError),
}

crate::accounting::from_accounting!(CatalogError);

/// Adds the jobs of this area.
pub(crate) fn register(handlers: &mut Handlers<Shop>) {
    price_lists::register(handlers);
    bulk::register(handlers);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_busy_while_stock_is_booked_is_no_error_of_the_books() {
        assert!(matches!(CatalogError::from(AccountingError::Db(DbError::Busy)), CatalogError::Db(DbError::Busy)));
    }
}
