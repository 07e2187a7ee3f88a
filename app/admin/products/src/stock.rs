//! Stock: on hand, reserved, available; and its adjustment with a reason.

use admin_frame::{StaffForm, address, on_done, shown};
use domain::id::{LocationId, VariantId};
use domain::permission::Permission;
use domain::view::{StockListView, StockRowView};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use session::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};
use ui::{
    Badge, Button, Choice, Column, EmptyState, Field, FigureCell, Look, PageHeader, Pager, Panel, Row, SelectField, SkeletonRows, Table,
    Tone, icon, tr, use_locale,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockView {
    pub list: StockListView,
    /// Below this many units a variant is low in stock.
    pub low: i64,
    /// May the user adjust it?
    pub may_adjust: bool,
    /// The request key of the form.
    pub key: String,
}

#[cfg(feature = "ssr")]
pub(crate) fn inventory_error(error: &backend::inventory::InventoryError) -> AppError {
    use backend::inventory::InventoryError;
    use session::request;
    use ui::t;
    let locale = request::locale();
    match error {
        InventoryError::Forbidden(_) => request::fail(AppError::new(403)),
        InventoryError::Unknown => request::not_found(),
        InventoryError::Amount => request::invalid(vec![("delta".into(), t::ADMIN_PRODUCTS_ADJUST_RANGE.text(locale).to_owned())]),
        InventoryError::NotEnough { available, reserved } => {
            let message = if *reserved > 0 { t::ADMIN_PRODUCTS_NOT_ENOUGH } else { t::ADMIN_PRODUCTS_NOT_THERE };
            request::invalid(vec![("delta".into(), message.with(locale, &[("available", &locale.number(*available))]))])
        }
        InventoryError::Reason => request::invalid(vec![("reason".into(), t::ORDER_ERROR_REASON.text(locale).to_owned())]),
        InventoryError::KeyReused => request::refused(409, t::ORDER_ERROR_KEY_REUSED),
        InventoryError::NotReserved | InventoryError::Books(_) | InventoryError::Db(_) => request::unexpected(error),
    }
}

#[server(endpoint = "admin/stock", output = Answer)]
pub async fn list_stock(search: String, after: String) -> Result<StockView, AppError> {
    use session::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadStock))?, request::shop()?);
    let after = Some(after.as_str()).filter(|after| !after.is_empty());
    let list = backend::inventory::list(&shop, &ctx, &search, after).await.map_err(|error| inventory_error(&error))?;
    Ok(StockView {
        list,
        low: backend::settings::shop(&shop).low_stock,
        may_adjust: ctx.may(Permission::WriteStock),
        key: shop.id().to_string(),
    })
}
access!(ListStock, Access::Staff(Permission::ReadStock));

/// Adjusts the stock of a variant at a location, with a reason.
#[server(endpoint = "admin/stock/adjust", output = Answer)]
pub async fn adjust_stock(
    variant: VariantId,
    location: LocationId,
    delta: String,
    reason: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    use domain::number::NumberError;
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStock))?.with_key(&key);
    let delta = delta.trim();
    let delta = domain::number::whole(delta.strip_prefix('+').unwrap_or(delta)).map_err(|error| match error {
        NumberError::Ambiguous => request::invalid(vec![("delta".into(), error.of_whole().text(request::locale()).to_owned())]),
        _ => request::invalid(vec![("delta".into(), ui::t::ADMIN_PRODUCTS_ADJUST_RANGE.text(request::locale()).to_owned())]),
    })?;
    backend::inventory::adjust(&request::shop()?, &ctx, variant, location, delta, &reason).await.map_err(|error| inventory_error(&error))
}
access!(AdjustStock, Access::Staff(Permission::WriteStock));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListStock>(), access_of::<AdjustStock>()];

/// `/admin/stock`
#[derive(Debug)]
pub struct Stock;

lazy_page!(Stock, products, stock_page);

fn stock_page() -> AnyView {
    let query = use_query_map();
    let page_query = Memo::new(move |_| query.with(|query| (query.get("q").unwrap_or_default(), query.get("after").unwrap_or_default())));
    let fallback = StoredValue::new(use_form_fallback());
    let version = RwSignal::new(0_u32);
    let adjust = ServerAction::<AdjustStock>::new();
    // The choices stay when the rows are read again.
    let chosen = Chosen { variant: RwSignal::new(String::new()), location: RwSignal::new(String::new()), version };
    on_done(adjust, tr!(COMMON_SAVED), move |()| version.update(|times| *times += 1));
    let stock = resource(move || (page_query.get(), version.get()), |((search, after), _)| list_stock(search, after));
    view! {
                <Title text=tr!(ADMIN_STOCK)/>
                <div class="flex flex-col gap-5">
                    <PageHeader title=tr!(ADMIN_STOCK)/>
                    {move || {
                        let search = page_query.with(|(search, _)| search.clone());
                        view! {
                            <Form method="GET" action="/admin/stock">
                                <div class="grid md:grid-cols-[1fr_auto] gap-3 items-end max-w-xl">
                                    <Field label=tr!(COMMON_SEARCH) name="q" kind="search" value=search/>
                                    <Button kind="submit" look=Look::Outline icon=icon::SEARCH>{tr!(COMMON_SEARCH)}</Button>
                                </div>
                            </Form>
                        }
                    }}
                    <Transition fallback=|| view! { <SkeletonRows/> }>
                        {shown(stock, move |found| {
     let (search, after) = page_query.get_untracked();
     page(found, &search, &after, adjust, chosen, fallback)
    })}
                    </Transition>
                </div>
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
    search: &str,
    after: &str,
    adjust: ServerAction<AdjustStock>,
    chosen: Chosen,
    fallback: StoredValue<FormFallback>,
) -> AnyView {
    let to = |after: &str| address("/admin/stock", &[("q", search), ("after", after)]);
    let next = found.list.next.as_deref().map(to);
    let first = (!after.is_empty()).then(|| to(""));
    let rows = found.list.rows;
    if rows.is_empty() {
        return view! { <EmptyState title=tr!(ADMIN_PRODUCTS_STOCK_EMPTY_TITLE) body=tr!(ADMIN_PRODUCTS_STOCK_EMPTY_BODY)/> }.into_any();
    }
    // One form for the page: the variant is chosen from its rows.
    let form = found.may_adjust.then(|| fallback.with_value(|fallback| adjusting(&rows, &found.key, adjust, chosen, fallback)));
    let table = table(rows, found.low);
    view! {
        <div class="grid xl:grid-cols-[1fr_22rem] gap-6 items-start">
            <div class="min-w-0">
                <Panel title=tr!(ADMIN_STOCK) flush=true>{table}</Panel>
                <Pager nostrip:next=next nostrip:first=first/>
            </div>
            {form}
        </div>
    }
    .into_any()
}

fn adjusting(rows: &[StockRowView], key: &str, adjust: ServerAction<AdjustStock>, chosen: Chosen, fallback: &FormFallback) -> AnyView {
    let (problem, typed) = (problem(adjust, fallback), typed(adjust, fallback));
    let first = rows.first().map(|row| (row.variant.to_string(), row.location.to_string())).unwrap_or_default();
    let Chosen { variant, location, version } = chosen;
    if !rows.iter().any(|row| variant.with_untracked(|variant| row.variant.to_string() == *variant)) {
        variant.set(typed.or("variant", first.0));
        location.set(typed.or("location", first.1));
    }
    let locations: Vec<(String, String, String)> =
        rows.iter().map(|row| (row.variant.to_string(), row.location.to_string(), row.location_name.clone())).collect();
    let mut variants: Vec<Choice> =
        rows.iter().map(|row| Choice::new(row.variant.to_string(), format!("{} · {}", row.sku, row.name))).collect();
    variants.dedup();
    let mut all: Vec<Choice> = Vec::new();
    for (_, id, name) in &locations {
        if !all.iter().any(|choice| choice.value == *id) {
            all.push(Choice::new(id.clone(), name.clone()));
        }
    }
    let (delta, key) = (typed.or("delta", ""), typed.or("key", key));
    let reasons = [
        tr!(ADMIN_PRODUCTS_REASON_COUNT),
        tr!(ADMIN_PRODUCTS_REASON_RECEIVED),
        tr!(ADMIN_PRODUCTS_REASON_FOUND),
        tr!(ADMIN_PRODUCTS_REASON_DAMAGE),
    ]
    .map(|words| Choice::new(words, words))
    .to_vec();
    view! {
        <Panel title=tr!(ADMIN_PRODUCTS_ADJUST)>
            <StaffForm action=adjust>
                <input type="hidden" name="key" value=key/>
                <div class="flex flex-col gap-3">
                    <ProblemSummary problem/>
                    <SelectField label=tr!(ADMIN_PRODUCTS_SKU) name="variant" choices=variants selected=variant on_change=Callback::new(move |chosen| variant.set(chosen))/>
                    <SelectField label=tr!(ADMIN_PRODUCTS_LOCATION) name="location" choices=all selected=location on_change=Callback::new(move |chosen| location.set(chosen))/>
                    <For each=move || [version.get()] key=|version| *version let(_version)>
                        <Field label=tr!(ADMIN_PRODUCTS_ADJUST_BY) name="delta" value=delta.clone() inputmode="numeric" error=wrong(problem, "delta")/>
                    </For>
                    <SelectField label=tr!(ADMIN_ORDERS_REASON) name="reason" choices=reasons selected=typed.or("reason", "") error=wrong(problem, "reason")/>
                    <div><Button kind="submit" busy=adjust.pending()>{tr!(ADMIN_PRODUCTS_ADJUST)}</Button></div>
                </div>
            </StaffForm>
        </Panel>
    }
    .into_any()
}

fn table(rows: Vec<StockRowView>, low: i64) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_PRODUCTS_SKU)),
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::new(tr!(ADMIN_PRODUCTS_LOCATION)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS_ON_HAND)),
        Column::figures(tr!(ADMIN_PRODUCTS_RESERVED)),
        Column::figures(tr!(ADMIN_PRODUCTS_AVAILABLE)),
    ];
    let row = move |row: StockRowView| {
        let movements = format!("/admin/stock/{}", row.variant);
        let is_low = row.available < low;
        view! {
            <Row>
                <td><a class="figures font-medium hover:underline underline-offset-4" href=movements.clone()>{row.sku}</a></td>
                <td>
                    <a class="hover:underline underline-offset-4" href=format!("/admin/products/{}", row.product)>{row.name}</a>
                    {is_low.then(|| view! { " " <Badge tone=Tone::Warning>{tr!(ADMIN_PRODUCTS_LOW)}</Badge> })}
                </td>
                <td class="max-md:hidden text-quiet">{row.location_name}</td>
                <FigureCell><a class="hover:underline underline-offset-4" href=movements>{locale.number(row.on_hand)}</a></FigureCell>
                <FigureCell>{locale.number(row.reserved)}</FigureCell>
                <FigureCell>{locale.number(row.available)}</FigureCell>
            </Row>
        }
    };
    let rows = rows.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_STOCK) columns>{rows}</Table> }.into_any()
}
