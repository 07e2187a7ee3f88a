//! What staff note about a customer. It is personal, so it is sealed.

use std::collections::{BTreeMap, BTreeSet};

use domain::Locale;
use domain::id::{ContactId, CustomerId, CustomerNoteId};
use domain::permission::Permission;
use domain::view::CustomerNoteView;
use platform::db::hex;
use platform::{Context, request_keys};

use super::events::{CustomerNoteAdded, CustomerNoteDeleted};
use super::merge::customer_row;
use super::{CustomerError, person, store};
use crate::order_management::actor_names;
use crate::{Shop, contacts};

/// Characters of a note.
pub const MAX_NOTE: usize = 2_000;

const KIND: &str = "customer_note";

/// Sealed for its own id and not for a customer, as it goes with the customer's other things to another.
fn open(shop: &Shop, note: &store::Note) -> Result<String, CustomerError> {
    Ok(contacts::unseal(shop, KIND, note.id.as_ref(), &note.sealed)?)
}

/// The notes of these customers, newest first.
pub(super) async fn views(shop: &Shop, locale: Locale, ids: &[CustomerId]) -> Result<Vec<CustomerNoteView>, CustomerError> {
    let notes = store::notes(&mut shop.db(), ids).await?;
    let actors: BTreeSet<String> = notes.iter().map(|note| note.actor.clone()).collect();
    let names: BTreeMap<String, String> = if actors.is_empty() { BTreeMap::new() } else { actor_names(shop, locale, &actors).await? };
    let view = |note: store::Note| {
        let author = names.get(&note.actor).cloned().unwrap_or_default();
        Ok(CustomerNoteView { id: note.id, text: open(shop, &note)?, author, at: note.at })
    };
    notes.into_iter().map(view).collect()
}

/// The texts of the notes of these customers, newest first.
pub(super) async fn texts(shop: &Shop, ids: &[CustomerId]) -> Result<Vec<(CustomerId, String)>, CustomerError> {
    let notes = store::notes(&mut shop.db(), ids).await?;
    notes.iter().map(|note| Ok((note.customer_id, open(shop, note)?))).collect()
}

/// Notes something about a customer; under one request key once.
///
/// # Errors
/// [`CustomerError::Note`] for an empty or a long one, [`CustomerError::Unknown`].
pub async fn add_note(shop: &Shop, ctx: &Context, customer: ContactId, text: &str) -> Result<(), CustomerError> {
    ctx.require(Permission::WriteCustomers)?;
    let text = text.trim().replace("\r\n", "\n");
    if text.is_empty() || text.chars().count() > MAX_NOTE || text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(CustomerError::Note);
    }
    // What was asked is kept beside the key, and a note may be kept nowhere in the open.
    let asked = hex(&contacts::blind_index(shop, KIND, &format!("{customer} {text}"))).to_string();
    let note = CustomerNoteId(shop.id());
    let sealed = contacts::seal(shop, KIND, note.as_ref(), &text);
    shop.write(ctx, async move |tx| {
        store::lock(tx).await?;
        let ctx = tx.ctx().clone();
        if request_keys::answered(tx, &ctx, "customer.note", &asked).await?.is_some() {
            return Ok(());
        }
        request_keys::keep(tx, &ctx, "customer.note", &asked, "").await?;
        let person = person::person_of(tx, customer).await?.ok_or(CustomerError::Unknown)?;
        let customer = customer_row(tx, &person).await?;
        store::insert_note(tx, note, customer, &sealed).await?;
        tx.record(customer, CustomerNoteAdded { note });
        Ok(())
    })
    .await
}

/// Deletes a note.
///
/// # Errors
/// [`CustomerError::Unknown`] for one that is not there.
pub async fn delete_note(shop: &Shop, ctx: &Context, note: CustomerNoteId) -> Result<(), CustomerError> {
    ctx.require(Permission::WriteCustomers)?;
    shop.write(ctx, async move |tx| {
        store::lock(tx).await?;
        let customer = store::delete_note(tx, note).await?.ok_or(CustomerError::Unknown)?;
        tx.record(customer, CustomerNoteDeleted { note });
        Ok(())
    })
    .await
}
