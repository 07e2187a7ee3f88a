//! The order that this browser placed last: shown again on the pages its shopper returns to, and, while it waits for its payment by
//! card, with what can be done about it.

use domain::Money;
use domain::view::UnpaidView;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use ui::{Alert, Button, LinkButton, Look, Tone, icon, tr, use_locale, use_time_zone};
use web::{Access, Answer, AppError, PostForm, ProblemSummary, access, access_of, problem, use_form_fallback};

use super::Next;

#[cfg(feature = "ssr")]
use domain::id::OrderId;
#[cfg(feature = "ssr")]
use web::request;

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadLatestOrder>(), access_of::<FinishOrder>()];

/// The path of an order's signed link, before the token.
pub(crate) const LINK: &str = "/orders/follow/";

/// The order that this browser placed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatestOrder {
    pub number: String,
    /// Less what is waived.
    pub total: Money,
    pub token: String,
    /// For an order that waits for its payment by card.
    pub unpaid: Option<UnpaidView>,
}

/// Sets a cookie with the order that this browser placed last; signed, because knowing an order's id must not be enough to act as
/// its shopper.
#[cfg(feature = "ssr")]
pub(crate) fn remember_order(shop: &backend::Shop, order: OrderId) {
    let value = format!("{order}.{}", backend::orders::proof(shop, order));
    for path in ["/cart", "/checkout", "/api/read_return", "/api/sync_payment", "/api/begin_checkout", "/api/read_latest_order"] {
        request::set_cookie("order", &value, path, 7_200);
    }
}

#[cfg(feature = "ssr")]
pub(super) fn remembered_order(shop: &backend::Shop) -> Option<OrderId> {
    let cookie = request::cookie("order")?;
    let (id, proof) = cookie.split_once('.')?;
    let order: OrderId = id.parse().ok()?;
    backend::orders::is_proof(shop, order, proof).then_some(order)
}

/// The token of an order's signed link.
#[cfg(feature = "ssr")]
pub(super) fn token_of(shop: &backend::Shop, order: OrderId) -> String {
    backend::orders::link(shop, order).trim_start_matches(LINK).to_owned()
}

/// The order that this browser placed last, unless it was cancelled.
#[cfg(feature = "ssr")]
pub(super) async fn latest_order(shop: &backend::Shop) -> Option<LatestOrder> {
    let order = remembered_order(shop)?;
    // An order that cannot be read is not shown; its mail has the link.
    let view = backend::order_management::view(shop, &shop.system(), request::locale(), order).await.ok()?;
    let latest = LatestOrder { total: view.price_now(), number: view.number, token: token_of(shop, order), unpaid: view.unpaid };
    view.cancelled.is_none().then_some(latest)
}

/// The order that this browser placed last, unless it was cancelled.
#[server(endpoint = "read_latest_order", input = GetUrl, output = Answer)]
pub async fn read_latest_order() -> Result<Option<LatestOrder>, AppError> {
    Ok(latest_order(&request::shop()?).await)
}
access!(ReadLatestOrder, Access::Public);

/// Changes an order, named by its signed link. `step` is `card`, to pay it by card; `cash`, to pay it
/// in cash on delivery; `cancel`, to cancel it unpaid; `cart`, to put its items into the cart again, when it does not wait for its
/// payment. Returns the next address.
#[server(endpoint = "finish_order", output = Answer)]
pub async fn finish_order(token: String, step: String) -> Result<Next, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let order = crate::order_by_link::by_link(&token).await?;
    let own = backend::orders::link(&shop, order.id);
    let address = match step.as_str() {
        "card" => {
            remember_order(&shop, order.id);
            // Without a payment page it is paid, or nothing is due: the order's page shows which.
            backend::payments::start_card(&shop, order.id).await.map_err(payment_error)?.unwrap_or(own)
        }
        "cash" => {
            backend::checkout::pay_in_cash(&shop, &context, order.id).await.map_err(payment_error)?;
            own
        }
        "cancel" => {
            backend::order_management::give_up_unpaid(&shop, &context, order.id).await.map_err(order_error)?;
            items_to_cart(&order).await?
        }
        "cart" if order.unpaid.is_none() => items_to_cart(&order).await?,
        _ => return Err(request::not_found()),
    };
    request::redirect(&address);
    Ok(Next { address })
}
access!(FinishOrder, Access::Public);

#[cfg(feature = "ssr")]
fn payment_error(error: backend::payments::PaymentError) -> AppError {
    use backend::payments::PaymentError;
    use domain::messages::t;
    match error {
        PaymentError::NoCash => request::refused(409, t::CHECKOUT_NO_CASH),
        PaymentError::Cancelled => request::refused(409, t::ORDER_ERROR_CANCELLED),
        PaymentError::Db(error) => request::unexpected(&error),
        error => {
            tracing::warn!(%error, "a payment was not begun or not ended");
            request::refused(503, t::ORDER_ERROR_NO_ANSWER)
        }
    }
}

#[cfg(feature = "ssr")]
fn order_error(error: backend::order_management::OrderChangeError) -> AppError {
    use backend::order_management::OrderChangeError;
    use domain::messages::t;
    match error {
        OrderChangeError::Paid => request::refused(409, t::ORDER_ERROR_PAID),
        OrderChangeError::Payment(error) => payment_error(*error),
        error => request::unexpected(&error),
    }
}

/// Adds the items of an order to this browser's cart. Returns the cart's address.
#[cfg(feature = "ssr")]
async fn items_to_cart(order: &domain::view::OrderView) -> Result<String, AppError> {
    use backend::cart;
    use domain::order::Channel;
    use domain::view::CartItem;
    let (shop, context, locale) = (request::shop()?, request::context()?, request::locale());
    let cart = match crate::cart::cart_of_cookie() {
        Some(id) => cart::view(&shop, &context, locale, Channel::Web, id).await.ok(),
        None => None,
    };
    let cart = cart.unwrap_or_else(crate::cart::empty);
    let item = |line: &domain::view::CartLineView| CartItem { variant: line.variant, quantity: line.quantity, seen_price: 0 };
    let mut items: Vec<CartItem> = cart.lines.iter().map(item).collect();
    for back in backend::order_management::cart_items(&shop, order.id).await.map_err(|error| request::unexpected(&error))? {
        match items.iter_mut().find(|item| item.variant == back.variant) {
            // The larger quantity, not the sum: pressing twice adds them once.
            Some(item) => item.quantity = item.quantity.max(back.quantity),
            None => items.push(back),
        }
    }
    // What was cancelled is ordered as it was; what is bought again has no right to the former code.
    let former = order.discount_code().filter(|_| order.cancelled.is_some());
    let code = cart.discount_code.clone().or_else(|| former.map(str::to_owned));
    let view = cart::sync(&shop, &context, locale, Channel::Web, cart.id, cart.version, items, code)
        .await
        .map_err(|error| request::unexpected(&error))?;
    crate::cart::set_cart_cookie(view.id);
    Ok("/cart".to_owned())
}

/// The actions on an order: a form with a button for each `step`.
#[component]
fn OrderActions(
    /// From the order's signed link.
    token: String,
    /// The buttons; called with whether a request is pending.
    buttons: Callback<Signal<bool>, AnyView>,
) -> impl IntoView {
    let action = ServerAction::<FinishOrder>::new();
    let problem = problem(action, &use_form_fallback());
    let leaving = RwSignal::new(false);
    Effect::new(move || {
        let next = action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(|next| next.address.clone()));
        if let Some(next) = next {
            leaving.set(true);
            // The shopper stays on this page when the next one cannot be opened.
            let _ = window().location().set_href(&next);
        }
    });
    let busy = Signal::derive(move || action.pending().get() || leaving.get());
    view! {
        <PostForm action page=format!("{LINK}{token}") class="flex flex-col gap-3">
            <ProblemSummary problem/>
            <input type="hidden" name="token" value=token.clone()/>
            <div class="flex flex-wrap gap-3">{buttons.run(busy)}</div>
        </PostForm>
    }
    .into_any()
}

/// The actions on an order that waits for its payment: pay by card, pay in cash, cancel.
#[component]
pub(crate) fn UnpaidActions(
    token: String,
    /// How long it waits, and whether it can be paid in cash.
    unpaid: UnpaidView,
    /// The label of the button to pay by card.
    #[prop(default = tr!(CHECKOUT_PAY_NOW))]
    pay: &'static str,
) -> impl IntoView {
    let locale = use_locale();
    let buttons = Callback::new(move |busy: Signal<bool>| {
        view! {
            <Button look=Look::Buy kind="submit" icon=icon::CREDIT_CARD busy attr:name="step" attr:value="card">{pay}</Button>
            {unpaid.cash.then(|| view! {
                <Button look=Look::Outline kind="submit" icon=icon::BANKNOTE busy attr:name="step" attr:value="cash">{tr!(CHECKOUT_CASH_INSTEAD)}</Button>
            }.into_any())}
            <Button look=Look::Ghost kind="submit" busy attr:name="step" attr:value="cancel">{tr!(CHECKOUT_GIVE_UP)}</Button>
        }
        .into_any()
    });
    view! {
        <div class="flex flex-col gap-2">
            <p>{tr!(CHECKOUT_KEPT_UNTIL, time = locale.time(unpaid.until, use_time_zone()))}</p>
            <OrderActions token buttons/>
            <p class="text-sm text-quiet">{tr!(CHECKOUT_GIVE_UP_HINT)}</p>
        </div>
    }
    .into_any()
}

/// The button that puts the items of an order into the cart again.
#[component]
pub(crate) fn BackIntoCart(token: String, words: &'static str) -> impl IntoView {
    let buttons = Callback::new(move |busy: Signal<bool>| {
        view! { <Button look=Look::Outline kind="submit" icon=icon::CART busy attr:name="step" attr:value="cart">{words}</Button> }
            .into_any()
    });
    view! { <OrderActions token buttons/> }.into_any()
}

/// The order that this browser placed last, on the pages of the cart and of the checkout: always while it waits for its payment,
/// else in place of an empty cart.
#[component]
pub(crate) fn LatestOrderNote(
    /// The order that the server rendered the page with.
    first: Option<LatestOrder>,
    #[prop(into)] empty: Signal<bool>,
    /// Also when it does not wait for its payment.
    #[prop(optional)]
    always: bool,
) -> impl IntoView {
    let latest = RwSignal::new(first);
    // The cart was ordered in another tab.
    Effect::new(move |before: Option<bool>| {
        let now = empty.get();
        if now && before == Some(false) {
            spawn_local(async move {
                if let Ok(order) = read_latest_order().await {
                    let _ = latest.try_set(order);
                }
            });
        }
        now
    });
    let shown = Memo::new(move |_| latest.get().filter(|order| order.unpaid.is_some() || (always && empty.get())));
    move || shown.get().map(|order| view! { <div class="mb-6" id="latest-order">{note(order)}</div> }.into_any())
}

fn note(order: LatestOrder) -> AnyView {
    let locale = use_locale();
    let link = format!("{LINK}{}", order.token);
    match order.unpaid {
        Some(unpaid) => view! {
            <Alert tone=Tone::Warning title=tr!(CHECKOUT_WAITS_TITLE, number = order.number)>
                <div class="flex flex-col gap-2">
                    <p>{tr!(CHECKOUT_WAITS_BODY, total = locale.money(order.total))}" "<a class="link" href=link>{tr!(CHECKOUT_TO_ORDER)}</a></p>
                    <UnpaidActions token=order.token unpaid/>
                </div>
            </Alert>
        }
        .into_any(),
        None => view! {
            <Alert tone=Tone::Success title=tr!(CHECKOUT_ORDER_IN, number = order.number)>
                <div class="mt-2"><LinkButton href=link>{tr!(CHECKOUT_TO_ORDER)}</LinkButton></div>
            </Alert>
        }
        .into_any(),
    }
}
