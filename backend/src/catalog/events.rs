//! Events of products, pictures and categories.
//!
//! Several ways of changing a product record the same event with other fields, so most fields are optional.

use std::collections::BTreeMap;

use domain::Currency;
use domain::id::{BulkEditId, CategoryId, PictureId, PriceListId, ProductId, ProductTypeId};
use domain::view::CategoryRule;
use platform::events::Event;
use platform::follows;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// All events after which a product's page or card may differ.
pub const PRODUCT_CHANGES: &[&str] =
    follows![ProductCreated, ProductUpdated, ProductPublished, ProductArchived, ProductWithdrawn, ProductAvailabilityChanged];

/// All events after which categories may be other ones.
pub const CATEGORY_CHANGES: &[&str] = follows![CategoryCreated, CategoryUpdated, CategoryRemoved];

/// All events after which the facts and size guides of products may be other ones.
pub const PRODUCT_TYPE_CHANGES: &[&str] = follows![ProductTypeCreated, ProductTypeUpdated];

/// Set by imports, and in part by the demonstration data.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImportedStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The status before; empty for a new product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
}

impl ImportedStatus {
    pub(super) fn of_import(status: &str, was: &str) -> Self {
        Self { import: Some(true), status: Some(status.to_owned()), was: Some(was.to_owned()) }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProductCreated {
    #[serde(default)]
    pub handle: String,
    #[serde(flatten)]
    pub imported: ImportedStatus,
}

impl Event for ProductCreated {
    const KIND: &'static str = "product.created";
    type Subject = ProductId;
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProductUpdated {
    /// Fields of the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// One that was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureId>,
    /// Of the prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Before and after by SKU, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<BTreeMap<String, (i64, i64)>>,
    /// Of the prices, where a bulk edit changed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListId>,
    /// What changed it with many others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk_edit: Option<BulkEditId>,
    /// The version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    #[serde(flatten)]
    pub imported: ImportedStatus,
}

impl Event for ProductUpdated {
    const KIND: &'static str = "product.updated";
    type Subject = ProductId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductPublished {
    pub from: String,
}

impl Event for ProductPublished {
    const KIND: &'static str = "product.published";
    type Subject = ProductId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductArchived {
    pub from: String,
}

impl Event for ProductArchived {
    const KIND: &'static str = "product.archived";
    type Subject = ProductId;
}

/// A product became a draft again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductWithdrawn {
    pub from: String,
}

impl Event for ProductWithdrawn {
    const KIND: &'static str = "product.withdrawn";
    type Subject = ProductId;
}

/// The product is sold out, or in stock again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductAvailabilityChanged {}

impl Event for ProductAvailabilityChanged {
    const KIND: &'static str = "product.availability_changed";
    type Subject = ProductId;
}

/// Tax is inside of a price list's prices from now on, or is added to them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PriceListChanged {
    pub name: String,
    pub includes_tax: bool,
}

impl Event for PriceListChanged {
    const KIND: &'static str = "price_list.changed";
    type Subject = PriceListId;
}

/// A price list began, ended or was changed, and with it the prices of products in the web shop. A long list has several of these.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PricesChanged {
    pub products: Vec<ProductId>,
}

impl Event for PricesChanged {
    const KIND: &'static str = "prices.changed";
    type Subject = PriceListId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PictureAdded {
    pub product: Option<ProductId>,
}

impl Event for PictureAdded {
    const KIND: &'static str = "picture.added";
    type Subject = PictureId;
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CategoryCreated {
    /// Of a category that an import created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
    /// Of one that is filled by a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<CategoryRule>,
}

impl Event for CategoryCreated {
    const KIND: &'static str = "category.created";
    type Subject = CategoryId;
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CategoryUpdated {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Some(None)` when the picture was taken away.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub picture: Option<Option<PictureId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
    /// Of one that is filled by a rule from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<CategoryRule>,
}

impl Event for CategoryUpdated {
    const KIND: &'static str = "category.updated";
    type Subject = CategoryId;
}

/// A field that is there, be it null.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<PictureId>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CategoryRemoved {
    pub handle: String,
}

impl Event for CategoryRemoved {
    const KIND: &'static str = "category.removed";
    type Subject = CategoryId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductTypeCreated {
    /// In English.
    pub name: String,
    /// Keys of its fields, in their order.
    pub fields: Vec<String>,
}

impl Event for ProductTypeCreated {
    const KIND: &'static str = "product_type.created";
    type Subject = ProductTypeId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductTypeUpdated {
    /// In English.
    pub name: String,
    pub archived: bool,
    /// Keys of its fields, in their order.
    pub fields: Vec<String>,
    /// Keys of those that went, with what products stated of them.
    pub removed: Vec<String>,
}

impl Event for ProductTypeUpdated {
    const KIND: &'static str = "product_type.updated";
    type Subject = ProductTypeId;
}

/// A member of staff had many products changed, after a preview.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkEditBegun {
    pub products: i64,
}

impl Event for BulkEditBegun {
    const KIND: &'static str = "bulk_edit.begun";
    type Subject = BulkEditId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkEditDone {
    /// Products that were changed.
    pub changed: i64,
    /// Products that somebody changed after the preview, and so were not.
    pub left_out: i64,
}

impl Event for BulkEditDone {
    const KIND: &'static str = "bulk_edit.done";
    type Subject = BulkEditId;
}

/// A member of staff had the products of a bulk edit changed back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkEditUndoBegun {}

impl Event for BulkEditUndoBegun {
    const KIND: &'static str = "bulk_edit.undo_begun";
    type Subject = BulkEditId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkEditUndone {
    /// Products that are as before.
    pub undone: i64,
    /// Products of which something was changed since, and stays.
    pub kept: i64,
}

impl Event for BulkEditUndone {
    const KIND: &'static str = "bulk_edit.undone";
    type Subject = BulkEditId;
}

/// Everything may have changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CatalogChanged {
    /// The seed of the demonstration data.
    pub seed: u64,
}

impl Event for CatalogChanged {
    const KIND: &'static str = "catalog.changed";
    type Subject = Uuid;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_with_the_fields_of_their_change_alone() -> Result<(), serde_json::Error> {
        let saved = ProductUpdated { changed: Some(vec!["texts".into()]), version: Some(2), ..ProductUpdated::default() };
        assert_eq!(serde_json::to_string(&saved)?, r#"{"changed":["texts"],"version":2}"#);
        let imported = ProductCreated { handle: "mug".into(), imported: ImportedStatus::of_import("draft", "") };
        assert_eq!(serde_json::to_string(&imported)?, r#"{"handle":"mug","import":true,"status":"draft","was":""}"#);
        let removed = CategoryUpdated { picture: Some(None), ..CategoryUpdated::default() };
        assert_eq!(serde_json::to_string(&removed)?, r#"{"picture":null}"#);
        assert_eq!(serde_json::from_str::<CategoryUpdated>(r#"{"picture":null}"#)?.picture, Some(None));
        assert_eq!(serde_json::from_str::<CategoryUpdated>("{}")?.picture, None);
        assert_eq!(serde_json::to_string(&ProductAvailabilityChanged {})?, "{}");
        Ok(())
    }
}
