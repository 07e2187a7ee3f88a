//! The page that one comes back to from the bank.

use std::time::Duration;

use domain::order::PaymentState;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use session::{Title, lazy_page, resource};
use ui::{Alert, LinkButton, Look, SkeletonText, Tone, tr};

use super::{Returned, read_return, settle_order};
use crate::seo::NotIndexed;
use crate::trouble::Trouble;

/// How long between two questions to the bank.
const PAUSE: Duration = Duration::from_secs(2);

/// The page that one comes back to from the bank.
#[derive(Debug)]
pub struct ReturnPage;

lazy_page!(ReturnPage, buying, return_page);

fn return_page() -> AnyView {
    let query = use_query_map();
    let order = Memo::new(move |_| query.with(|query| query.get("order").unwrap_or_default()));
    let found = resource(move || order.get(), read_return);
    view! {
        <Title text=tr!(CHECKOUT_PAYMENT_TITLE)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=4/> }>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(returned) => view! { <State returned order=order.get_untracked()/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn State(returned: Returned, order: String) -> impl IntoView {
    let state = RwSignal::new(returned.payment);
    let link = returned.link.clone();
    let order = StoredValue::new(order);
    let waits = move || matches!(state.get(), PaymentState::Pending | PaymentState::RequiresAction);
    Effect::new(move || {
        if waits() {
            ask_again(order, state);
        } else if let (PaymentState::Authorised | PaymentState::Paid, Some(link)) = (state.get_untracked(), &link) {
            // The mail has the same link for whoever cannot follow it now.
            let _ = window().location().set_href(link);
        }
    });
    let failure = StoredValue::new(returned.failure.clone());
    let next = returned.link.clone();
    view! {
        <div class="max-w-xl mx-auto py-10 flex flex-col gap-5">
            <h1 class="text-3xl">{tr!(ORDER_NUMBER, number = returned.number)}</h1>
            <div id="payment-state" data-state=move || state.get().as_str()>
                {move || match state.get() {
                    PaymentState::Authorised | PaymentState::Paid | PaymentState::PartlyPaid => view! { <Alert tone=Tone::Success>{tr!(CHECKOUT_PAYMENT_DONE)}</Alert> }.into_any(),
                    PaymentState::Failed => view! {
                        <Alert tone=Tone::Danger>
                            <p>{tr!(CHECKOUT_PAYMENT_DECLINED_ORDER)}</p>
                            {failure.get_value().map(|why| view! { <p class="text-sm mt-1">{why}</p> })}
                        </Alert>
                    }.into_any(),
                    PaymentState::Voided | PaymentState::Refunded | PaymentState::PartlyRefunded => view! { <Alert tone=Tone::Warning>{tr!(ORDER_CANCELLED_NOTE)}</Alert> }.into_any(),
                    PaymentState::Pending | PaymentState::RequiresAction => view! { <Alert>{tr!(CHECKOUT_PAYMENT_PENDING)}</Alert> }.into_any(),
                }}
            </div>
            <div class="flex flex-wrap gap-3">
                {next.map(|next| view! { <LinkButton href=next>{tr!(ORDER_FOLLOW)}</LinkButton> })}
                <LinkButton href="/" look=Look::Outline>{tr!(ERROR_HOME_ACTION)}</LinkButton>
            </div>
        </div>
    }
    .into_any()
}

/// Asks the bank again after a while, until it has answered or the page is left.
fn ask_again(order: StoredValue<String>, state: RwSignal<PaymentState>) {
    set_timeout(
        move || {
            let Some(order_id) = order.try_get_value() else { return };
            spawn_local(async move {
                match settle_order(order_id).await {
                    Ok(now) if state.try_get_untracked() == Some(now) => ask_again(order, state),
                    Ok(now) => drop(state.try_set(now)),
                    // No network: the next question comes all the same.
                    Err(_) => ask_again(order, state),
                }
            });
        },
        PAUSE,
    );
}
