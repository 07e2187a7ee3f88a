//! A customer's page.

use domain::id::{AddressId, ContactId, CustomerId};
use domain::permission::Permission;
use domain::view::{ContactDetails, CustomerAccountView, CustomerView, PageAt, Preferences, SpentView};
use domain::{Locale, Money};
use platform::Context;

use super::person::{Person, last_of, person_of};
use super::{CustomerError, list, notes, store, tags};
use crate::orders::{self, PersonKeys, Spent};
use crate::{Shop, contacts};

/// Addresses that a page shows.
const MAX_ADDRESSES: usize = 20;
/// Other contacts that a page shows.
const MAX_OTHERS: usize = 10;

/// The page of the customer whom a contact is of. `after` is where the page of orders begins, as a former answer's `next`.
///
/// # Errors
/// Not allowed, [`CustomerError::Unknown`], or an error of the database or the keys.
pub async fn view(shop: &Shop, ctx: &Context, locale: Locale, contact: ContactId, at: &PageAt) -> Result<CustomerView, CustomerError> {
    ctx.require(Permission::ReadCustomers)?;
    let person = person_of(&mut shop.db(), contact).await?.ok_or(CustomerError::Unknown)?;
    let last = last_of(&mut shop.db(), &[&person]).await?.pop().ok_or(CustomerError::Unknown)?;
    let id = list::main_contact(&person, &last).ok_or(CustomerError::Unknown)?;
    let keys = person.keys();
    let (details, others) = contacts(shop, id, &keys).await?;
    let counted = orders::count_of(&mut shop.db(), &keys).await?;
    let spent = orders::spent_of(&mut shop.db(), &keys).await?;
    let ids: Vec<CustomerId> = person.customers.iter().copied().collect();
    let mut theirs: Vec<String> = tags::of(shop, &ids).await?.into_iter().map(|(_, tag)| tag).collect();
    theirs.dedup();
    Ok(CustomerView {
        id,
        contact: details,
        accounts: accounts(&person),
        others,
        orders: counted.orders,
        last_order: counted.last,
        spent: spent.into_iter().map(spent_view).collect(),
        list: orders::of_person(shop, &keys, at).await?,
        addresses: addresses(shop, &keys).await?,
        notes: notes::views(shop, locale, &ids).await?,
        tags: theirs,
    })
}

/// How somebody is called and reached, and what else they gave of themselves.
async fn contacts(shop: &Shop, id: ContactId, keys: &PersonKeys) -> Result<(ContactDetails, Vec<ContactDetails>), CustomerError> {
    let mut ids = store::contacts_of(&mut shop.db(), keys).await?;
    ids.retain(|other| *other != id);
    let all: Vec<ContactId> = std::iter::once(id).chain(ids.iter().copied()).collect();
    let mut opened = contacts::open_contacts(shop, &all).await?;
    let details = opened.remove(&id).ok_or(CustomerError::Unknown)?;
    let mut others: Vec<ContactDetails> = Vec::new();
    for other in ids.iter().filter_map(|id| opened.remove(id)) {
        if other != details && !others.contains(&other) && others.len() < MAX_OTHERS {
            others.push(other);
        }
    }
    Ok((details, others))
}

fn accounts(person: &Person) -> Vec<CustomerAccountView> {
    let news = |preferences: &str| serde_json::from_str::<Preferences>(preferences).unwrap_or_default().marketing;
    person
        .accounts
        .values()
        .map(|account| CustomerAccountView { since: account.created_at, active: account.active.0, news: news(&account.preferences) })
        .collect()
}

fn spent_view(spent: Spent) -> SpentView {
    let money = |minor| Money::new(minor, spent.currency);
    // To the nearest minor unit; there is at least one order.
    let orders = spent.orders.max(1);
    let average = (spent.total * 2 + orders).div_euclid(orders * 2);
    SpentView { total: money(spent.total), average: money(average), orders: spent.orders }
}

/// The address book of their accounts, then where their latest orders went; each once.
async fn addresses(shop: &Shop, keys: &PersonKeys) -> Result<Vec<Vec<String>>, CustomerError> {
    let mut ids: Vec<AddressId> = store::address_books(&mut shop.db(), &keys.accounts).await?;
    ids.extend(orders::addresses_of(&mut shop.db(), keys).await?);
    let opened = contacts::open_addresses(shop, &ids).await?;
    let mut labels: Vec<Vec<String>> = Vec::new();
    for label in ids.iter().filter_map(|id| opened.get(id)).map(contacts::label_lines) {
        if !labels.contains(&label) && labels.len() < MAX_ADDRESSES {
            labels.push(label);
        }
    }
    Ok(labels)
}
