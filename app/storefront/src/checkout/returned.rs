//! The page that one comes back to from the bank: what became of the payment, and the next step.

use std::time::Duration;

use domain::Money;
use domain::order::{PaymentMethod, PaymentState};
use domain::view::{CancelledMoney, UnpaidView};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;
use session::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};
use ui::{Alert, LinkButton, Look, SkeletonText, Tone, tr, use_locale};

use super::{BackIntoCart, LINK, UnpaidActions};
use crate::error_page::ErrorPage;
use crate::seo::NotIndexed;

#[cfg(feature = "ssr")]
use domain::id::OrderId;
#[cfg(feature = "ssr")]
use session::request;

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadReturn>(), access_of::<SettleOrder>()];

/// How long between two questions to the bank.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Where an order's payment stands, for the browser that comes back from the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The order's number.
    pub number: String,
    /// What it costs.
    pub total: Money,
    /// How it is paid by now.
    pub method: PaymentMethod,
    pub payment: PaymentState,
    /// What arrived.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
    /// It waits for its payment by card.
    pub unpaid: Option<UnpaidView>,
    /// The bank is at work on it, or could not be asked.
    pub bank: Option<Bank>,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    /// It was cancelled: why.
    pub cancelled: Option<String>,
    /// The token of the order's signed link, for the browser that placed it.
    pub token: Option<String>,
}

/// Why it is not known yet whether an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bank {
    AtWork,
    /// It could not be asked.
    Unreached,
}

impl Returned {
    fn is_paid(&self) -> bool {
        self.cancelled.is_none() && matches!(self.payment, PaymentState::Authorised | PaymentState::Paid)
    }
}

#[cfg(feature = "ssr")]
async fn returned(order: OrderId) -> Result<Returned, AppError> {
    let shop = request::shop()?;
    let bank = match backend::payments::settle_paced(&shop, order).await {
        Ok(at_work) => at_work.then_some(Bank::AtWork),
        Err(error) => {
            // What the gateway does not say now it says to the timer or the webhook.
            tracing::warn!(%order, %error, "the gateway was not asked");
            Some(Bank::Unreached)
        }
    };
    let view = backend::orders::as_shopper(&shop, request::locale(), order).await.map_err(|error| match error {
        backend::orders::OrderError::Unknown => request::not_found(),
        other => request::unexpected(&other),
    })?;
    let is_theirs = super::unpaid::remembered_order(&shop) == Some(order);
    Ok(Returned {
        number: view.number,
        total: view.total,
        method: view.payment_method,
        payment: view.payment,
        captured: view.captured,
        refunded: view.refunded,
        bank: bank.filter(|_| view.unpaid.is_some()),
        unpaid: view.unpaid,
        failure: view.payment_failure,
        // Who cancelled it need not be told who did.
        cancelled: view.cancelled.map(|(_, reason)| if view.cancelled_by_shopper { String::new() } else { reason }),
        token: is_theirs.then(|| super::unpaid::token_of(&shop, order)),
    })
}

/// Where the payment of an order stands, for the page that one comes back to. It asks the bank, which changes nothing by itself.
#[server(endpoint = "read_return", input = Json, output = Answer)]
pub async fn read_return(order: String) -> Result<Returned, AppError> {
    let order: OrderId = order.parse().map_err(|_| request::not_found())?;
    let found = returned(order).await?;
    if let Some(token) = found.token.as_ref().filter(|_| found.is_paid()) {
        request::redirect(&format!("{LINK}{token}"));
    }
    Ok(found)
}
access!(ReadReturn, Access::Public);

/// Asks the bank once more.
#[server(endpoint = "settle_order", input = Json, output = Answer)]
pub async fn settle_order(order: String) -> Result<Returned, AppError> {
    let order: OrderId = order.parse().map_err(|_| request::not_found())?;
    returned(order).await
}
access!(SettleOrder, Access::Public);

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
                    Ok(returned) => view! { <Standing returned order=order.get_untracked()/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Standing(returned: Returned, order: String) -> impl IntoView {
    let number = returned.number.clone();
    let here = format!("/checkout/return?order={order}");
    let now = RwSignal::new(returned);
    let order = StoredValue::new(order);
    Effect::new(move || {
        let (waits, onward) = now.with(|now| (now.bank.is_some(), now.token.clone().filter(|_| now.is_paid())));
        if let Some(token) = onward {
            // The mail has the same link for whoever cannot follow it now.
            let _ = window().location().replace(&format!("{LINK}{token}"));
        } else if waits {
            ask_again(order, now);
        }
    });
    view! {
        <div class="max-w-xl mx-auto py-10 flex flex-col gap-5">
            <h1 class="text-3xl">{tr!(ORDER_NUMBER, number = number)}</h1>
            <div id="payment-state" class="flex flex-col gap-5" data-state=move || now.with(|now| now.payment.as_str())>
                {move || standing(&now.get(), here.clone())}
            </div>
        </div>
    }
    .into_any()
}

/// What became of the payment, and what can be done next.
fn standing(now: &Returned, here: String) -> AnyView {
    let locale = use_locale();
    let said = |tone: Tone, words: String| view! { <Alert tone><p>{words}</p></Alert> }.into_any();
    // Beside the button to pay it is the lesser one.
    let look = if now.unpaid.is_some() { Look::Outline } else { Look::Primary };
    let to_order = || {
        let link =
            |token: &String| view! { <LinkButton href=format!("{LINK}{token}") look>{tr!(CHECKOUT_TO_ORDER)}</LinkButton> }.into_any();
        now.token.as_ref().map(link)
    };
    let home = || view! { <LinkButton href="/" look=Look::Outline>{tr!(ERROR_HOME_ACTION)}</LinkButton> }.into_any();
    if let Some(reason) = &now.cancelled {
        let money = CancelledMoney::of(now.method, now.captured).words(locale);
        let words = match now.payment {
            PaymentState::Voided => tr!(CHECKOUT_CANCELLED_UNPAID).to_owned(),
            _ => format!("{} {money}", tr!(ORDER_CANCELLED_NOTE)),
        };
        let reason = (!reason.is_empty()).then(|| view! { <p class="text-sm mt-1">{reason.clone()}</p> }.into_any());
        let again = now.token.clone().map(|token| view! { <BackIntoCart token/> }.into_any());
        return view! {
            <Alert tone=Tone::Warning><p>{words}</p>{reason}</Alert>
            {again}
            <div class="flex flex-wrap gap-3">{to_order()}{home()}</div>
        }
        .into_any();
    }
    let (words, pay) = match (now.bank, now.unpaid, now.payment) {
        (Some(Bank::AtWork), Some(_), _) => (said(Tone::Info, tr!(CHECKOUT_PAYMENT_PENDING).into()), None),
        (Some(Bank::Unreached), Some(_), _) => (said(Tone::Info, tr!(CHECKOUT_PAYMENT_UNREACHED).into()), None),
        (None, Some(_), PaymentState::Failed) => {
            let why = now.failure.clone().map(|why| view! { <p class="text-sm mt-1">{why}</p> }.into_any());
            let words = view! { <Alert tone=Tone::Danger><p>{tr!(CHECKOUT_PAYMENT_DECLINED_ORDER)}</p>{why}</Alert> }.into_any();
            (words, Some(tr!(CHECKOUT_TRY_AGAIN)))
        }
        (None, Some(_), PaymentState::RequiresAction) => {
            (said(Tone::Warning, tr!(CHECKOUT_PAYMENT_CONFIRM).into()), Some(tr!(CHECKOUT_GO_ON)))
        }
        (None, Some(_), _) => {
            let (title, words) =
                (tr!(CHECKOUT_WAITS_TITLE, number = now.number), tr!(CHECKOUT_WAITS_BODY, total = locale.money(now.total)));
            (view! { <Alert tone=Tone::Warning title><p>{words}</p></Alert> }.into_any(), Some(tr!(CHECKOUT_PAY_NOW)))
        }
        (_, None, _) if now.method == PaymentMethod::Cod => {
            (said(Tone::Success, tr!(CHECKOUT_PAYMENT_CASH, amount = locale.money(now.total))), None)
        }
        (_, None, PaymentState::PartlyRefunded) => {
            (said(Tone::Success, tr!(CHECKOUT_PAYMENT_PART_REFUNDED, amount = locale.money(now.refunded))), None)
        }
        (_, None, PaymentState::Refunded) => (said(Tone::Info, tr!(CHECKOUT_PAYMENT_REFUNDED, amount = locale.money(now.refunded))), None),
        (_, None, _) => (said(Tone::Success, tr!(CHECKOUT_PAYMENT_DONE).into()), None),
    };
    let actions = match (pay, now.unpaid, now.token.clone()) {
        (Some(pay), Some(unpaid), Some(token)) => view! { <UnpaidActions token unpaid pay/> }.into_any(),
        (Some(_), Some(_), None) => view! { <p>{tr!(CHECKOUT_PAYMENT_ELSEWHERE)}</p> }.into_any(),
        _ => ().into_any(),
    };
    let look_again = now
        .bank
        .map(|_| view! { <span class="without-script"><LinkButton href=here>{tr!(CHECKOUT_LOOK_AGAIN)}</LinkButton></span> }.into_any());
    view! {
        {words}
        {actions}
        <div class="flex flex-wrap gap-3">{look_again}{to_order()}{home()}</div>
    }
    .into_any()
}

/// Asks the bank again after a while, until it has answered or the page is left.
fn ask_again(order: StoredValue<String>, now: RwSignal<Returned>) {
    set_timeout(
        move || {
            let Some(order_id) = order.try_get_value() else { return };
            spawn_local(async move {
                match settle_order(order_id).await {
                    Ok(next) if now.try_with_untracked(|now| *now == next) == Some(true) => ask_again(order, now),
                    Ok(next) => drop(now.try_set(next)),
                    // No network: the next question comes all the same.
                    Err(_) => ask_again(order, now),
                }
            });
        },
        POLL_INTERVAL,
    );
}
