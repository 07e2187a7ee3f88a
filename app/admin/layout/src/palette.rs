//! What the command palette finds beside pages: orders, customers, products.

use std::time::Duration;

use domain::messages::Msg;
use domain::permission::Permission;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Command, CommandKind, PaletteSearch, Shape, icon, t, use_locale};
use web::{Access, Answer, AppError, LatestRequest, access};

/// So long nobody types before the server is asked.
const TYPING_PAUSE: Duration = Duration::from_millis(120);
/// Entries of each kind, at most.
#[cfg(feature = "ssr")]
const MAX_FOUND: usize = 5;

/// An order, a customer or a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FoundKind {
    Order,
    Customer,
    Product,
}

impl FoundKind {
    const fn name(self) -> (Msg, Shape) {
        match self {
            Self::Order => (t::ADMIN_ORDERS_COLUMN_NUMBER, icon::CLIPBOARD),
            Self::Customer => (t::ADMIN_ORDERS_COLUMN_CUSTOMER, icon::USERS),
            Self::Product => (t::ADMIN_PALETTE_PRODUCT, icon::TAG),
        }
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub kind: FoundKind,
    pub name: String,
    pub href: String,
}

/// Orders by number or by who bought, customers by name, e-mail or telephone number, products by name or SKU: of each kind the first, and
/// only what the user may see.
#[server(endpoint = "admin/find", output = Answer)]
pub async fn find_anything(words: String) -> Result<Vec<Found>, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadDashboard))?, request::shop()?);
    let words = words.trim().chars().take(100).collect::<String>();
    let mut found = Vec::new();
    if words.chars().count() < 2 {
        return Ok(found);
    }
    if ctx.may(Permission::ReadOrders) {
        let query = domain::view::OrderQuery { search: words.clone(), ..Default::default() };
        let list = backend::orders::list(&shop, &ctx, &query).await.map_err(|error| request::unexpected(&error))?;
        found.extend(list.orders.into_iter().take(MAX_FOUND).map(|order| Found {
            kind: FoundKind::Order,
            name: order.customer.map_or_else(|| order.number.clone(), |customer| format!("{} · {customer}", order.number)),
            href: format!("/admin/orders/{}", order.id),
        }));
    }
    if ctx.may(Permission::ReadCustomers) {
        let people = backend::customers::find(&shop, &ctx, &words, MAX_FOUND).await.map_err(|error| request::unexpected(&error))?;
        found.extend(people.into_iter().map(|row| Found {
            kind: FoundKind::Customer,
            name: if row.contact.email.is_empty() { row.contact.name } else { format!("{} · {}", row.contact.name, row.contact.email) },
            href: format!("/admin/customers/{}", row.id),
        }));
    }
    if ctx.may(Permission::ReadProducts) {
        let list = backend::search::admin_list(&shop, &ctx, &words, "", None, &domain::view::PageAt::default())
            .await
            .map_err(|error| request::unexpected(&error))?;
        found.extend(list.products.into_iter().take(MAX_FOUND).map(|product| Found {
            kind: FoundKind::Product,
            name: product.name,
            href: format!("/admin/products/{}", product.id),
        }));
    }
    Ok(found)
}
access!(FindAnything, Access::Staff(Permission::ReadDashboard));

/// Asks the server while words are typed. What was found stays until the next answer is there, so that nothing flickers.
pub(crate) fn search() -> PaletteSearch {
    let locale = use_locale();
    let search = PaletteSearch::new();
    let request = LatestRequest::after(TYPING_PAUSE);
    Effect::new(move || {
        let words = search.words.get();
        if words.trim().chars().count() < 2 {
            request.cancel();
            search.found.set(Vec::new());
            search.waits.set(false);
            return;
        }
        search.waits.set(true);
        let command = move |found: Found| {
            let (group, shape) = found.kind.name();
            let group = group.text(locale).to_owned();
            Command { label: found.name, group, href: found.href, kind: CommandKind::Page, shape, keywords: String::new() }
        };
        let show = move |answer: Result<Vec<Found>, AppError>| {
            // On an error nothing was found; the pages are offered all the same.
            search.found.set(answer.unwrap_or_default().into_iter().map(command).collect());
            search.waits.set(false);
        };
        request.ask(move || find_anything(words), show);
    });
    search
}
