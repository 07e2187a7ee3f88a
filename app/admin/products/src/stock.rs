//! Stock: on hand, reserved, available; and its adjustment with a reason.

use std::collections::HashMap;

use admin_layout::{StaffForm, address, on_done, page_at, pager, shown};
use domain::Money;
use domain::id::{LocationId, VariantId};
use domain::permission::Permission;
use domain::stock::StockReason;
use domain::view::{LocationChoiceView, PageAt, StockListView, StockRowView};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use ui::{
    Badge, Button, Checkbox, Choice, Column, EmptyState, Field, FigureCell, Look, PageHeader, Panel, Row, SelectField, SkeletonRows, Table,
    Tone, icon, tr, trn, use_locale,
};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockView {
    pub list: StockListView,
    /// How many shoppers wait to be told by mail that a variant is back; those for which nobody does are missing.
    pub waiting: HashMap<VariantId, i64>,
    /// What all rows of the list are worth, by currency, where that was asked for; for those who may see costs.
    pub value: Vec<Money>,
    /// Where stock can be adjusted: every location, active ones first.
    pub locations: Vec<LocationChoiceView>,
    /// At this many units or fewer a variant is low in stock.
    pub low: i64,
    pub may_adjust: bool,
    /// The request key of the form.
    pub key: String,
}

#[cfg(feature = "ssr")]
pub(crate) fn inventory_error(error: &backend::inventory::InventoryError) -> AppError {
    use backend::inventory::InventoryError;
    use ui::t;
    use web::request;
    let locale = request::locale();
    match error {
        InventoryError::Forbidden(_) => request::fail(AppError::new(403)),
        InventoryError::Unknown => request::not_found(),
        InventoryError::Amount => request::invalid(vec![("delta".into(), t::ADMIN_PRODUCTS_ADJUST_RANGE.text(locale).to_owned())]),
        InventoryError::Worth => request::invalid(vec![("delta".into(), t::ADMIN_PRODUCTS_STOCK_WORTH.text(locale).to_owned())]),
        InventoryError::NotEnough { available, reserved } => {
            let message = if *reserved > 0 { t::ADMIN_PRODUCTS_NOT_ENOUGH } else { t::ADMIN_PRODUCTS_NOT_THERE };
            request::invalid(vec![("delta".into(), message.with(locale, &[("available", &locale.number(*available))]))])
        }
        InventoryError::Reason => request::invalid(vec![("reason".into(), t::FIELD_CHOOSE.text(locale).to_owned())]),
        InventoryError::Direction { comes_in } => {
            let message = if *comes_in { t::ADMIN_PRODUCTS_ADJUST_LEAVES } else { t::ADMIN_PRODUCTS_ADJUST_COMES_IN };
            request::invalid(vec![("delta".into(), message.text(locale).to_owned())])
        }
        InventoryError::KeyReused => request::refused(409, t::ORDER_ERROR_KEY_REUSED),
        InventoryError::NotReserved | InventoryError::Books(_) | InventoryError::Db(_) => request::unexpected(error),
    }
}

/// Stock by SKU: all of it, or what is low when `low` is not empty. What it is worth together is told where `value` is not empty: that reads
/// all of it.
#[server(endpoint = "admin/stock", output = Answer)]
pub async fn list_stock(search: String, low: String, value: String, #[server(default)] at: PageAt) -> Result<StockView, AppError> {
    use backend::inventory;
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadStock))?, request::shop()?);
    let is_low = !low.is_empty();
    let (locale, failed) = (request::locale(), |error| inventory_error(&error));
    let list = if is_low {
        inventory::list_low(&shop, &ctx, locale, &search, &at).await
    } else {
        inventory::list(&shop, &ctx, locale, &search, &at).await
    };
    let list = list.map_err(failed)?;
    let waiting = backend::back_in_stock::waiting(&shop, &ctx, list.rows.iter().map(|row| row.variant)).await;
    let value = if value.is_empty() { Ok(Vec::new()) } else { inventory::list_value(&shop, &ctx, locale, &search, is_low).await };
    Ok(StockView {
        list,
        waiting: waiting.map_err(|error| request::unexpected(&error))?,
        value: value.map_err(failed)?,
        locations: inventory::location_choices(&shop, &ctx).await.map_err(failed)?,
        low: backend::settings::shop(&shop).low_stock,
        may_adjust: ctx.may(Permission::WriteStock),
        key: shop.id().to_string(),
    })
}
access!(ListStock, Access::Staff(Permission::ReadStock));

/// Adjusts the stock of a variant at a location, with a [reason](StockReason::BY_HAND) and a note.
#[server(endpoint = "admin/stock/adjust", output = Answer)]
pub async fn adjust_stock(
    variant: VariantId,
    location: LocationId,
    delta: String,
    reason: String,
    #[server(default)] note: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    use domain::number_input::NumberError;
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStock))?.with_key(&key);
    let delta = delta.trim();
    let delta = domain::number_input::whole(delta.strip_prefix('+').unwrap_or(delta)).map_err(|error| match error {
        NumberError::Ambiguous => request::invalid(vec![("delta".into(), error.of_whole().text(request::locale()).to_owned())]),
        _ => request::invalid(vec![("delta".into(), ui::t::ADMIN_PRODUCTS_ADJUST_RANGE.text(request::locale()).to_owned())]),
    })?;
    let reason =
        reason.parse().map_err(|_| request::invalid(vec![("reason".into(), ui::t::FIELD_CHOOSE.text(request::locale()).to_owned())]))?;
    let adjusted = backend::inventory::adjust(&request::shop()?, &ctx, variant, location, delta, reason, &note).await;
    adjusted.map_err(|error| inventory_error(&error))
}
access!(AdjustStock, Access::Staff(Permission::WriteStock));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListStock>(), access_of::<AdjustStock>()];

/// `/admin/stock`
#[derive(Debug)]
pub struct Stock;

lazy_page!(Stock, products, stock_page);

/// What the address of the page asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Query {
    search: String,
    /// Not empty for what is low in stock.
    low: String,
    /// Not empty where it is asked what all of it is worth.
    value: String,
    at: PageAt,
}

impl Query {
    /// The first page, with what all of it is worth.
    fn with_value(&self) -> String {
        address("/admin/stock", &[("q", &self.search), ("low", &self.low), ("value", "1")])
    }
}

fn stock_page() -> AnyView {
    let query = use_query_map();
    let page_query = Memo::new(move |_| {
        query.with(|query| {
            let of = |name: &str| query.get(name).unwrap_or_default();
            Query { search: of("q"), low: of("low"), value: of("value"), at: page_at(query) }
        })
    });
    let fallback = StoredValue::new(use_form_fallback());
    let version = RwSignal::new(0_u32);
    let adjust = ServerAction::<AdjustStock>::new();
    // The choices stay when the rows are read again.
    let chosen = Chosen { variant: RwSignal::new(String::new()), location: RwSignal::new(String::new()), version };
    on_done(adjust, tr!(COMMON_SAVED), move |()| version.update(|times| *times += 1));
    let stock = resource(
        move || (page_query.get(), version.get()),
        |(query, _): (Query, u32)| {
            let Query { search, low, value, at } = query;
            list_stock(search, low, value, at)
        },
    );
    view! {
        <Title text=tr!(ADMIN_STOCK)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_STOCK)/>
            {move || page_query.with(search_form)}
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(stock, move |found| page(found, &page_query.get_untracked(), adjust, chosen, fallback))}
            </Transition>
        </div>
    }
    .into_any()
}

fn search_form(query: &Query) -> AnyView {
    let Query { search, low, .. } = query.clone();
    view! {
        <Form method="GET" action="/admin/stock">
            <div class="flex flex-wrap gap-x-5 gap-y-2 items-end">
                <div class="grow max-w-md"><Field label=tr!(COMMON_SEARCH) name="q" kind="search" value=search/></div>
                <Checkbox label=tr!(ADMIN_PRODUCTS_LOW_ONLY) name="low" checked={!low.is_empty()}/>
                <Button kind="submit" look=Look::Outline icon=icon::SEARCH>{tr!(COMMON_SEARCH)}</Button>
            </div>
        </Form>
    }
    .into_any()
}

#[derive(Clone, Copy)]
struct Chosen {
    variant: RwSignal<String>,
    location: RwSignal<String>,
    /// Counts adjustments: after each the amount is empty again.
    version: RwSignal<u32>,
}

fn page(
    found: StockView,
    query: &Query,
    adjust: ServerAction<AdjustStock>,
    chosen: Chosen,
    fallback: StoredValue<FormFallback>,
) -> AnyView {
    let StockView { list, waiting, value, locations, low, may_adjust, key } = found;
    let pager = pager("/admin/stock", &[("q", &query.search), ("low", &query.low)], &query.at, list.previous, list.next);
    let rows = list.rows;
    if rows.is_empty() {
        let body = if query.low.is_empty() { tr!(ADMIN_PRODUCTS_STOCK_EMPTY_BODY) } else { tr!(ADMIN_PRODUCTS_LOW_EMPTY_BODY) };
        return view! { <EmptyState title=tr!(ADMIN_PRODUCTS_STOCK_EMPTY_TITLE) body/> }.into_any();
    }
    // One form for the page: the variant is chosen from its rows.
    let form = may_adjust.then(|| fallback.with_value(|fallback| adjusting(&rows, locations, &key, adjust, chosen, fallback)));
    let locale = use_locale();
    let sees_values = rows.iter().any(|row| row.value.is_some());
    let value = if !value.is_empty() {
        let value = value.into_iter().map(|value| locale.money(value)).collect::<Vec<_>>().join(" + ");
        view! { <p class="text-sm text-quiet">{tr!(ADMIN_PRODUCTS_VALUE_SUM, value = value)}</p> }.into_any()
    } else if sees_values {
        view! { <p class="text-sm"><a class="link" href=query.with_value()>{tr!(ADMIN_PRODUCTS_VALUE_ASK)}</a></p> }.into_any()
    } else {
        ().into_any()
    };
    view! {
        <div class="grid xl:grid-cols-[1fr_22rem] gap-6 items-start">
            <div class="min-w-0 flex flex-col gap-3">
                <Panel title=tr!(ADMIN_STOCK) flush=true>{table(rows, low, waiting)}</Panel>
                {value}
                {pager}
            </div>
            {form}
        </div>
    }
    .into_any()
}

/// Why stock changed, in words.
pub(crate) fn reason_name(reason: StockReason) -> &'static str {
    match reason {
        StockReason::Opening => tr!(ADMIN_PRODUCTS_REASON_OPENING),
        StockReason::Imported => tr!(ADMIN_PRODUCTS_REASON_IMPORTED),
        StockReason::Order => tr!(ADMIN_PRODUCTS_REASON_ORDER),
        StockReason::Refused => tr!(ADMIN_ORDERS_BACK_CAUSE_REFUSED),
        StockReason::Undeliverable => tr!(ADMIN_ORDERS_BACK_CAUSE_UNDELIVERABLE),
        StockReason::Count => tr!(ADMIN_PRODUCTS_REASON_COUNT),
        StockReason::Received => tr!(ADMIN_PRODUCTS_REASON_RECEIVED),
        StockReason::Found => tr!(ADMIN_PRODUCTS_REASON_FOUND),
        StockReason::Damaged => tr!(ADMIN_PRODUCTS_REASON_DAMAGE),
    }
}

fn adjusting(
    rows: &[StockRowView],
    locations: Vec<LocationChoiceView>,
    key: &str,
    adjust: ServerAction<AdjustStock>,
    chosen: Chosen,
    fallback: &FormFallback,
) -> AnyView {
    let (problem, typed) = (problem(adjust, fallback), typed(adjust, fallback));
    let first = rows.first().map(|row| (row.variant.to_string(), row.location.to_string())).unwrap_or_default();
    let Chosen { variant, location, version } = chosen;
    if !rows.iter().any(|row| variant.with_untracked(|variant| row.variant.to_string() == *variant)) {
        variant.set(typed.or("variant", first.0));
        location.set(typed.or("location", first.1));
    }
    let mut variants: Vec<Choice> =
        rows.iter().map(|row| Choice::new(row.variant.to_string(), format!("{} · {}", row.sku, row.name))).collect();
    variants.dedup();
    let named = |choice: LocationChoiceView| {
        let name = if choice.active { choice.name } else { tr!(ADMIN_PRODUCTS_LOCATION_CLOSED, name = choice.name) };
        Choice::new(choice.location.to_string(), name)
    };
    let locations: Vec<Choice> = locations.into_iter().map(named).collect();
    let (delta, note, key) = (typed.or("delta", ""), typed.or("note", ""), typed.or("key", key));
    let reasons = StockReason::BY_HAND.map(|reason| Choice::new(reason.as_str(), reason_name(reason))).to_vec();
    view! {
        <Panel title=tr!(ADMIN_PRODUCTS_ADJUST)>
            <StaffForm action=adjust>
                <input type="hidden" name="key" value=key/>
                <div class="flex flex-col gap-3">
                    <ProblemSummary problem/>
                    <SelectField label=tr!(ADMIN_PRODUCTS_SKU) name="variant" choices=variants selected=variant on_change=Callback::new(move |chosen| variant.set(chosen))/>
                    <SelectField label=tr!(ADMIN_PRODUCTS_LOCATION) name="location" choices=locations selected=location on_change=Callback::new(move |chosen| location.set(chosen))/>
                    <SelectField label=tr!(ADMIN_ORDERS_REASON) name="reason" choices=reasons selected=typed.or("reason", "") error=wrong(problem, "reason")/>
                    <For each=move || [version.get()] key=|version| *version let(_version)>
                        <Field label=tr!(ADMIN_PRODUCTS_ADJUST_BY) name="delta" value=delta.clone() inputmode="text" error=wrong(problem, "delta")/>
                        <Field label=tr!(ADMIN_PRODUCTS_ADJUST_NOTE) name="note" value=note.clone() maxlength=200 optional=true/>
                    </For>
                    <div><Button kind="submit" busy=adjust.pending()>{tr!(ADMIN_PRODUCTS_ADJUST)}</Button></div>
                </div>
            </StaffForm>
        </Panel>
    }
    .into_any()
}

fn table(rows: Vec<StockRowView>, low: i64, waiting: HashMap<VariantId, i64>) -> AnyView {
    let locale = use_locale();
    let with_value = rows.iter().any(|row| row.value.is_some());
    // On a phone name and location are under the SKU, so that what is available is visible.
    let mut columns = vec![
        Column::new(tr!(ADMIN_PRODUCTS_SKU)),
        Column::new(tr!(ADMIN_PRODUCTS_NAME)).wide_only(),
        Column::new(tr!(ADMIN_PRODUCTS_LOCATION)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS_ON_HAND)),
        Column::figures(tr!(ADMIN_PRODUCTS_RESERVED)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS_AVAILABLE)),
    ];
    if with_value {
        columns.push(Column::figures(tr!(ADMIN_PRODUCTS_VALUE)).wide_only());
    }
    let row = move |row: StockRowView| {
        let movements = format!("/admin/stock/{}", row.variant);
        let is_low = row.on_sale && row.available <= low;
        let badge = move || is_low.then(|| view! { " " <Badge tone=Tone::Warning>{tr!(ADMIN_PRODUCTS_LOW)}</Badge> });
        let waiting = waiting.get(&row.variant).copied();
        let waiting =
            move || waiting.map(|count| view! { <p class="text-sm text-quiet">{trn!(ADMIN_PRODUCTS_WAITING, count)}</p> }.into_any());
        let (name_below, location_below) = (row.name.clone(), row.location_name.clone());
        view! {
            <Row>
                <td>
                    <a class="figures font-medium hover:underline underline-offset-4" href=movements.clone()>{row.sku}</a>
                    <p class="md:hidden">{name_below}{badge()}</p>
                    <p class="md:hidden text-quiet">{location_below}</p>
                    <div class="md:hidden">{waiting()}</div>
                </td>
                <td class="max-md:hidden">
                    <a class="hover:underline underline-offset-4" href=format!("/admin/products/{}", row.product)>{row.name}</a>
                    {badge()}
                    {waiting()}
                </td>
                <td class="max-md:hidden text-quiet">{row.location_name}</td>
                <FigureCell><a class="hover:underline underline-offset-4" href=movements>{locale.number(row.on_hand)}</a></FigureCell>
                <td class="max-md:hidden figures text-end">{locale.number(row.reserved)}</td>
                <FigureCell>{locale.number(row.available)}</FigureCell>
                {with_value.then(|| view! { <td class="max-md:hidden figures text-end">{row.value.map(|value| locale.money(value))}</td> })}
            </Row>
        }
    };
    let rows = rows.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_STOCK) columns>{rows}</Table> }.into_any()
}
