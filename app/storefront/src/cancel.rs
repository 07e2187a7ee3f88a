//! Cancelling one's own order by its signed link, after a confirmation.

use domain::id::OrderLineId;
#[cfg(feature = "ssr")]
use domain::messages::t;
use domain::order::CancelCause;
use domain::view::{CancelledMoney, OrderLineView, OrderView};
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use ui::{Alert, Button, Choice, Disclosure, Field, LinkButton, Look, SelectField, SkeletonText, Tone, icon, tr, use_locale};
use web::{
    Access, Answer, AppError, FormFallback, PostForm, ProblemSummary, Title, TypedUnits, access, access_of, lazy_page, problem, resource,
    typed, use_form_fallback, wrong,
};

use crate::error_page::ErrorPage;
use crate::order::state_badges;
use crate::order_by_link::{Followed, follow_order};
use crate::seo::NotIndexed;

/// What the form that cancels units of lines sends as `what`; the other form cancels the whole order.
const SOME: &str = "units";

/// Cancels the order of a signed link, or with `what` set to `units` only units of its lines, as long as no parcel of it is packed.
/// `version` is that of the order when its page was made: a form that is sent twice cancels once. Returns the address of its page.
#[server(endpoint = "cancel_own_order", output = Answer)]
pub async fn cancel_own_order(
    token: String,
    #[server(default)] what: String,
    #[server(default)] cause: String,
    #[server(default)] units: TypedUnits,
    #[server(default)] version: String,
) -> Result<String, AppError> {
    use backend::order_management;
    use web::request;
    let (shop, ctx) = (request::shop()?, request::context()?);
    let order = crate::order_by_link::by_link(&token).await?;
    let cause = cause.parse().unwrap_or(CancelCause::Unsaid);
    let mut address = backend::orders::link(&shop, order.id);
    let done = if what == SOME {
        let lines = units_to_cancel(&order, &units)?;
        let ctx = ctx.with_key(&format!("{}-{}", order.id, version));
        address.push_str(crate::order_by_link::CANCELLED_SOME);
        order_management::cancel_own_units(&shop, &ctx, order.id, lines, cause).await
    } else {
        order_management::cancel_own(&shop, &ctx, order.id, cause).await
    };
    done.map_err(|error| cancel_error(&error))?;
    request::redirect(&address);
    Ok(address)
}
access!(CancelOwnOrder, Access::Public);

/// The units that are typed, each at most what is open of its line; the errors of all fields come together.
#[cfg(feature = "ssr")]
fn units_to_cancel(order: &OrderView, units: &TypedUnits) -> Result<Vec<(OrderLineId, i64)>, AppError> {
    use web::request;
    let locale = request::locale();
    let mut read = web::read_units(units, locale, units_id)?.at_least_one(locale);
    for (line, units) in &read.lines {
        let open = order.lines.iter().find(|own| own.id == *line).map_or(0, OrderLineView::open);
        if *units > open {
            read.wrong.push((units_id(*line), t::ORDER_ERROR_AT_MOST_UNITS.with(locale, &[("units", &locale.number(open))])));
        }
    }
    if read.wrong.is_empty() { Ok(read.lines) } else { Err(request::invalid(read.wrong)) }
}

#[cfg(feature = "ssr")]
fn cancel_error(error: &backend::order_management::OrderChangeError) -> AppError {
    use backend::order_management::OrderChangeError;
    use web::request;
    match (error, error.message(request::locale())) {
        (OrderChangeError::Packed | OrderChangeError::NotCaptured, Some(message)) => request::fail(AppError::with_message(409, message)),
        (OrderChangeError::TooManyUnits { line, .. }, Some(message)) => request::invalid(vec![(units_id(*line), message)]),
        _ => request::unexpected(error),
    }
}

/// The id of the field for a line's units.
fn units_id(line: OrderLineId) -> String {
    format!("units-{line}")
}

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<CancelOwnOrder>()];

/// The address of the cancel page of a signed link.
pub(crate) fn address(link: &str) -> String {
    format!("{link}/cancel")
}

/// `/orders/follow/:token/cancel`
#[derive(Debug)]
pub struct CancelPage;

lazy_page!(CancelPage, buying, cancel_page);

fn cancel_page() -> AnyView {
    let params = use_params_map();
    let token = Memo::new(move |_| params.with(|params| params.get("token").unwrap_or_default()));
    // How often it was too late: each time the order is read again.
    let late = RwSignal::new(0_u32);
    let found = resource(move || (token.get(), late.get()), |(token, _)| follow_order(token));
    view! {
        <NotIndexed/>
        <Transition fallback=|| view! { <SkeletonText lines=5/> }>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(followed) => view! { <CancelOrder followed token=token.get_untracked() late/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn CancelOrder(followed: Followed, token: String, late: RwSignal<u32>) -> impl IntoView {
    let Followed { order, help, .. } = followed;
    let link = format!("/orders/follow/{token}");
    let states = state_badges(&order);
    let content = if order.can_cancel {
        form(&order, token, late)
    } else if order.cancelled.is_some() {
        view! { <Alert tone=Tone::Info><p>{tr!(ORDER_CANCEL_DONE)}</p></Alert> }.into_any()
    } else {
        too_late(help, late.get_untracked() > 0)
    };
    view! {
        <Title text=tr!(ORDER_CANCEL_ACTION)/>
        <div class="max-w-xl mx-auto flex flex-col gap-6 my-6">
            <header>
                <h1 class="text-3xl">{tr!(ORDER_CANCEL_ACTION)}</h1>
                <p class="text-quiet mt-1 mb-3">{tr!(ORDER_NUMBER, number = order.number)}</p>
                {states}
            </header>
            {content}
            <LinkButton href=link look=Look::Outline icon=icon::CHEVRON_LEFT>{tr!(COMMON_BACK)}</LinkButton>
        </div>
    }
    .into_any()
}

/// A packed order cannot be cancelled. After a press the focus goes to this message.
fn too_late(help: Option<String>, pressed: bool) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if pressed {
            // After it is shown.
            request_animation_frame(move || {
                if let Some(notice) = node.try_get_untracked().flatten() {
                    // Without the focus a screen reader still reads it out.
                    let _ = notice.focus();
                }
            });
        }
    });
    let write = help.map(|href| view! { <p class="mt-2"><a class="link" href=href>{tr!(ORDER_WRITE_TO_US)}</a></p> }.into_any());
    view! { <div node_ref=node tabindex="-1" class="outline-none"><Alert tone=Tone::Warning><p>{tr!(ORDER_ERROR_PACKED)}</p>{write}</Alert></div> }.into_any()
}

/// The form that cancels units of lines, with its own button; nothing for an order of one unit.
fn some_items(order: &OrderView, token: String, late: RwSignal<u32>) -> AnyView {
    let locale = use_locale();
    let open: i64 = order.lines.iter().map(OrderLineView::open).sum();
    if open < 2 {
        return ().into_any();
    }
    let (action, fallback) = cancelling(true, late);
    let (problem, typed) = (problem(action, &fallback), typed(action, &fallback));
    let field = |line: &OrderLineView| {
        let (name, id) = (format!("units[{}]", line.id), units_id(line.id));
        let units = locale.number(line.open());
        let is_whole = line.open() == line.quantity;
        let hint = if is_whole { tr!(ORDER_UNITS_OF, units = units) } else { tr!(ORDER_ERROR_AT_MOST_UNITS, units = units) };
        let (value, error) = (typed.or(&name, ""), wrong(problem, id.clone()));
        view! { <Field label=line.label() name id value inputmode="numeric" optional=true hint error/> }.into_any()
    };
    let fields = order.lines.iter().filter(|line| line.open() > 0).map(field).collect_view();
    let version = order.version.to_string();
    view! {
        <Disclosure title=tr!(ORDER_CANCEL_SOME) open=typed.is_any()>
            <PostForm action class="flex flex-col gap-3">
                <ProblemSummary problem/>
                <input type="hidden" name="token" value=token/>
                <input type="hidden" name="version" value=version/>
                <input type="hidden" name="what" value=SOME/>
                <p class="text-sm text-quiet">{tr!(ORDER_CANCEL_SOME_BODY)}</p>
                {fields}
                <div><Button kind="submit" look=Look::Danger icon=icon::CLOSE busy=action.pending()>{tr!(ORDER_CANCEL_SOME_CONFIRM)}</Button></div>
            </PostForm>
        </Disclosure>
    }
    .into_any()
}

/// The action of one of the two forms, which leads to the order's page, and the form fallback as far as it is of this form.
fn cancelling(some: bool, late: RwSignal<u32>) -> (ServerAction<CancelOwnOrder>, FormFallback) {
    let action = ServerAction::<CancelOwnOrder>::new();
    let fallback = use_form_fallback();
    let is_own = (fallback.value("what") == Some(SOME)) == some;
    Effect::new(move || {
        if action.value().with(|answer| matches!(answer, Some(Err(error)) if error.status == 409)) {
            late.update(|late| *late += 1);
        }
    });
    Effect::new(move || {
        let done = action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()));
        if let Some(address) = done {
            // When the order's page cannot be opened, this one stays.
            let _ = window().location().set_href(&address);
        }
    });
    (action, if is_own { fallback } else { FormFallback::default() })
}

fn form(order: &OrderView, token: String, late: RwSignal<u32>) -> AnyView {
    let money = CancelledMoney::of(order.payment_method, order.refundable()).words(use_locale());
    let (action, fallback) = cancelling(false, late);
    let problem = problem(action, &fallback);
    let some = some_items(order, token.clone(), late);
    let causes = vec![
        Choice::new(CancelCause::ChangedMind.as_str(), tr!(ORDER_CANCEL_REASON_CHANGED_MIND)),
        Choice::new(CancelCause::Mistake.as_str(), tr!(ORDER_CANCEL_REASON_MISTAKE)),
        Choice::new(CancelCause::TooLong.as_str(), tr!(ORDER_CANCEL_REASON_TOO_LONG)),
        Choice::new(CancelCause::OrderAnew.as_str(), tr!(ORDER_CANCEL_REASON_ORDER_ANEW)),
    ];
    view! {
        <PostForm action class="flex flex-col gap-5">
            <ProblemSummary problem/>
            <p>{tr!(ORDER_CANCEL_BODY)}" "{money}</p>
            <input type="hidden" name="token" value=token/>
            <SelectField label=tr!(ORDER_CANCEL_REASON) name="cause" empty=tr!(ORDER_CANCEL_REASON_CHOOSE) choices=causes optional=true/>
            <div><Button kind="submit" look=Look::Danger icon=icon::CLOSE busy=action.pending()>{tr!(ORDER_CANCEL_CONFIRM)}</Button></div>
        </PostForm>
        {some}
    }
    .into_any()
}
