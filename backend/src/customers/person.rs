//! Which person a contact is of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::id::{ContactId, CustomerId, UserId};
use platform::db::{DbError, Read};

use super::store::{self, Account, Key, Latest};
use crate::orders::PersonKeys;

/// A person, and what they are known by.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    /// Their rows in `customers`. It is one, unless an account took an e-mail that another row had; what is written next makes them one.
    pub customers: BTreeSet<CustomerId>,
    pub accounts: BTreeMap<UserId, Account>,
    /// Keyed hashes: those of their accounts, and those that they ordered with as guests.
    pub emails: BTreeSet<Vec<u8>>,
    /// Contacts without an e-mail.
    pub contacts: BTreeSet<ContactId>,
}

/// What tells one person from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    Customer(CustomerId),
    Account(UserId),
    Email(Vec<u8>),
    Contact(ContactId),
    /// Nobody.
    None,
}

impl Person {
    pub(super) fn identity(&self) -> Identity {
        let customer = self.customers.first().copied().map(Identity::Customer);
        let account = || self.accounts.keys().next().copied().map(Identity::Account);
        let email = || self.emails.first().cloned().map(Identity::Email);
        let contact = || self.contacts.first().copied().map(Identity::Contact);
        customer.or_else(account).or_else(email).or_else(contact).unwrap_or(Identity::None)
    }

    pub(super) fn keys(&self) -> PersonKeys {
        keys_of([self])
    }

    /// Their account; one that can sign in comes first.
    pub(super) fn account(&self) -> Option<&Account> {
        self.accounts.values().find(|account| account.active.0).or_else(|| self.accounts.values().next())
    }

    pub(super) fn can_sign_in(&self) -> bool {
        self.accounts.values().any(|account| account.active.0)
    }

    /// The account that has an e-mail now.
    fn account_of(&self, email: &[u8]) -> Option<UserId> {
        self.accounts.values().find(|account| account.email_hash == email).map(|account| account.id)
    }
}

/// What all of these people are known by.
pub(super) fn keys_of<'a>(people: impl IntoIterator<Item = &'a Person> + Clone) -> PersonKeys {
    let people = || people.clone().into_iter();
    PersonKeys {
        accounts: people().flat_map(|person| person.accounts.keys().copied()).collect(),
        emails: people().flat_map(|person| person.emails.iter().cloned()).collect(),
        contacts: people().flat_map(|person| person.contacts.iter().copied()).collect(),
    }
}

/// The person of each of these contacts; unknown ids are left out.
pub(super) async fn people_of(db: &mut impl Read, contacts: &[ContactId]) -> Result<HashMap<ContactId, Person>, DbError> {
    let mut people: HashMap<ContactId, Person> = HashMap::new();
    let owners = store::owners(db, contacts).await?;
    let accounts = store::accounts(db, owners.iter().filter_map(|owner| owner.account), []).await?;
    for owner in owners {
        let person = people.entry(owner.id).or_default();
        match (owner.account.and_then(|id| accounts.get(&id)), owner.email_hash) {
            (Some(account), _) => person.add_account(account.clone()),
            (None, Some(email)) => {
                person.emails.insert(email);
            }
            (None, None) => {
                person.contacts.insert(owner.id);
            }
        }
    }
    let mut by_contact: Vec<&mut Person> = people.values_mut().collect();
    add_keys(db, &mut by_contact).await?;
    Ok(people)
}

/// The person of each of these rows of `customers`; those that became a part of another are left out.
pub(super) async fn people_of_customers(db: &mut impl Read, customers: &[CustomerId]) -> Result<HashMap<CustomerId, Person>, DbError> {
    let mut people: HashMap<CustomerId, Person> = HashMap::new();
    for key in store::keys_of_customers(db, customers).await? {
        people.entry(key.customer_id).or_default().add(&key);
    }
    let mut by_customer: Vec<&mut Person> = people.values_mut().collect();
    add_keys(db, &mut by_customer).await?;
    Ok(people)
}

impl Person {
    fn add_account(&mut self, account: Account) {
        self.emails.insert(account.email_hash.clone());
        self.accounts.insert(account.id, account);
    }

    /// Adds a key that leads to a row of `customers`; its account is read later.
    fn add(&mut self, key: &Key) {
        self.customers.insert(key.customer_id);
        self.emails.extend(key.email_hash.clone());
        self.contacts.extend(key.contact_id);
    }

    fn is_known_by(&self, key: &Key) -> bool {
        key.user_id.is_some_and(|user| self.accounts.contains_key(&user))
            || key.email_hash.as_ref().is_some_and(|email| self.emails.contains(email))
            || key.contact_id.is_some_and(|contact| self.contacts.contains(&contact))
    }
}

/// Adds what else leads to the rows of `customers` that these people are known by.
async fn add_keys(db: &mut impl Read, people: &mut [&mut Person]) -> Result<(), DbError> {
    let keys = keys_of(people.iter().map(|person| &**person));
    let known = store::keys(db, &keys).await?;
    let customers = people.iter().flat_map(|person| person.customers.iter().copied());
    let customers: BTreeSet<CustomerId> = known.iter().map(|key| key.customer_id).chain(customers).collect();
    if customers.is_empty() {
        return Ok(());
    }
    let keys = store::keys_of_customers(db, &customers.into_iter().collect::<Vec<_>>()).await?;
    let accounts = store::accounts(
        db,
        keys.iter().filter_map(|key| key.user_id),
        // Whoever ordered as a guest may have signed up since.
        keys.iter().filter_map(|key| key.email_hash.as_deref()),
    )
    .await?;
    for person in people {
        let rows: BTreeSet<CustomerId> = known.iter().filter(|key| person.is_known_by(key)).map(|key| key.customer_id).collect();
        let theirs: Vec<&Key> =
            keys.iter().filter(|key| rows.contains(&key.customer_id) || person.customers.contains(&key.customer_id)).collect();
        for key in &theirs {
            person.add(key);
        }
        let users: BTreeSet<UserId> = theirs.iter().filter_map(|key| key.user_id).collect();
        for account in accounts.values() {
            if users.contains(&account.id) || person.emails.contains(&account.email_hash) {
                person.add_account(account.clone());
            }
        }
    }
    Ok(())
}

/// What came last of a person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    /// Their newest contact. A list has them where it stands.
    pub contact: Option<ContactId>,
    pub order: Option<domain::Timestamp>,
}

/// What came last of each of these people, in their order.
pub(super) async fn last_of(db: &mut impl Read, people: &[&Person]) -> Result<Vec<Last>, DbError> {
    let accounts: BTreeSet<UserId> = people.iter().flat_map(|person| person.accounts.keys().copied()).collect();
    let by_account = store::latest_of_accounts(db, accounts).await?;
    let emails: BTreeMap<&Vec<u8>, Option<UserId>> =
        people.iter().flat_map(|person| person.emails.iter().map(|email| (email, person.account_of(email)))).collect();
    let by_email = store::latest_of_emails(db, emails).await?;
    let contacts: BTreeSet<ContactId> = people.iter().flat_map(|person| person.contacts.iter().copied()).collect();
    let by_contact = store::latest_of_contacts(db, contacts).await?;
    let last = |person: &&Person| {
        let of_accounts = person.accounts.keys().filter_map(|id| by_account.get(id));
        let of_emails = person.emails.iter().filter_map(|email| by_email.get(email));
        let of_contacts = person.contacts.iter().filter_map(|id| by_contact.get(id));
        let all: Vec<&Latest> = of_accounts.chain(of_emails).chain(of_contacts).collect();
        let own = person.accounts.values().map(|account| account.contact_id);
        Last {
            contact: all.iter().filter_map(|latest| latest.contact).chain(own).chain(person.contacts.iter().copied()).max(),
            order: all.iter().filter_map(|latest| latest.last_order).max(),
        }
    };
    Ok(people.iter().map(last).collect())
}

/// The person of a contact.
pub(super) async fn person_of(db: &mut impl Read, contact: ContactId) -> Result<Option<Person>, DbError> {
    Ok(people_of(db, &[contact]).await?.remove(&contact))
}
