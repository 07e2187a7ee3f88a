//! The days and the sorting of the list of orders, in its address.

use admin_layout::address;
use domain::messages::t;
use domain::view::{OrderDays, OrderPeriod, OrderQuery, OrderSort};
use leptos::prelude::*;
use leptos_router::components::Form;
use ui::{Button, Choice, Column, Disclosure, Field, Look, SelectField, Sorted, tr, use_locale, use_time_zone};

/// The filters of a query by their names in the address.
fn fields(query: &OrderQuery) -> [(&'static str, &str); 9] {
    [
        ("q", &query.search),
        ("payment", &query.payment),
        ("fulfilment", &query.fulfilment),
        ("queue", &query.queue),
        ("sales", &query.sales),
        ("period", &query.period),
        ("from", &query.from),
        ("to", &query.to),
        ("sort", &query.sort),
    ]
}

/// The address of the list with these filters, and what else is given.
pub(crate) fn to_list(query: &OrderQuery, more: &[(&str, &str)]) -> String {
    address("/admin/orders", &[&fields(query), more].concat())
}

/// Those of the filters that a form keeps without showing them.
pub(crate) fn hidden(query: &OrderQuery, names: &[&str]) -> AnyView {
    let kept = fields(query).into_iter().filter(|(name, value)| names.contains(name) && !value.is_empty());
    kept.map(|(name, value)| view! { <input type="hidden" name=name value=value.to_owned() autocomplete="off"/> }).collect_view().into_any()
}

/// A column whose heading sorts by it: in the first order, or the other way round where it is sorted so already.
pub(crate) fn sorting(column: Column, query: &OrderQuery, first: OrderSort, second: OrderSort) -> Column {
    let now = query.order();
    let to = if now == first { second } else { first };
    // What a search finds is in the order of time.
    if to.is_by_total() && query.queue.is_empty() && !query.search.is_empty() {
        return column;
    }
    let sort = if to == OrderSort::Newest { "" } else { to.as_str() };
    let href = to_list(&OrderQuery { sort: sort.to_owned(), ..query.clone() }, &[]);
    let sorted = match now {
        now if now != first && now != second => None,
        OrderSort::Newest | OrderSort::TotalDown => Some(Sorted::Descending),
        OrderSort::Oldest | OrderSort::TotalUp => Some(Sorted::Ascending),
    };
    column.sorting(href, sorted)
}

fn period_name(period: OrderPeriod) -> &'static str {
    match period {
        OrderPeriod::Today => tr!(ADMIN_ORDERS_PERIOD_TODAY),
        OrderPeriod::Week => tr!(ADMIN_ORDERS_PERIOD_WEEK),
        OrderPeriod::Month => tr!(ADMIN_ORDERS_PERIOD_MONTH),
    }
}

/// Links to the days that are asked for most, and a form for other days and for the sorting.
pub(crate) fn days_and_sorting(query: &OrderQuery) -> AnyView {
    let period: Option<OrderPeriod> = query.period.parse().ok();
    let has_days = !query.from.is_empty() || !query.to.is_empty();
    let of = |period: &str| OrderQuery { period: period.to_owned(), from: String::new(), to: String::new(), ..query.clone() };
    let link = |name: &'static str, href: String, is_current: bool| {
        let look = if is_current { "border-primary bg-primary text-primary-content" } else { "border-field bg-raised hover:bg-base-200" };
        view! {
            <li><a class=format!("btn btn-sm rounded-full font-medium {look}") href=href aria-current=is_current.then_some("true")>{name}</a></li>
        }
    };
    let any = link(tr!(ADMIN_ORDERS_PERIOD_ANY), to_list(&of(""), &[]), period.is_none() && !has_days);
    let periods = OrderPeriod::ALL.map(|one| link(period_name(one), to_list(&of(one.as_str()), &[]), period == Some(one) && !has_days));
    let periods = periods.into_iter().collect_view();
    let (is_open, form) = (has_days || !query.sort.is_empty(), form(query));
    view! {
        <div class="flex flex-col gap-3">
            <ul class="flex flex-wrap gap-2" aria-label=tr!(ADMIN_ORDERS_DAYS)>{any}{periods}</ul>
            <Disclosure title=tr!(ADMIN_ORDERS_DAYS_AND_SORTING) open=is_open>{form}</Disclosure>
        </div>
    }
    .into_any()
}

/// What is wrong with the days, by field.
fn wrong(query: &OrderQuery) -> [Option<String>; 2] {
    let (locale, today) = (use_locale(), use_time_zone().date(domain::Timestamp::default()));
    match query.days(today) {
        Ok(OrderDays { from: Some(from), to: Some(to) }) if from > to => [None, Some(t::ADMIN_ORDERS_DAYS_ORDER.text(locale).to_owned())],
        Ok(_) => [None, None],
        Err(fields) => ["from", "to"].map(|field| fields.contains(&field).then(|| t::FIELD_DATE_INVALID.text(locale).to_owned())),
    }
}

fn form(query: &OrderQuery) -> AnyView {
    let [wrong_from, wrong_to] = wrong(query);
    let searches = query.queue.is_empty() && !query.search.is_empty();
    let sorts = OrderSort::ALL.into_iter().filter(|sort| !(searches && sort.is_by_total()));
    let sorts: Vec<Choice> =
        sorts.map(|sort| Choice::new(if sort == OrderSort::Newest { "" } else { sort.as_str() }, sort_name(sort))).collect();
    let sort = if query.order() == OrderSort::Newest { String::new() } else { query.sort.clone() };
    let (from, to) = (query.from.clone(), query.to.clone());
    let hidden = hidden(query, &["q", "payment", "fulfilment", "queue", "sales", "period"]);
    let hint = if searches {
        Some(tr!(ADMIN_ORDERS_SORT_SEARCH).to_owned())
    } else {
        (query.order().is_by_total() && query.queue.is_empty()).then(|| tr!(ADMIN_ORDERS_SORT_DAYS, days = OrderSort::TOTAL_DAYS))
    };
    view! {
        <Form method="GET" action="/admin/orders">
            {hidden}
            <div class="grid sm:grid-cols-2 lg:grid-cols-[12rem_12rem_14rem_auto] gap-3 items-start max-w-4xl">
                <Field label=tr!(ADMIN_ORDERS_DAY_FROM) name="from" kind="date" value=from error=Signal::stored(wrong_from)/>
                <Field label=tr!(ADMIN_ORDERS_DAY_TO) name="to" kind="date" value=to error=Signal::stored(wrong_to)/>
                <SelectField label=tr!(ADMIN_ORDERS_SORT) name="sort" choices=sorts selected=sort nostrip:hint=hint/>
                <div class="sm:pt-7"><Button kind="submit" look=Look::Outline>{tr!(COMMON_APPLY)}</Button></div>
            </div>
        </Form>
    }
    .into_any()
}

fn sort_name(sort: OrderSort) -> &'static str {
    match sort {
        OrderSort::Newest => tr!(ADMIN_ORDERS_SORT_NEWEST),
        OrderSort::Oldest => tr!(ADMIN_ORDERS_SORT_OLDEST),
        OrderSort::TotalDown => tr!(ADMIN_ORDERS_SORT_TOTAL_DOWN),
        OrderSort::TotalUp => tr!(ADMIN_ORDERS_SORT_TOTAL_UP),
    }
}
