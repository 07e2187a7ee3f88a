//! What a shopper may want of an order later: its items again, its arrival in the calendar, help.

use domain::order::DeliveryState;
use domain::view::OrderView;
use leptos::prelude::*;
use ui::{Icon, icon, tr};

use crate::checkout::{BackIntoCart, LINK};

/// The links and buttons below an order's state.
#[derive(Clone)]
pub(crate) struct Afterwards {
    token: String,
    /// The words of the button that puts its items into the cart again.
    again: Option<&'static str>,
    arrives: bool,
    /// The shop's contact link.
    help: Option<String>,
}

impl Afterwards {
    /// `token` is of the order's signed link.
    pub(crate) fn of(order: &OrderView, token: &str, help: Option<String>) -> Self {
        let is_over = matches!(order.delivery, DeliveryState::Delivered | DeliveryState::Returned);
        let again = match (order.cancelled.is_some(), is_over) {
            (true, _) => Some(tr!(CHECKOUT_BACK_INTO_CART)),
            (false, true) => Some(tr!(ORDER_BUY_AGAIN)),
            (false, false) => None,
        };
        Self { token: token.to_owned(), again, arrives: order.arrival().is_some() && order.unpaid.is_none(), help }
    }

    pub(crate) fn view(self) -> AnyView {
        let Self { token, again, arrives, help } = self;
        let calendar = arrives.then(|| format!("{LINK}{token}/arrival.ics"));
        let link = "link inline-flex items-center gap-2 min-h-11";
        view! {
            {again.map(|words| view! { <div class="mt-4"><BackIntoCart token words/></div> })}
            <div class="flex flex-wrap gap-x-6">
                // A file, and no page of the router's.
                {calendar.map(|href| view! { <a class=link href=href rel="external" download><Icon shape=icon::CALENDAR class="size-5"/>{tr!(ORDER_ADD_TO_CALENDAR)}</a> })}
                {help.map(|href| view! { <a class=link href=href><Icon shape=icon::MAIL class="size-5"/>{tr!(ORDER_HELP)}</a> })}
            </div>
        }
        .into_any()
    }
}
