//! The page of an order by its signed link, without an account; also the confirmation after checkout.

use domain::order::{DeliveryState, PaymentState};
use domain::view::OrderView;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;
use ui::{Alert, SkeletonText, Tone, tr, use_locale};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

use crate::checkout::UnpaidActions;
use crate::error_page::ErrorPage;
use crate::order::OrderDetails;
use crate::order_actions::Afterwards;
use crate::seo::NotIndexed;

#[cfg(feature = "ssr")]
use web::request;

/// An order by its signed link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    pub order: OrderView,
    /// Was it just placed?
    pub fresh: bool,
    /// The shop's contact link.
    pub help: Option<String>,
}

/// How long after it was placed an order shows the confirmation.
#[cfg(feature = "ssr")]
const FRESH_MILLIS: i64 = 15 * 60 * 1_000;

#[cfg(feature = "ssr")]
pub(crate) async fn by_link(token: &str) -> Result<OrderView, AppError> {
    use backend::orders::OrderError;
    use domain::messages::t;
    backend::order_management::by_link(&request::shop()?, request::locale(), token).await.map_err(|error| match error {
        OrderError::Link | OrderError::Unknown => request::refused(404, t::ORDER_LINK_EXPIRED),
        other => request::unexpected(&other),
    })
}

/// An order by its signed link. Not a GET: the link is a secret, and addresses end up in logs and caches.
#[server(endpoint = "follow_order", input = Json, output = Answer)]
pub async fn follow_order(token: String) -> Result<Followed, AppError> {
    let order = by_link(&token).await?;
    let shop = request::shop()?;
    let fresh = shop.now().millis() - order.placed_at.millis() < FRESH_MILLIS;
    Ok(Followed { order, fresh, help: crate::layout::help(&shop) })
}
access!(FollowOrder, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<FollowOrder>()];

/// What the address of an order's page ends in after some of its items were cancelled.
#[cfg(feature = "ssr")]
pub(crate) const CANCELLED_SOME: &str = "?cancelled=some";

#[derive(Debug)]
pub struct FollowPage;

lazy_page!(FollowPage, buying, follow_page);

fn follow_page() -> AnyView {
    let params = use_params_map();
    let token = Memo::new(move |_| params.with(|params| params.get("token").unwrap_or_default()));
    let query = use_query_map();
    let cancelled_some = query.with_untracked(|query| query.get("cancelled").is_some());
    let found = resource(move || token.get(), follow_order);
    view! {
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=8/> }>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(followed) => view! { <FollowedOrder followed token=token.get_untracked() cancelled_some/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

/// Is nothing of it sent, cancelled or refunded yet?
fn is_as_placed(order: &OrderView) -> bool {
    let is_here = matches!(order.delivery, DeliveryState::None | DeliveryState::Preparing | DeliveryState::Packed);
    let is_whole = order.lines.iter().all(|line| line.cancelled == 0);
    is_here && is_whole && order.cancelled.is_none() && order.refunded.minor + order.returning.minor == 0
}

#[component]
fn FollowedOrder(followed: Followed, token: String, cancelled_some: bool) -> impl IntoView {
    let Followed { order, fresh, help } = followed;
    let locale = use_locale();
    let settled = fresh && order.unpaid.is_none() && is_as_placed(&order);
    let some_gone = (cancelled_some && order.cancelled.is_none() && order.lines.iter().any(|line| line.cancelled > 0))
        .then(|| tr!(ORDER_CANCEL_SOME_DONE, total = locale.money(order.price_now())));
    let cancel = (order.can_cancel && order.unpaid.is_none()).then(|| crate::cancel::address(&format!("/orders/follow/{token}")));
    let unpaid =
        order.unpaid.map(|unpaid| (unpaid, order.payment == PaymentState::Failed, order.number.clone(), locale.money(order.due())));
    let afterwards = Afterwards::of(&order, &token, help);
    let email = order.contact.as_ref().map(|contact| contact.email.clone());
    let thanks = settled.then(|| (order.number.clone(), email));
    let actions = move || {
        let thanks = thanks.clone();
        view! {
            {some_gone.clone().map(|text| view! { <Alert tone=Tone::Success><p>{text}</p></Alert> }.into_any())}
            {thanks.map(|(number, email)| view! {
                <Alert tone=Tone::Success title=tr!(CHECKOUT_THANKS_TITLE, number = number)>
                    {email.map(|email| view! { <p>{tr!(CHECKOUT_THANKS_BODY, email = email)}</p> })}
                    <p class="text-sm mt-1">{tr!(ORDER_FOLLOW_HINT)}</p>
                </Alert>
            })}
            {unpaid.clone().map(|(unpaid, failed, number, total)| {
                let token = token.clone();
                let pay = if failed { tr!(CHECKOUT_RETRY) } else { tr!(CHECKOUT_PAY_NOW) };
                view! {
                    {(!failed).then(|| view! {
                        <div class="mb-4"><Alert tone=Tone::Warning title=tr!(CHECKOUT_WAITS_TITLE, number = number)><p>{tr!(CHECKOUT_WAITS_BODY, total = total)}</p></Alert></div>
                    }.into_any())}
                    <UnpaidActions token unpaid pay/>
                }.into_any()
            })}
            {cancel.clone().map(|href| view! { <p class="mt-4"><a class="link" href=href>{tr!(ORDER_CANCEL_ACTION)}</a></p> })}
            {afterwards.clone().view()}
        }
    };
    view! {
        <Title text=tr!(ORDER_NUMBER, number = order.number)/>
        <OrderDetails order actions/>
    }
    .into_any()
}
