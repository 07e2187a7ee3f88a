//! Tags: words that staff sort customers by. They say something about a person, so they are sealed, and found by a keyed hash.

use domain::id::{ContactId, CustomerId};
use domain::permission::Permission;
use platform::Context;

use super::events::{CustomerTagAdded, CustomerTagRemoved};
use super::merge::customer_row;
use super::{CustomerError, person, store};
use crate::{Shop, contacts};

/// Characters of a tag.
pub const MAX_TAG: usize = 40;
/// Tags of a customer.
pub const MAX_TAGS: usize = 50;

const KIND: &str = "customer_tag";

/// The keyed hash of a tag, whatever capitals it is written with.
pub(super) fn hash(shop: &Shop, tag: &str) -> Vec<u8> {
    contacts::blind_index(shop, KIND, &normal(tag).to_lowercase())
}

/// A tag without stray spaces.
fn normal(tag: &str) -> String {
    tag.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tags of these customers.
pub(super) async fn of(shop: &Shop, ids: &[CustomerId]) -> Result<Vec<(CustomerId, String)>, CustomerError> {
    let rows = store::tags(&mut shop.db(), ids).await?;
    // Sealed for its hash and not for a customer, as it goes with the customer's other things to another.
    let open = |row: store::Tag| Ok((row.customer_id, contacts::unseal(shop, KIND, &row.tag_hash, &row.sealed)?));
    rows.into_iter().map(open).collect()
}

/// Gives a customer a tag. One that they have is left as it is.
///
/// # Errors
/// [`CustomerError::Tag`] for an empty or a long one, [`CustomerError::TooManyTags`], [`CustomerError::Unknown`].
pub async fn add_tag(shop: &Shop, ctx: &Context, customer: ContactId, tag: &str) -> Result<(), CustomerError> {
    ctx.require(Permission::WriteCustomers)?;
    let tag = normal(tag);
    if tag.is_empty() || tag.chars().count() > MAX_TAG || tag.chars().any(char::is_control) {
        return Err(CustomerError::Tag);
    }
    let hash = hash(shop, &tag);
    let sealed = contacts::seal(shop, KIND, &hash, &tag);
    shop.write(ctx, async move |tx| {
        store::lock(tx).await?;
        let person = person::person_of(tx, customer).await?.ok_or(CustomerError::Unknown)?;
        let customer = customer_row(tx, &person).await?;
        if store::tags(tx, &[customer]).await?.len() >= MAX_TAGS {
            return Err(CustomerError::TooManyTags);
        }
        if store::insert_tag(tx, customer, &hash, &sealed).await? {
            tx.record(customer, CustomerTagAdded {});
        }
        Ok(())
    })
    .await
}

/// Takes a tag from a customer, if they have it.
///
/// # Errors
/// [`CustomerError::Unknown`], or the database's.
pub async fn remove_tag(shop: &Shop, ctx: &Context, customer: ContactId, tag: &str) -> Result<(), CustomerError> {
    ctx.require(Permission::WriteCustomers)?;
    let hash = hash(shop, tag);
    shop.write(ctx, async move |tx| {
        store::lock(tx).await?;
        let person = person::person_of(tx, customer).await?.ok_or(CustomerError::Unknown)?;
        let customers: Vec<CustomerId> = person.customers.iter().copied().collect();
        let Some(customer) = customers.first().copied() else { return Ok(()) };
        if store::delete_tag(tx, &customers, &hash).await? > 0 {
            tx.record(customer, CustomerTagRemoved {});
        }
        Ok(())
    })
    .await
}
