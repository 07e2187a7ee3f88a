//! Customers as staff see them.

use serde::{Deserialize, Serialize};

use super::{ContactDetails, OrderListView, PageAt};
use crate::id::{ContactId, CustomerNoteId};
use crate::{Money, Timestamp};

/// Search of the list of customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerQuery {
    /// A name, an e-mail, a telephone number, an order's number, or a tag.
    pub search: String,
    /// A tag in place of a search; empty for none.
    pub tag: String,
    /// Which page: `next` or `previous` of a former answer.
    pub at: PageAt,
}

/// A customer in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRowView {
    /// One of their contacts: the address of their page. Their other contacts lead to the same page.
    pub id: ContactId,
    pub contact: ContactDetails,
    /// Have they an account?
    pub account: bool,
    /// None for an account that ordered nothing yet.
    pub last_order: Option<Timestamp>,
    pub tags: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerListView {
    /// Up to 50: who ordered or signed up last comes first.
    pub customers: Vec<CustomerRowView>,
    /// For the page before.
    pub previous: Option<String>,
    /// For the page after.
    pub next: Option<String>,
}

/// What a customer spent in one currency: sales, less what was given back of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentView {
    pub total: Money,
    /// By order that counts as a sale.
    pub average: Money,
    /// Orders that count as sales.
    pub orders: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerAccountView {
    pub since: Timestamp,
    /// An inactive account cannot sign in.
    pub active: bool,
    /// Wants news by e-mail.
    pub news: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerNoteView {
    pub id: CustomerNoteId,
    pub text: String,
    /// Who wrote it.
    pub author: String,
    pub at: Timestamp,
}

/// A customer's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerView {
    /// One of their contacts: the address of their page.
    pub id: ContactId,
    /// As their account has it, or else their latest order.
    pub contact: ContactDetails,
    pub accounts: Vec<CustomerAccountView>,
    /// What else they gave of themselves: other names, e-mails and telephone numbers.
    pub others: Vec<ContactDetails>,
    /// All orders, those that were cancelled among them.
    pub orders: i64,
    pub last_order: Option<Timestamp>,
    /// By currency, that of most orders first.
    pub spent: Vec<SpentView>,
    /// A page of the orders.
    pub list: OrderListView,
    /// Each in the lines of a label: the address book, then where orders went.
    pub addresses: Vec<Vec<String>>,
    /// Newest first.
    pub notes: Vec<CustomerNoteView>,
    pub tags: Vec<String>,
}

/// Two customers of whom one is to become a part of the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerMergeView {
    /// Who stays.
    pub customer: CustomerRowView,
    /// What a search found, without the customer.
    pub found: Vec<CustomerRowView>,
    /// Who was chosen to become a part, with the number of their orders.
    pub chosen: Option<(CustomerRowView, i64)>,
    /// Both have accounts that can sign in, so they stay two.
    pub refused: bool,
}
