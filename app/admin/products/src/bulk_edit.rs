//! A bulk edit: its preview, what became of each product, and undo.

use std::time::Duration;

use admin_layout::{StaffForm, address, on_done, shown};
use domain::id::BulkEditId;
use domain::permission::Permission;
use domain::view::{
    BulkEditState, BulkEditView, BulkPartView, BulkProblem, BulkProblemKind, BulkRowState, BulkRowView, BulkRowsView, CategoryChange,
    PriceRounding, PriceRule,
};
use domain::{Locale, Money};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use ui::{
    Alert, Breadcrumbs, Button, Column, Facts, LinkButton, Look, PageHeader, Pager, Panel, Row, SkeletonText, StatusBadge, Tab, Table,
    Tabs, Tone, icon, tr, trn, use_locale, use_time_zone,
};
use web::{Access, Answer, AppError, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback};

use crate::bulk::PAGE;

/// A bulk edit with a page of its products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkEditPageView {
    pub edit: BulkEditView,
    pub list: BulkRowsView,
}

/// A bulk edit with its products from a position on, those of one state or all.
#[server(endpoint = "admin/products/bulk/edit", output = Answer)]
pub async fn read_bulk_edit(edit: String, state: String, from: String) -> Result<BulkEditPageView, AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteProducts))?, request::shop()?, request::locale());
    let Ok(id) = edit.parse::<BulkEditId>() else { return Err(request::not_found()) };
    let found = backend::catalog::bulk_edit(&shop, &ctx, locale, id).await.map_err(crate::catalog_error)?;
    let (state, from) = (state.parse().ok(), from.parse().unwrap_or(0));
    let list = backend::catalog::bulk_rows(&shop, &ctx, locale, id, state, from).await.map_err(crate::catalog_error)?;
    let edit = crate::bulk::with_names(&shop, vec![found]).await?.pop().ok_or_else(request::not_found)?;
    Ok(BulkEditPageView { edit, list })
}
access!(ReadBulkEdit, Access::Staff(Permission::WriteProducts));

/// Does what the preview shows.
#[server(endpoint = "admin/products/bulk/do", output = Answer)]
pub async fn do_bulk_edit(edit: BulkEditId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteProducts))?;
    backend::catalog::do_bulk_edit(&request::shop()?, &ctx, edit).await.map_err(crate::catalog_error)
}
access!(DoBulkEdit, Access::Staff(Permission::WriteProducts));

/// Brings back what was changed, but for what somebody changed since.
#[server(endpoint = "admin/products/bulk/undo", output = Answer)]
pub async fn undo_bulk_edit(undone: BulkEditId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteProducts))?;
    backend::catalog::undo_bulk_edit(&request::shop()?, &ctx, undone).await.map_err(crate::catalog_error)
}
access!(UndoBulkEdit, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadBulkEdit>(), access_of::<DoBulkEdit>(), access_of::<UndoBulkEdit>()];

/// `/admin/products/bulk/:edit`
#[derive(Debug)]
pub struct BulkEditPage;

lazy_page!(BulkEditPage, products, bulk_edit_page);

/// While products are being changed, the page is read again so often.
const AGAIN: Duration = Duration::from_secs(1);

fn bulk_edit_page() -> AnyView {
    let (params, query) = (use_params_map(), use_query_map());
    let place = Memo::new(move |_| {
        let id = params.with(|params| params.get("edit").unwrap_or_default());
        query.with(|query| (id, query.get("state").unwrap_or_default(), query.get("from").unwrap_or_default()))
    });
    let version = RwSignal::new(0_u32);
    // A page that was left is not read again.
    let changed = move || _ = version.try_update(|times| *times += 1);
    let fallback = StoredValue::new(use_form_fallback());
    let actions = (ServerAction::<DoBulkEdit>::new(), ServerAction::<UndoBulkEdit>::new());
    on_done(actions.0, "", move |()| changed());
    on_done(actions.1, "", move |()| changed());
    let found = resource(move || (place.get(), version.get()), |((id, state, from), _)| read_bulk_edit(id, state, from));
    let problems = fallback.with_value(|fallback| (problem(actions.0, fallback), problem(actions.1, fallback)));
    view! {
        <Title text=tr!(ADMIN_BULK_TITLE)/>
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(found, move |view: BulkEditPageView| {
                if matches!(view.edit.state, BulkEditState::Running | BulkEditState::Undoing) {
                    Effect::new(move || set_timeout(changed, AGAIN));
                }
                page(view, &place.get_untracked().1, actions, problems)
            })}
        </Transition>
    }
    .into_any()
}

type Actions = (ServerAction<DoBulkEdit>, ServerAction<UndoBulkEdit>);
type Problems = (Signal<Option<AppError>>, Signal<Option<AppError>>);

fn page(view: BulkEditPageView, state: &str, actions: Actions, problems: Problems) -> AnyView {
    let BulkEditPageView { edit, list } = view;
    let locale = use_locale();
    let own = format!("{PAGE}/{}", edit.id);
    let to = |from: Option<i64>| {
        from.map(|from| address(&own, &[("state", state), ("from", &if from > 0 { from.to_string() } else { String::new() })]))
    };
    let (previous, next) = (to(list.previous), to(list.next));
    let tab = |name: String, state_of: &str, count: i64| Tab {
        href: address(&own, &[("state", state_of)]),
        name,
        count: Some(count),
        current: state == state_of,
    };
    let mut tabs = vec![tab(tr!(ADMIN_ORDERS_FILTER_ALL).to_owned(), "", edit.products())];
    let states = BulkRowState::ALL.into_iter().filter(|state| edit.count(*state) > 0);
    tabs.extend(states.map(|state| tab(row_state(state).2.to_owned(), state.as_str(), edit.count(state))));
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned()), (PAGE.to_owned(), tr!(ADMIN_BULK_TITLE).to_owned())];
    let here = locale.date_time(edit.at, use_time_zone());
    let badge = edit.state;
    let mut facts = facts(&edit);
    facts.push((tr!(ADMIN_PRODUCTS_MOVED_BY).to_owned(), edit.actor.clone()));
    view! {
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=here/>
            <PageHeader title=tr!(ADMIN_BULK_TITLE) actions=move || crate::bulk::state(badge)/>
            <ProblemSummary problem=problems.0/>
            <ProblemSummary problem=problems.1/>
            <Facts facts/>
            {progress_and_actions(&edit, actions)}
            <Tabs label=tr!(ADMIN_PRODUCTS) tabs/>
            <Panel title=tr!(ADMIN_PRODUCTS) flush=true>{table(list.rows, edit.state)}</Panel>
            <Pager nostrip:previous=previous nostrip:next=next/>
        </div>
    }
    .into_any()
}

/// How far it is, and the button for what can be done next.
fn progress_and_actions(edit: &BulkEditView, (run, undo): Actions) -> AnyView {
    let (locale, zone, id) = (use_locale(), use_time_zone(), edit.id);
    let count = |state| edit.count(state);
    let (planned, done) = (count(BulkRowState::Planned), count(BulkRowState::Done));
    let left_out = count(BulkRowState::LeftOut) + count(BulkRowState::Refused);
    match edit.state {
        BulkEditState::Planned if planned == 0 => view! { <Alert tone=Tone::Warning>{tr!(ADMIN_BULK_PREVIEW_NOTHING)}</Alert> }.into_any(),
        BulkEditState::Planned => view! {
            <Alert>{tr!(ADMIN_BULK_PREVIEWED)}</Alert>
            <StaffForm action=run>
                <input type="hidden" name="edit" value=id.to_string() autocomplete="off"/>
                <Button kind="submit" busy=run.pending()>{trn!(ADMIN_BULK_DO, planned)}</Button>
            </StaffForm>
        }
        .into_any(),
        BulkEditState::Running | BulkEditState::Undoing => {
            let left = if edit.state == BulkEditState::Running { planned } else { done };
            let own = format!("{PAGE}/{id}");
            view! {
                <Alert>{trn!(ADMIN_BULK_RUNNING, left)}</Alert>
                <noscript><LinkButton href=own look=Look::Outline>{tr!(COMMON_RETRY)}</LinkButton></noscript>
            }
            .into_any()
        }
        BulkEditState::Done => {
            let tone = if left_out > 0 { Tone::Warning } else { Tone::Success };
            let rest = (left_out > 0).then(|| view! { <p>{trn!(ADMIN_BULK_LEFT_OUT, left_out)}</p> });
            let undoing = edit.undo_until.filter(|_| done > 0).map(|until| {
                let hint = tr!(ADMIN_BULK_UNDO_UNTIL, date = locale.date(until, zone));
                view! {
                    <StaffForm action=undo class="flex flex-wrap items-center gap-x-4 gap-y-2">
                        <input type="hidden" name="undone" value=id.to_string() autocomplete="off"/>
                        <Button kind="submit" look=Look::Outline icon=icon::UNDO busy=undo.pending()>{tr!(COMMON_UNDO)}</Button>
                        <p class="text-sm text-quiet">{hint}</p>
                    </StaffForm>
                }
            });
            view! { <Alert tone title=trn!(ADMIN_BULK_DONE, done)>{rest}</Alert>{undoing} }.into_any()
        }
        BulkEditState::Undone => {
            let (undone, kept) = (count(BulkRowState::Undone), count(BulkRowState::Kept));
            let tone = if kept > 0 { Tone::Warning } else { Tone::Success };
            let rest = (kept > 0).then(|| view! { <p>{trn!(ADMIN_BULK_KEPT, kept)}</p> });
            view! { <Alert tone title=trn!(ADMIN_BULK_UNDONE, undone)>{rest}</Alert> }.into_any()
        }
    }
}

/// What was asked for, in words.
pub(crate) fn facts(edit: &BulkEditView) -> Vec<(String, String)> {
    let locale = use_locale();
    let change = &edit.change;
    let mut facts = Vec::new();
    if let Some((prices, (list, currency))) = change.prices.zip(edit.price_list.clone()) {
        let plus = |number: i64, words: String| if number > 0 { format!("+{words}") } else { words };
        let rule = match prices.rule {
            PriceRule::Set(minor) => locale.money(Money::new(minor, currency)),
            PriceRule::Percent(basis_points) => plus(basis_points, locale.percent(basis_points)),
            PriceRule::Amount(minor) => plus(minor, locale.money(Money::new(minor, currency))),
        };
        let is_rounded = prices.rounding != PriceRounding::Exact && !matches!(prices.rule, PriceRule::Set(_));
        let rounding = if is_rounded { format!(", {}", crate::bulk::rounding_name(prices.rounding)) } else { String::new() };
        facts.push((tr!(ADMIN_BULK_PRICES).to_owned(), format!("{rule} ({list}){rounding}")));
    }
    facts.extend(change.status.as_ref().map(|status| (tr!(COMMON_STATUS).to_owned(), status_name(status).to_owned())));
    facts.extend(change.category.map(|category| {
        let to = match category {
            CategoryChange::Into(_) => edit.category.clone(),
            CategoryChange::Out => tr!(ADMIN_BULK_CATEGORY_OUT).to_owned(),
        };
        (tr!(ADMIN_PRODUCTS_CATEGORY).to_owned(), to)
    }));
    for (name, tags) in [(tr!(ADMIN_BULK_ADD_TAGS), &change.add_tags), (tr!(ADMIN_BULK_REMOVE_TAGS), &change.remove_tags)] {
        if !tags.is_empty() {
            facts.push((name.to_owned(), tags.join(", ")));
        }
    }
    facts
}

fn status_name(status: &str) -> &'static str {
    match status {
        "published" => tr!(ADMIN_PRODUCTS_STATE_PUBLISHED),
        "archived" => tr!(ADMIN_PRODUCTS_STATE_ARCHIVED),
        _ => tr!(ADMIN_PRODUCTS_STATE_DRAFT),
    }
}

fn row_state(state: BulkRowState) -> (Tone, bool, &'static str) {
    match state {
        BulkRowState::Planned => (Tone::Info, false, tr!(ADMIN_BULK_ROW_PLANNED)),
        BulkRowState::Unchanged => (Tone::Neutral, true, tr!(ADMIN_BULK_ROW_UNCHANGED)),
        BulkRowState::Refused => (Tone::Danger, true, tr!(ADMIN_BULK_ROW_REFUSED)),
        BulkRowState::Done => (Tone::Success, true, tr!(ADMIN_BULK_ROW_DONE)),
        BulkRowState::LeftOut => (Tone::Warning, true, tr!(ADMIN_BULK_ROW_LEFT_OUT)),
        BulkRowState::Undone => (Tone::Neutral, true, tr!(ADMIN_BULK_ROW_UNDONE)),
        BulkRowState::Kept => (Tone::Warning, true, tr!(ADMIN_BULK_ROW_KEPT)),
    }
}

fn table(rows: Vec<BulkRowView>, state: BulkEditState) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="p-5 text-quiet">{tr!(ADMIN_BULK_ROWS_NONE)}</p> }.into_any();
    }
    let locale = use_locale();
    let changes = if state == BulkEditState::Planned { tr!(ADMIN_BULK_WOULD_CHANGE) } else { tr!(ADMIN_BULK_CHANGE) };
    let columns = vec![Column::new(tr!(ADMIN_PRODUCTS_NAME)), Column::new(changes), Column::new(tr!(COMMON_STATUS)).wide_only()];
    let row = |row: BulkRowView| {
        let (tone, settled, text) = row_state(row.state);
        let parts = row.parts.into_iter().map(|row| part(locale, row)).collect_view();
        let problems = row.problems.into_iter().map(|problem| {
            view! { <li class="tone-warning tone-ink">{problem_words(&problem)}</li> }
        });
        view! {
            <Row>
                <td class="align-top">
                    <a class="tap font-medium hover:underline underline-offset-4" href=format!("/admin/products/{}", row.product)>{row.name}</a>
                    <div class="md:hidden mt-1"><StatusBadge tone settled text/></div>
                </td>
                <td class="align-top"><ul class="flex flex-col gap-0.5">{parts}{problems.collect_view()}</ul></td>
                <td class="max-md:hidden align-top"><StatusBadge tone settled text/></td>
            </Row>
        }
    };
    let rows = rows.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_PRODUCTS) columns>{rows}</Table> }.into_any()
}

/// A part before and after.
fn part(locale: Locale, part: BulkPartView) -> AnyView {
    let none = || tr!(COMMON_NONE).to_owned();
    let or_none = |name: String| if name.is_empty() { none() } else { name };
    let (name, old, new) = match part {
        BulkPartView::Price { sku, old, new } => {
            let money = |price: Option<Money>| price.map_or_else(none, |price| locale.money(price));
            (sku, money(old), money(new))
        }
        BulkPartView::Status { old, new } => (tr!(COMMON_STATUS).to_owned(), status_name(&old).to_owned(), status_name(&new).to_owned()),
        BulkPartView::Category { old, new } => (tr!(ADMIN_PRODUCTS_CATEGORY).to_owned(), or_none(old), or_none(new)),
        BulkPartView::Tags { added, removed } => {
            let signed = |sign: &str, tags: Vec<String>| tags.into_iter().map(|tag| format!("{sign}{tag}")).collect::<Vec<_>>();
            let tags = [signed("+", added), signed("−", removed)].concat().join(", ");
            return view! { <li>{tr!(ADMIN_BULK_TAGS)}": "{tags}</li> }.into_any();
        }
    };
    view! {
        <li><span class="text-quiet">{name}": "</span><span class="figures">{old}</span>" → "<strong class="figures font-semibold">{new}</strong></li>
    }
        .into_any()
}

fn problem_words(problem: &BulkProblem) -> String {
    let sku = problem.sku.as_str();
    match problem.kind {
        BulkProblemKind::NoPrice => tr!(ADMIN_BULK_PROBLEM_NO_PRICE, sku = sku),
        BulkProblemKind::PriceRange => tr!(ADMIN_BULK_PROBLEM_PRICE_RANGE, sku = sku),
        BulkProblemKind::CompareAt => tr!(ADMIN_BULK_PROBLEM_COMPARE_AT, sku = sku),
        BulkProblemKind::TooManyTags => tr!(ADMIN_BULK_PROBLEM_TOO_MANY_TAGS).to_owned(),
        BulkProblemKind::NothingForSale => tr!(ADMIN_BULK_PROBLEM_NOTHING_FOR_SALE).to_owned(),
        BulkProblemKind::ChangedMeanwhile => tr!(ADMIN_BULK_PROBLEM_CHANGED_MEANWHILE).to_owned(),
        BulkProblemKind::NoCategory => tr!(ADMIN_BULK_PROBLEM_NO_CATEGORY).to_owned(),
        BulkProblemKind::PriceSince => tr!(ADMIN_BULK_PROBLEM_PRICE_SINCE, sku = sku),
        BulkProblemKind::StatusSince => tr!(ADMIN_BULK_PROBLEM_STATUS_SINCE).to_owned(),
        BulkProblemKind::CategorySince => tr!(ADMIN_BULK_PROBLEM_CATEGORY_SINCE).to_owned(),
    }
}
