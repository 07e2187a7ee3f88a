//! A bulk edit is asked for: what is changed of many products. And the latest ones, to be undone.

use admin_layout::{StaffForm, dotted, on_done, shown};
use domain::id::{BulkEditId, ProductId};
use domain::permission::Permission;
use domain::view::{BulkChoicesView, BulkEditState, BulkEditView, BulkRowState, PriceRounding};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_query_map};
use serde::{Deserialize, Serialize};
use ui::{
    Alert, Breadcrumbs, Button, Choice, Column, EmptyState, Field, FigureCell, PageHeader, Panel, Row, SelectField, SkeletonText,
    StatusBadge, Table, Tone, When, icon, tr, trn, use_locale,
};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, Typed, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

pub(crate) const PAGE: &str = "/admin/products/bulk";

/// Which products were chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BulkSelection {
    /// Ids, separated by dots.
    pub products: String,
    /// Not empty for all that a list has: those that a search finds, of a status, of a category.
    pub all: String,
    pub search: String,
    pub status: String,
    pub category: String,
}

/// What is to be changed, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BulkForm {
    /// Empty to leave prices; `set`, `percent` or `amount`.
    pub price: String,
    pub amount: String,
    pub list: String,
    /// A [`PriceRounding`].
    pub rounding: String,
    /// Empty to leave it.
    pub status: String,
    /// Empty to leave it, `none`, or an id.
    pub category: String,
    pub add_tags: String,
    pub remove_tags: String,
}

/// The page with which a bulk edit begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkView {
    /// How many products are chosen.
    pub chosen: usize,
    pub choices: BulkChoicesView,
    pub latest: Vec<BulkEditView>,
}

#[cfg(feature = "ssr")]
async fn chosen(shop: &backend::Shop, ctx: &backend::platform::Context, selection: &BulkSelection) -> Result<Vec<ProductId>, AppError> {
    use backend::search::SearchError;
    use domain::view::BulkChange;
    use web::request;
    let BulkSelection { products, all, search, status, category } = selection;
    if all.is_empty() {
        let mut products: Vec<ProductId> = products.split('.').filter_map(|id| id.parse().ok()).collect();
        let mut seen = std::collections::HashSet::new();
        products.retain(|id| seen.insert(*id));
        return Ok(products);
    }
    let most = BulkChange::MOST_PRODUCTS + 1;
    let found = backend::search::admin_matches(shop, ctx, search, status, category.parse().ok(), most).await;
    found.map_err(|error| match error {
        SearchError::Catalog(error) => crate::catalog_error(*error),
        other => request::unexpected(&other),
    })
}

/// Replaces the actors of bulk edits by their names.
#[cfg(feature = "ssr")]
pub(crate) async fn with_names(shop: &backend::Shop, mut edits: Vec<BulkEditView>) -> Result<Vec<BulkEditView>, AppError> {
    use web::request;
    let actors = edits.iter().map(|edit| edit.actor.clone()).collect();
    let names = backend::order_management::actor_names(shop, request::locale(), &actors).await;
    let names = names.map_err(|error| request::unexpected(&error))?;
    for edit in &mut edits {
        edit.actor = names.get(&edit.actor).cloned().unwrap_or_default();
    }
    Ok(edits)
}

/// How many products a selection has, what can be changed of them, and the latest bulk edits.
#[server(endpoint = "admin/products/bulk", output = Answer)]
pub async fn read_bulk(selection: BulkSelection) -> Result<BulkView, AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteProducts))?, request::shop()?, request::locale());
    let latest = backend::catalog::latest_bulk_edits(&shop, &ctx, locale).await.map_err(crate::catalog_error)?;
    Ok(BulkView {
        chosen: chosen(&shop, &ctx, &selection).await?.len(),
        choices: backend::catalog::bulk_choices(&shop, &ctx, locale).await.map_err(crate::catalog_error)?,
        latest: with_names(&shop, latest).await?,
    })
}
access!(ReadBulk, Access::Staff(Permission::WriteProducts));

#[cfg(feature = "ssr")]
impl BulkForm {
    /// What is to be changed, as far as it can be read, and what cannot.
    async fn change(
        &self,
        shop: &backend::Shop,
        ctx: &backend::platform::Context,
    ) -> Result<(domain::view::BulkChange, domain::view::FieldErrors), AppError> {
        use domain::messages::t;
        use domain::number_input::{NumberError, decimal};
        use domain::view::{BulkChange, CategoryChange, PriceChange, PriceRule};
        let locale = web::request::locale();
        let mut errors = Vec::new();
        let mut wrong = |field: &str, message: domain::messages::Msg| errors.push((field.to_owned(), message.text(locale).to_owned()));
        let mut change = BulkChange {
            status: Some(self.status.clone()).filter(|status| !status.is_empty()),
            add_tags: domain::text::comma_separated(&self.add_tags),
            remove_tags: domain::text::comma_separated(&self.remove_tags),
            ..BulkChange::default()
        };
        change.category = match (self.category.as_str(), self.category.parse()) {
            ("", _) => None,
            ("none", _) => Some(CategoryChange::Out),
            (_, Ok(category)) => Some(CategoryChange::Into(category)),
            (_, Err(_)) => {
                wrong("category", t::FIELD_CHOOSE);
                None
            }
        };
        if self.price.is_empty() {
            return Ok((change, errors));
        }
        let list = self.list.parse().ok();
        let currency = match list {
            Some(list) => backend::catalog::price_list_currency(shop, ctx, list).await.map_err(crate::catalog_error)?,
            None => None,
        };
        let Some((list, currency)) = list.zip(currency) else {
            wrong("list", t::FIELD_CHOOSE);
            return Ok((change, errors));
        };
        let typed = self.amount.trim();
        let typed = typed.strip_prefix('+').unwrap_or(typed).trim_end_matches('%');
        let (rule, message): (Result<PriceRule, NumberError>, fn(NumberError) -> domain::messages::Msg) = match self.price.as_str() {
            "percent" => (decimal(typed, 2).map(PriceRule::Percent), NumberError::of_decimal),
            "amount" => (decimal(typed, currency.exponent()).map(PriceRule::Amount), NumberError::of_amount),
            _ => (decimal(typed, currency.exponent()).map(PriceRule::Set), NumberError::of_amount),
        };
        match rule {
            Ok(rule) => {
                let rounding = self.rounding.parse().unwrap_or(PriceRounding::Exact);
                change.prices = Some(PriceChange { list, rule, rounding });
            }
            Err(_) if typed.is_empty() => wrong("amount", t::FIELD_REQUIRED),
            Err(error) => wrong("amount", message(error)),
        }
        Ok((change, errors))
    }
}

/// Makes the preview of a bulk edit; without a script it redirects to its page.
#[server(endpoint = "admin/products/bulk/plan", output = Answer)]
pub async fn plan_bulk_edit(
    #[server(default)] selection: BulkSelection,
    #[server(default)] form: BulkForm,
) -> Result<BulkEditId, AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteProducts))?, request::shop()?, request::locale());
    let (change, errors) = form.change(&shop, &ctx).await?;
    if !errors.is_empty() {
        return Err(request::invalid(errors));
    }
    let products = chosen(&shop, &ctx, &selection).await?;
    let id = backend::catalog::plan_bulk_edit(&shop, &ctx, locale, &products, change).await.map_err(crate::catalog_error)?;
    request::redirect(&format!("{PAGE}/{id}"));
    Ok(id)
}
access!(PlanBulkEdit, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadBulk>(), access_of::<PlanBulkEdit>()];

/// `/admin/products/bulk`
#[derive(Debug)]
pub struct Bulk;

lazy_page!(Bulk, products, bulk_page);

fn bulk_page() -> AnyView {
    let fallback = use_form_fallback();
    let query = use_query_map();
    let selection = Memo::new(move |_| {
        query.with(|query| {
            let of = |name: &str| query.get(name).unwrap_or_default();
            // Ticks that are sent without a script are one value each.
            let ticked = query.get_all("products").unwrap_or_default();
            let products: std::collections::BTreeSet<ProductId> =
                ticked.iter().flat_map(|ids| ids.split('.')).filter_map(|id| id.parse().ok()).collect();
            BulkSelection { products: dotted(&products), all: of("all"), search: of("q"), status: of("status"), category: of("category") }
        })
    });
    let plan = ServerAction::<PlanBulkEdit>::new();
    let navigate = use_navigate();
    on_done(plan, "", move |id: BulkEditId| navigate(&format!("{PAGE}/{id}"), Default::default()));
    let found = resource(move || selection.get(), read_bulk);
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned())];
    view! {
        <Title text=tr!(ADMIN_BULK_TITLE)/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=tr!(ADMIN_BULK_TITLE)/>
            <PageHeader title=tr!(ADMIN_BULK_TITLE) detail=tr!(ADMIN_BULK_HINT)/>
            <Transition fallback=|| view! { <SkeletonText/> }>
                {shown(found, move |view| page(view, selection.get_untracked(), plan, &fallback))}
            </Transition>
        </div>
    }
    .into_any()
}

fn page(view: BulkView, selection: BulkSelection, plan: ServerAction<PlanBulkEdit>, fallback: &FormFallback) -> AnyView {
    let BulkView { chosen, choices, latest } = view;
    let form = if chosen == 0 {
        view! { <EmptyState title=tr!(ADMIN_BULK_NONE) body=tr!(ADMIN_BULK_NONE_BODY) plain=true/> }.into_any()
    } else {
        form(chosen, selection, choices, plan, fallback)
    };
    view! {
        {form}
        <Panel title=tr!(ADMIN_BULK_LATEST) flush=true>{latest_edits(latest)}</Panel>
    }
    .into_any()
}

fn form(
    chosen: usize,
    selection: BulkSelection,
    choices: BulkChoicesView,
    plan: ServerAction<PlanBulkEdit>,
    fallback: &FormFallback,
) -> AnyView {
    let (problem, typed) = (problem(plan, fallback), typed(plan, fallback));
    let BulkSelection { products, all, search, status, category } = selection;
    let hidden = [("products", products), ("all", all), ("search", search), ("status", status), ("category", category)];
    let hidden = hidden.into_iter().map(|(name, value)| {
        view! { <input type="hidden" name=format!("selection[{name}]") value=value autocomplete="off"/> }
    });
    let hidden = hidden.collect_view();
    let [status, category, add_tags, remove_tags] =
        ["status", "category", "add_tags", "remove_tags"].map(|name| typed.or(&format!("form[{name}]"), ""));
    let statuses = vec![
        Choice::new("published", tr!(ADMIN_PRODUCTS_STATE_PUBLISHED)),
        Choice::new("draft", tr!(ADMIN_PRODUCTS_STATE_DRAFT)),
        Choice::new("archived", tr!(ADMIN_PRODUCTS_STATE_ARCHIVED)),
    ];
    let out = Choice::new("none", tr!(ADMIN_BULK_CATEGORY_OUT));
    let categories: Vec<Choice> =
        std::iter::once(out).chain(choices.categories.into_iter().map(|(id, name)| Choice::new(id.to_string(), name))).collect();
    let prices = prices(choices.price_lists, &typed, problem);
    view! {
        <StaffForm action=plan class="flex flex-col gap-5 max-w-3xl">
            <ProblemSummary problem/>
            {hidden}
            <div id="products" tabindex="-1"><Alert>{trn!(ADMIN_BULK_CHOSEN, chosen)}</Alert></div>
            {prices}
            <Panel title=tr!(ADMIN_BULK_PLACE)>
                <div class="grid md:grid-cols-2 gap-4 items-start">
                    <SelectField label=tr!(COMMON_STATUS) name="form[status]" id="status" empty=tr!(ADMIN_BULK_KEEP) choices=statuses selected=status error=wrong(problem, "status")/>
                    <SelectField label=tr!(ADMIN_PRODUCTS_CATEGORY) name="form[category]" id="category" empty=tr!(ADMIN_BULK_KEEP) choices=categories selected=category error=wrong(problem, "category")/>
                    <Field label=tr!(ADMIN_BULK_ADD_TAGS) name="form[add_tags]" id="add_tags" value=add_tags optional=true hint=tr!(ADMIN_BULK_TAGS_HINT) error=wrong(problem, "add_tags")/>
                    <Field label=tr!(ADMIN_BULK_REMOVE_TAGS) name="form[remove_tags]" id="remove_tags" value=remove_tags optional=true hint=tr!(ADMIN_BULK_TAGS_HINT) error=wrong(problem, "remove_tags")/>
                </div>
            </Panel>
            <div><Button kind="submit" icon=icon::EYE busy=plan.pending()>{tr!(ADMIN_BULK_PREVIEW)}</Button></div>
        </StaffForm>
    }
    .into_any()
}

fn prices(lists: Vec<(domain::id::PriceListId, String, domain::Currency)>, typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    let first = lists.first().map(|(id, ..)| id.to_string()).unwrap_or_default();
    let lists: Vec<Choice> =
        lists.into_iter().map(|(id, name, currency)| Choice::new(id.to_string(), format!("{name} ({currency})"))).collect();
    let [price, amount, list, rounding] =
        [("price", ""), ("amount", ""), ("list", first.as_str()), ("rounding", PriceRounding::Exact.as_str())]
            .map(|(name, otherwise)| typed.or(&format!("form[{name}]"), otherwise));
    let rules = vec![
        Choice::new("percent", tr!(ADMIN_BULK_PRICE_PERCENT)),
        Choice::new("amount", tr!(ADMIN_BULK_PRICE_AMOUNT)),
        Choice::new("set", tr!(ADMIN_BULK_PRICE_SET)),
    ];
    let roundings = PriceRounding::ALL.map(|rounding| Choice::new(rounding.as_str(), rounding_name(rounding))).to_vec();
    view! {
        <Panel title=tr!(ADMIN_BULK_PRICES)>
            <div class="grid md:grid-cols-2 gap-4 items-start">
                <SelectField label=tr!(ADMIN_BULK_PRICE) name="form[price]" id="price" empty=tr!(ADMIN_BULK_KEEP) choices=rules selected=price error=wrong(problem, "price")/>
                <Field label=tr!(ADMIN_BULK_AMOUNT) name="form[amount]" id="amount" value=amount inputmode="text" hint=tr!(ADMIN_BULK_AMOUNT_HINT) error=wrong(problem, "amount")/>
                <SelectField label=tr!(ADMIN_BULK_LIST) name="form[list]" id="list" choices=lists selected=list error=wrong(problem, "list")/>
                <SelectField label=tr!(ADMIN_BULK_ROUNDING) name="form[rounding]" id="rounding" choices=roundings selected=rounding hint=tr!(ADMIN_BULK_ROUNDING_HINT)/>
            </div>
        </Panel>
    }
    .into_any()
}

pub(crate) fn rounding_name(rounding: PriceRounding) -> &'static str {
    match rounding {
        PriceRounding::Exact => tr!(ADMIN_BULK_ROUNDING_EXACT),
        PriceRounding::Whole => tr!(ADMIN_BULK_ROUNDING_WHOLE),
        PriceRounding::Fives => tr!(ADMIN_BULK_ROUNDING_FIVES),
        PriceRounding::Tens => tr!(ADMIN_BULK_ROUNDING_TENS),
        PriceRounding::Below => tr!(ADMIN_BULK_ROUNDING_BELOW),
    }
}

/// How far a bulk edit is, as a badge.
pub(crate) fn state(state: BulkEditState) -> AnyView {
    let (tone, settled, text) = match state {
        BulkEditState::Planned => (Tone::Info, false, tr!(ADMIN_BULK_STATE_PLANNED)),
        BulkEditState::Running => (Tone::Warning, false, tr!(ADMIN_BULK_STATE_RUNNING)),
        BulkEditState::Done => (Tone::Success, true, tr!(ADMIN_BULK_STATE_DONE)),
        BulkEditState::Undoing => (Tone::Warning, false, tr!(ADMIN_BULK_STATE_UNDOING)),
        BulkEditState::Undone => (Tone::Neutral, true, tr!(ADMIN_BULK_STATE_UNDONE)),
    };
    view! { <StatusBadge tone settled text/> }.into_any()
}

fn latest_edits(edits: Vec<BulkEditView>) -> AnyView {
    if edits.is_empty() {
        return view! { <p class="p-5 text-quiet">{tr!(ADMIN_BULK_LATEST_NONE)}</p> }.into_any();
    }
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_ORDERS_COLUMN_DATE)),
        Column::new(tr!(ADMIN_BULK_CHANGE)),
        Column::new(tr!(ADMIN_PRODUCTS_MOVED_BY)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS)),
        Column::new(tr!(COMMON_STATUS)).wide_only(),
    ];
    let row = |edit: BulkEditView| {
        let products = edit.count(BulkRowState::Done) + edit.count(BulkRowState::Undone) + edit.count(BulkRowState::Kept);
        let what =
            crate::bulk_edit::facts(&edit).into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(" · ");
        view! {
            <Row>
                <td class="whitespace-nowrap"><a class="tap font-medium hover:underline underline-offset-4" href=format!("{PAGE}/{}", edit.id)><When at=edit.at/></a></td>
                <td>{what}<div class="md:hidden mt-1">{state(edit.state)}</div></td>
                <td class="max-md:hidden">{edit.actor}</td>
                <FigureCell>{locale.number(products)}</FigureCell>
                <td class="max-md:hidden">{state(edit.state)}</td>
            </Row>
        }
    };
    let rows = edits.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_BULK_LATEST) columns>{rows}</Table> }.into_any()
}
