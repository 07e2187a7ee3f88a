//! The list of customers, and the search for them.

use std::collections::{HashMap, HashSet};

use domain::id::{ContactId, CustomerId};
use domain::order_number;
use domain::permission::Permission;
use domain::view::{CustomerListView, CustomerQuery, CustomerRowView, PageAt};
use platform::Context;
use uuid::Uuid;

use super::person::{Last, Person, last_of, people_of, people_of_customers};
use super::{CustomerError, store, tags};
use crate::paging;
use crate::{Shop, contacts};

/// Customers on a page.
const PAGE: usize = 50;
/// So many times a page reads the next hundred contacts. Where few people have very many of the newest ones it ends before it is full.
const MAX_READS: usize = 20;

/// A page of customers. Without a search, all of them: whose contact is the newest comes first, as an order and an account have one each.
///
/// # Errors
/// Not allowed, or an error of the database or the keys.
pub async fn list(shop: &Shop, ctx: &Context, query: &CustomerQuery) -> Result<CustomerListView, CustomerError> {
    ctx.require(Permission::ReadCustomers)?;
    let (tag, search) = (query.tag.trim(), query.search.trim());
    if !tag.is_empty() {
        return tagged(shop, tag, &query.at).await;
    }
    if search.is_empty() {
        return newest(shop, &query.at).await;
    }
    let found = found(shop, search).await?;
    if found.is_empty() {
        return tagged(shop, search, &query.at).await;
    }
    let place = |key: &str| found.iter().position(|entry| entry.contact.to_string() == key);
    let from = match place(&query.at.before) {
        Some(before) => before.saturating_sub(PAGE),
        None => place(&query.at.after).map_or(0, |at| at + 1),
    };
    let page = &found[from..found.len().min(from + PAGE)];
    let key = |entry: Option<&Entry>| entry.map(|entry| entry.contact.to_string());
    let (previous, next) = (key(page.first().filter(|_| from > 0)), key(page.last().filter(|_| found.len() > from + PAGE)));
    Ok(CustomerListView { customers: rows(shop, page).await?, previous, next })
}

/// The first customers that a search finds, for the command palette.
///
/// # Errors
/// Not allowed, or an error of the database or the keys.
pub async fn find(shop: &Shop, ctx: &Context, search: &str, limit: usize) -> Result<Vec<CustomerRowView>, CustomerError> {
    ctx.require(Permission::ReadCustomers)?;
    let mut found = found(shop, search.trim()).await?;
    found.truncate(limit);
    rows(shop, &found).await
}

/// A person in a list.
pub(super) struct Entry {
    /// The contact by which they came into the list.
    pub contact: ContactId,
    pub person: Person,
    pub last: Last,
}

/// Is it staff who never ordered?
fn is_staff_alone(person: &Person, last: &Last) -> bool {
    last.order.is_none() && person.accounts.values().any(|account| account.role.is_some())
}

/// A page of all customers, whose newest contact is the newest first.
async fn newest(shop: &Shop, at: &PageAt) -> Result<CustomerListView, CustomerError> {
    let key = |contact: ContactId| Some(contact.to_string());
    if let Ok(before) = at.before.parse() {
        let (mut page, rest) = walk(shop, before, true).await?;
        // Fewer than a page before it: the first page follows, in full.
        if let Some(rest) = rest {
            page.reverse();
            let next = page.last().map_or(before, |entry| entry.contact);
            return Ok(CustomerListView { customers: rows(shop, &page).await?, previous: key(rest), next: key(next) });
        }
    }
    let after = at.after.parse::<ContactId>().ok().filter(|_| at.before.is_empty());
    let (page, rest) = walk(shop, after.unwrap_or(ContactId(Uuid::max())), false).await?;
    let previous = page.first().filter(|_| after.is_some()).and_then(|entry| key(entry.contact));
    Ok(CustomerListView { customers: rows(shop, &page).await?, previous, next: rest.and_then(key) })
}

/// The customers from a contact on, a page of them, to the older ones or back to the newer ones; and from where there are more.
async fn walk(shop: &Shop, contact: ContactId, back: bool) -> Result<(Vec<Entry>, Option<ContactId>), CustomerError> {
    let mut from = contact;
    let mut page: Vec<Entry> = Vec::new();
    for _ in 0..MAX_READS {
        let contacts = store::contacts_from(&mut shop.db(), from, back).await?;
        let Some(end) = contacts.last().copied() else {
            return Ok((page, None));
        };
        // A person stands where their newest contact is.
        for entry in entries(shop, &contacts).await?.into_iter().filter(|entry| entry.last.contact == Some(entry.contact)) {
            if page.len() == PAGE {
                let rest = page.last().map(|entry| entry.contact);
                return Ok((page, rest));
            }
            page.push(entry);
        }
        from = end;
    }
    Ok((page, Some(from)))
}

/// The people of these contacts, in the order of the contacts.
pub(super) async fn entries(shop: &Shop, contacts: &[ContactId]) -> Result<Vec<Entry>, CustomerError> {
    let mut people = people_of(&mut shop.db(), contacts).await?;
    let people: Vec<(ContactId, Person)> = contacts.iter().filter_map(|id| people.remove_entry(id)).collect();
    let last = last_of(&mut shop.db(), &people.iter().map(|(_, person)| person).collect::<Vec<_>>()).await?;
    let entry = |((contact, person), last)| Entry { contact, person, last };
    Ok(people.into_iter().zip(last).map(entry).filter(|entry| !is_staff_alone(&entry.person, &entry.last)).collect())
}

/// Who has an order of this number or one that begins so, or this e-mail, this telephone number, or all these words in their name: each
/// once, those of the newest contacts first.
pub(super) async fn found(shop: &Shop, search: &str) -> Result<Vec<Entry>, CustomerError> {
    let mut contacts = Vec::new();
    if let Some((from, to)) = order_number::prefix_range(search) {
        contacts = store::contacts_of_numbers(&mut shop.db(), (&from, &to)).await?;
    }
    if contacts.is_empty() {
        contacts = contacts::find_contacts(shop, search).await?;
    }
    let mut seen = HashSet::new();
    let entries = entries(shop, &contacts).await?;
    Ok(entries.into_iter().filter(|entry| seen.insert(entry.person.identity())).collect())
}

/// The customers with a tag.
async fn tagged(shop: &Shop, tag: &str, at: &PageAt) -> Result<CustomerListView, CustomerError> {
    let hash = &tags::hash(shop, tag);
    let page = paging::read(PAGE, at, |rows| async move { store::tagged(&mut shop.db(), hash, rows).await }).await?;
    let (previous, next) = page.keys(ToString::to_string);
    let ids = page.rows;
    let mut people = people_of_customers(&mut shop.db(), &ids).await?;
    let people: Vec<Person> = ids.iter().filter_map(|id| people.remove(id)).collect();
    let last = last_of(&mut shop.db(), &people.iter().collect::<Vec<_>>()).await?;
    let entry = |(person, last): (Person, Last)| Some(Entry { contact: last.contact?, person, last });
    let page: Vec<Entry> = people.into_iter().zip(last).filter_map(entry).collect();
    Ok(CustomerListView { customers: rows(shop, &page).await?, previous, next })
}

/// The contact by which a person is shown: what an account's owner corrects, else the newest.
pub(super) fn main_contact(person: &Person, last: &Last) -> Option<ContactId> {
    person.account().map(|account| account.contact_id).or(last.contact)
}

/// People as rows of a list.
pub(super) async fn rows(shop: &Shop, page: &[Entry]) -> Result<Vec<CustomerRowView>, CustomerError> {
    let faces: Vec<ContactId> = page.iter().filter_map(|entry| main_contact(&entry.person, &entry.last)).collect();
    let contacts = contacts::open_contacts(shop, &faces).await?;
    let ids: Vec<CustomerId> = page.iter().flat_map(|entry| entry.person.customers.iter().copied()).collect();
    let mut tags: HashMap<CustomerId, Vec<String>> = HashMap::new();
    for (customer, tag) in tags::of(shop, &ids).await? {
        tags.entry(customer).or_default().push(tag);
    }
    let row = |entry: &Entry| {
        let id = main_contact(&entry.person, &entry.last)?;
        let mut theirs: Vec<String> = entry.person.customers.iter().filter_map(|id| tags.get(id)).flatten().cloned().collect();
        theirs.dedup();
        Some(CustomerRowView {
            id,
            contact: contacts.get(&id)?.clone(),
            account: !entry.person.accounts.is_empty(),
            last_order: entry.last.order,
            tags: theirs,
        })
    };
    Ok(page.iter().filter_map(row).collect())
}
