//! An order followed by its signed link, without an account; the page that thanks for it, too.

use domain::order::{PaymentMethod, PaymentState};
use domain::view::OrderView;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;
use session::{Access, Answer, AppError, PostForm, ProblemSummary, Title, access, lazy_page, problem, resource, stated, use_posted};
use ui::{Alert, Button, Look, SkeletonText, Tone, icon, tr};

use crate::checkout::Next;
use crate::order::OrderSheet;
use crate::seo::NotIndexed;
use crate::trouble::Trouble;

#[cfg(feature = "ssr")]
use session::request;

/// An order that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// The order.
    pub order: OrderView,
    /// Was it placed a moment ago?
    pub fresh: bool,
}

/// How long an order is thanked for, milliseconds.
#[cfg(feature = "ssr")]
const FRESH: i64 = 15 * 60 * 1_000;

#[cfg(feature = "ssr")]
pub(crate) async fn by_link(token: &str) -> Result<OrderView, AppError> {
    use backend::orders::OrderError;
    use domain::messages::t;
    backend::orders::by_link(&request::shop()?, request::locale(), token).await.map_err(|error| match error {
        OrderError::Link | OrderError::Unknown => request::refused(404, t::ORDER_LINK_EXPIRED),
        other => request::unexpected(&other),
    })
}

/// An order by its signed link. Not a GET: a link is a secret, and addresses are kept in logs and caches.
#[server(endpoint = "follow_order", input = Json, output = Answer)]
pub async fn follow_order(token: String) -> Result<Followed, AppError> {
    let order = by_link(&token).await?;
    let fresh = request::shop()?.now().millis() - order.placed_at.millis() < FRESH;
    Ok(Followed { order, fresh })
}
access!(FollowOrder, Access::Public);

/// Begins another payment by card; the answer says where.
#[server(endpoint = "pay_order", output = Answer)]
pub async fn pay_order(token: String) -> Result<Next, AppError> {
    use domain::messages::t;
    let shop = request::shop()?;
    let order = by_link(&token).await?;
    match backend::payments::start_card(&shop, order.id).await {
        Ok(Some(address)) => {
            crate::checkout::remember_order(&shop, order.id);
            request::redirect(&address);
            Ok(Next { address })
        }
        // Paid meanwhile, or nothing to pay: the page says so.
        Ok(None) => {
            let address = backend::orders::link(&shop, order.id);
            request::redirect(&address);
            Ok(Next { address })
        }
        Err(error) => {
            tracing::warn!(%error, order = %order.id, "a payment was not begun");
            Err(request::refused(503, t::CHECKOUT_PAYMENT_TIMEOUT))
        }
    }
}
access!(PayOrder, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[stated::<FollowOrder>(), stated::<PayOrder>()];

/// An order followed by its link.
#[derive(Debug)]
pub struct FollowPage;

lazy_page!(FollowPage, buying, follow_page);

fn follow_page() -> AnyView {
    let params = use_params_map();
    let token = Memo::new(move |_| params.with(|params| params.get("token").unwrap_or_default()));
    let found = resource(move || token.get(), follow_order);
    view! {
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=8/> }>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(followed) => view! { <FollowedOrder followed token=token.get_untracked()/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn FollowedOrder(followed: Followed, token: String) -> impl IntoView {
    let Followed { order, fresh } = followed;
    let unpaid = matches!(order.payment, PaymentState::Pending | PaymentState::RequiresAction | PaymentState::Failed);
    let pays_by_card = order.payment_method == PaymentMethod::Card && unpaid && order.cancelled.is_none();
    let settled = fresh && !pays_by_card && order.cancelled.is_none();
    let cancel = (order.can_cancel && !pays_by_card).then(|| crate::cancel::address(&format!("/orders/follow/{token}")));
    let thanks = settled.then(|| (order.number.clone(), order.contact.email.clone()));
    let actions = move || {
        let thanks = thanks.clone();
        view! {
            {thanks.map(|(number, email)| view! {
                <Alert tone=Tone::Success title=tr!(CHECKOUT_THANKS_TITLE, number = number)>
                    <p>{tr!(CHECKOUT_THANKS_BODY, email = email)}</p>
                    <p class="text-sm mt-1">{tr!(ORDER_FOLLOW_HINT)}</p>
                </Alert>
            })}
            {pays_by_card.then(|| view! { <PayAgain token=token.clone()/> })}
            {cancel.clone().map(|href| view! { <p class="mt-4"><a class="link" href=href>{tr!(ORDER_CANCEL_ACTION)}</a></p> })}
        }
    };
    view! {
        <Title text=tr!(ORDER_NUMBER, number = order.number)/>
        <OrderSheet order actions/>
    }
    .into_any()
}

#[component]
fn PayAgain(token: String) -> impl IntoView {
    let action = ServerAction::<PayOrder>::new();
    let problem = problem(action, &use_posted());
    Effect::new(move || {
        if let Some(next) =
            action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(|next| next.address.clone()))
        {
            // The reader stays on the order's page when the bank's cannot be opened.
            let _ = window().location().set_href(&next);
        }
    });
    view! {
        <PostForm action class="flex flex-col gap-3 items-start">
            <ProblemSummary problem/>
            <input type="hidden" name="token" value=token/>
            <Button look=Look::Buy kind="submit" icon=icon::CREDIT_CARD busy=action.pending()>{tr!(CHECKOUT_PAY_NOW)}</Button>
        </PostForm>
    }
    .into_any()
}
