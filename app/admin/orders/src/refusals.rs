//! The refusals on the admin's home, with their actions.

use admin_layout::{StaffForm, on_done, refocus};
use domain::id::RefusalId;
use domain::permission::Permission;
use domain::view::{DashboardView, RefusalKind, RefusalView, refusal_reason};
use leptos::prelude::*;
use ui::{Button, Disclosure, Field, Look, Panel, Size, When, icon, tr, trn, use_locale};
use web::{Access, Answer, AppError, ProblemSummary, access, access_of, problem, typed, use_form_fallback, wrong};

#[cfg(feature = "ssr")]
fn to_app_error(error: &backend::order_management::refusals::RefusalError, field: &str) -> AppError {
    use backend::order_management::refusals::RefusalError;
    use web::request;
    match (error, error.message(request::locale())) {
        (RefusalError::Forbidden(_), _) => request::fail(AppError::new(403)),
        (RefusalError::Note, Some(message)) => request::invalid(vec![(field.to_owned(), message)]),
        (_, Some(message)) => request::fail(AppError::with_message(409, message)),
        (_, None) => request::unexpected(error),
    }
}

/// The id of a refusal's note field.
fn note_of(refusal: &str) -> String {
    format!("note-{refusal}")
}

#[server(endpoint = "admin/refusals/retry", output = Answer)]
pub async fn retry_refusal(refusal: RefusalId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadOrders))?;
    backend::order_management::refusals::retry(&request::shop()?, &ctx, refusal).await.map_err(|error| to_app_error(&error, ""))
}
access!(RetryRefusal, Access::Staff(Permission::ReadOrders));

/// Ends a refusal: `settled` outside the shop, or `dismissed`.
#[server(endpoint = "admin/refusals/end", output = Answer)]
pub async fn end_refusal(refusal: RefusalId, how: String, note: String) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadOrders))?, request::shop()?);
    let ended = match how.as_str() {
        "settled" => backend::order_management::refusals::settle(&shop, &ctx, refusal, &note).await,
        _ => backend::order_management::refusals::dismiss(&shop, &ctx, refusal, &note).await,
    };
    ended.map_err(|error| to_app_error(&error, &note_of(&refusal.to_string())))
}
access!(EndRefusal, Access::Staff(Permission::ReadOrders));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<RetryRefusal>(), access_of::<EndRefusal>()];

/// The panel; empty without refusals. `changed` is called after each action.
pub(crate) fn panel(today: Signal<DashboardView>, changed: Callback<()>) -> AnyView {
    let retry = ServerAction::<RetryRefusal>::new();
    let end = ServerAction::<EndRefusal>::new();
    let done = StoredValue::new(false);
    let redraw = move |()| {
        done.set_value(true);
        changed.run(());
    };
    on_done(retry, tr!(ADMIN_REFUSALS_RETRIED), redraw);
    on_done(end, tr!(COMMON_DONE), redraw);
    // The row is removed with the pressed button: the focus goes to the remaining ones, or to the page's heading.
    Effect::new(move || {
        today.with(|_| ());
        if done.try_update_value(std::mem::take).unwrap_or_default() {
            refocus(vec!["#refusals:not([hidden]) h2".to_owned(), "main h1".to_owned()]);
        }
    });
    let fallback = StoredValue::new(use_form_fallback());
    let (fault, unended) = fallback.with_value(|fallback| (problem(retry, fallback), problem(end, fallback)));
    let any = Memo::new(move |_| today.with(|today| !today.refusals.is_empty()));
    // A remaining row keeps what is typed in it when the figures change.
    let rows = move || today.with(|today| today.refusals.clone());
    view! {
        <div id="refusals" hidden=move || !any.get()>
            <Panel title=tr!(ADMIN_REFUSALS_TITLE)>
                <ProblemSummary problem=fault/>
                <ProblemSummary problem=unended/>
                <ul class="divide-y divide-hairline">
                    <For each=rows key=|row| row.id let(row)>{one(row, retry, end, fallback)}</For>
                </ul>
            </Panel>
        </div>
    }
    .into_any()
}

fn one(
    row: RefusalView,
    retry: ServerAction<RetryRefusal>,
    end: ServerAction<EndRefusal>,
    fallback: StoredValue<web::FormFallback>,
) -> AnyView {
    let locale = use_locale();
    let (id, title) = (row.id.to_string(), row.title(locale));
    let order = row.order.map(|(order, number)| {
        view! { <a class="link figures" href=format!("/admin/orders/{order}")>{tr!(ORDER_NUMBER, number = number)}</a> }.into_any()
    });
    let often = (row.times > 1).then(|| view! { <span>{trn!(ADMIN_REFUSALS_TIMES, row.times)}" · "</span> }.into_any());
    let (again, fields) = (id.clone(), id.clone());
    // As high as the heading beside it.
    let retrying = (row.may_act && row.kind.can_be_retried()).then(|| {
        view! {
            <StaffForm action=retry class="flex items-center min-h-12">
                <input type="hidden" name="refusal" value=again/>
                <Button kind="submit" size=Size::Small look=Look::Outline icon=icon::RETURN>{tr!(ADMIN_REFUSALS_RETRY)}</Button>
            </StaffForm>
        }
        .into_any()
    });
    let ending = row.may_act.then(|| ending(fields, row.kind, end, fallback));
    view! {
        <li class="flex flex-col gap-1 py-3 first:pt-0">
            <div class="flex flex-wrap items-baseline gap-x-4 gap-y-1">
                <span class="font-medium">{title}</span>
                {order}
            </div>
            <p class="break-words">{refusal_reason(locale, &row.reason)}</p>
            <p class="text-sm text-quiet">{often}<When at=row.last_at/></p>
            <div class="flex flex-wrap items-start gap-x-6 gap-y-2 pt-1">
                {retrying}
                {ending}
            </div>
        </li>
    }
    .into_any()
}

fn ending(id: String, kind: RefusalKind, end: ServerAction<EndRefusal>, fallback: StoredValue<web::FormFallback>) -> AnyView {
    let field = note_of(&id);
    let (fault, typed) = fallback.with_value(|fallback| (problem(end, fallback), typed(end, fallback).of("refusal", &id)));
    let error = wrong(fault, field.clone());
    let title = if kind.can_be_settled() { tr!(ADMIN_REFUSALS_END) } else { tr!(ADMIN_REFUSALS_DISMISS_WHY) };
    let settled = kind.can_be_settled().then(|| {
        view! { <Button kind="submit" size=Size::Small look=Look::Outline attr:name="how" attr:value="settled">{tr!(ADMIN_REFUSALS_SETTLED)}</Button> }
            .into_any()
    });
    view! {
        <div class="grow max-w-xl [&>details]:border-b-0">
            <Disclosure title open=typed.is_any()>
                <StaffForm action=end>
                    <input type="hidden" name="refusal" value=id/>
                    <div class="flex flex-col gap-3">
                        <Field label=tr!(ADMIN_ORDERS_REASON) name="note" id=field value=typed.or("note", "") maxlength=200 error/>
                        <div class="flex flex-wrap gap-3">
                            {settled}
                            <Button kind="submit" size=Size::Small look=Look::Outline attr:name="how" attr:value="dismissed">{tr!(ADMIN_REFUSALS_DISMISS)}</Button>
                        </div>
                    </div>
                </StaffForm>
            </Disclosure>
        </div>
    }
    .into_any()
}
