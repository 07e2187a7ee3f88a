//! What became of orders that were chosen together: those that were done, and each one left out with its reason.

use domain::id::OrderId;
use domain::view::{LeftOutView, PickedOrdersView};
use leptos::html;
use leptos::prelude::*;
use ui::{Alert, Tone, tr, trn};

fn link(order: OrderId, number: String) -> AnyView {
    if number.is_empty() {
        return view! { <span class="figures">{order.to_string()}</span> }.into_any();
    }
    view! { <a class="tap link figures font-medium" href=format!("/admin/orders/{order}")>{number}</a> }.into_any()
}

/// The orders that were left out; nothing without any.
pub(crate) fn left_out(left_out: Vec<LeftOutView>) -> AnyView {
    if left_out.is_empty() {
        return ().into_any();
    }
    let each = left_out.into_iter().map(|LeftOutView { order, number, why }| view! { <li>{link(order, number)}": "{why}</li> }.into_any());
    let each = each.collect_view();
    view! { <Alert tone=Tone::Warning title=tr!(ADMIN_ORDERS_LEFT_OUT)><ul>{each}</ul></Alert> }.into_any()
}

/// What became of the orders that were picked. It takes the focus once there is something new: the button is far below, and gone.
#[component]
pub(crate) fn Outcome(#[prop(into)] outcome: Signal<Option<PickedOrdersView>>) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<()>| {
        if outcome.with(Option::is_some) && before.is_some() {
            // After it is drawn.
            request_animation_frame(move || {
                let Some(region) = node.try_get_untracked().flatten() else { return };
                // Without the focus it is still in sight.
                let _ = region.focus();
                region.scroll_into_view();
            });
        }
    });
    let shown = move || {
        let PickedOrdersView { picked, left_out: not } = outcome.get()?;
        let title = trn!(ADMIN_ORDERS_PICKED, picked.len());
        let any = !picked.is_empty();
        let each = picked.into_iter().map(|(order, number)| view! { <li>{link(order, number)}</li> }.into_any()).collect_view();
        Some(view! {
            {any.then(|| view! { <Alert tone=Tone::Success title><ul class="flex flex-wrap gap-x-4">{each}</ul></Alert> })}
            {left_out(not)}
        })
    };
    view! {
        <div node_ref=node id="outcome" tabindex="-1" class="flex flex-col gap-3 outline-none scroll-mt-20 empty:hidden" hidden=move || outcome.with(Option::is_none)>
            {shown}
        </div>
    }
    .into_any()
}
