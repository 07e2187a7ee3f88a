//! One customer of two: what leads to the one leads to the other from then on, orders that are placed meanwhile too.

use domain::id::{ContactId, CustomerId};
use domain::permission::Permission;
use domain::view::{CustomerMergeView, CustomerRowView};
use platform::Context;
use platform::db::{DbError, Tx};

use super::events::CustomersMerged;
use super::list::{Entry, found, rows};
use super::person::{Person, last_of, people_of, person_of};
use super::{CustomerError, store};
use crate::{Shop, orders};

/// Makes a customer a part of another, with all that belongs to it. Nothing happens when they are one already.
///
/// An order is a customer's by its account or e-mail, so none has to be moved, and none that is placed meanwhile is left behind.
///
/// # Errors
/// [`CustomerError::TwoAccounts`] where both can sign in, [`CustomerError::Unknown`].
pub async fn merge(shop: &Shop, ctx: &Context, into: ContactId, from: ContactId) -> Result<(), CustomerError> {
    ctx.require(Permission::WriteCustomers)?;
    if into == from {
        return Ok(());
    }
    shop.write(ctx, async move |tx| {
        store::lock(tx).await?;
        let mut people = people_of(tx, &[into, from]).await?;
        let (stays, goes) = people.remove(&into).zip(people.remove(&from)).ok_or(CustomerError::Unknown)?;
        if stays.identity() == goes.identity() {
            return Ok(());
        }
        if stays.can_sign_in() && goes.can_sign_in() {
            return Err(CustomerError::TwoAccounts);
        }
        let (to, from) = (customer_row(tx, &stays).await?, customer_row(tx, &goes).await?);
        store::move_all(tx, from, to).await?;
        tx.record(to, CustomersMerged { from });
        Ok(())
    })
    .await
}

/// The row of a person in `customers`, made where there is none, with all that leads to it now. Under [`store::lock`].
pub(super) async fn customer_row(tx: &mut Tx, person: &Person) -> Result<CustomerId, DbError> {
    let mut rows = person.customers.iter().copied();
    let customer = match rows.next() {
        Some(customer) => customer,
        None => store::insert_customer(tx).await?,
    };
    for other in rows {
        store::move_all(tx, other, customer).await?;
        tx.record(customer, CustomersMerged { from: other });
    }
    store::insert_keys(tx, customer, &person.keys()).await?;
    Ok(customer)
}

/// What staff see before they make one customer of two: who was searched for, and who was chosen.
///
/// # Errors
/// Not allowed, [`CustomerError::Unknown`], or an error of the database or the keys.
pub async fn merge_view(
    shop: &Shop,
    ctx: &Context,
    customer: ContactId,
    search: &str,
    chosen: Option<ContactId>,
) -> Result<CustomerMergeView, CustomerError> {
    ctx.require(Permission::WriteCustomers)?;
    let (stays, row) = one(shop, customer).await?;
    let identity = stays.identity();
    let mut others = if search.trim().is_empty() { Vec::new() } else { found(shop, search.trim()).await? };
    others.retain(|entry| entry.person.identity() != identity);
    others.truncate(20);
    let mut view = CustomerMergeView { customer: row, found: rows(shop, &others).await?, chosen: None, refused: false };
    if let Some(chosen) = chosen {
        let (goes, row) = one(shop, chosen).await?;
        if goes.identity() != identity {
            let orders = orders::count_of(&mut shop.db(), &goes.keys()).await?.orders;
            view.refused = stays.can_sign_in() && goes.can_sign_in();
            view.chosen = Some((row, orders));
        }
    }
    Ok(view)
}

/// A customer by a contact.
async fn one(shop: &Shop, contact: ContactId) -> Result<(Person, CustomerRowView), CustomerError> {
    let person = person_of(&mut shop.db(), contact).await?.ok_or(CustomerError::Unknown)?;
    let last = last_of(&mut shop.db(), &[&person]).await?.pop().ok_or(CustomerError::Unknown)?;
    let row = rows(shop, &[Entry { contact, person: person.clone(), last }]).await?.pop().ok_or(CustomerError::Unknown)?;
    Ok((person, row))
}
