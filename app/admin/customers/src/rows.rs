//! Customers as rows of a table, and their tags.

use admin_layout::address;
use domain::view::CustomerRowView;
use leptos::prelude::*;
use ui::{Badge, Column, Row, Table, Tone, When, tr};

/// The list's address.
pub(crate) const LIST: &str = "/admin/customers";

/// The list of the customers with a tag.
pub(crate) fn with_tag(tag: &str) -> String {
    address(LIST, &[("tag", tag)])
}

fn badges(customer: &CustomerRowView) -> AnyView {
    let tag = |tag: String| {
        let href = with_tag(&tag);
        view! { <a class="tap" href=href><Badge>{tag}</Badge></a> }
    };
    let tags = customer.tags.iter().cloned().map(tag).collect_view();
    view! {
        {customer.account.then(|| view! { <Badge tone=Tone::Info>{tr!(ADMIN_CUSTOMERS_ACCOUNT)}</Badge> })}
        {tags}
    }
    .into_any()
}

/// Customers, each with a link that `to` makes.
pub(crate) fn table(customers: Vec<CustomerRowView>, to: impl Fn(&CustomerRowView) -> String) -> AnyView {
    let columns = vec![
        Column::new(tr!(ADMIN_ORDERS_COLUMN_CUSTOMER)),
        Column::new(tr!(ADDRESS_EMAIL)).wide_only(),
        Column::new(tr!(ADDRESS_PHONE)).wide_only(),
        Column::new(tr!(ADMIN_CUSTOMERS_LAST_ORDER)),
    ];
    let row = |customer: CustomerRowView| {
        let (href, badges) = (to(&customer), badges(&customer));
        let contact = customer.contact;
        view! {
            <Row>
                <td class="min-w-0">
                    <div class="flex flex-wrap items-center gap-x-2 gap-y-1">
                        <a class="tap font-medium hover:underline underline-offset-4 wrap-anywhere" href=href>{contact.name}</a>
                        {badges}
                    </div>
                    <p class="md:hidden text-quiet wrap-anywhere">{contact.email.clone()}</p>
                </td>
                <td class="max-md:hidden wrap-anywhere">{contact.email}</td>
                <td class="max-md:hidden figures whitespace-nowrap">{contact.phone}</td>
                <td class="text-quiet whitespace-nowrap">{match customer.last_order {
                    // On a phone the day is enough, so that an e-mail has room.
                    Some(at) => view! { <span class="max-md:hidden"><When at/></span><span class="md:hidden"><When at day=true/></span> }.into_any(),
                    None => tr!(COMMON_NONE).into_any(),
                }}</td>
            </Row>
        }
    };
    let rows = customers.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_CUSTOMERS) columns>{rows}</Table> }.into_any()
}
