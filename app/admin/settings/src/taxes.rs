//! Tax rates: past, current and future, with a form to add one; and whether the prices of each list contain tax.

use admin_layout::{SectionTabs, StaffForm, on_done, shown};
use domain::Timestamp;
use domain::permission::Permission;
use domain::view::{PriceListView, TaxRateView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{
    Button, Choice, Column, EmptyState, Field, FigureCell, Look, PageHeader, Panel, Row, SelectField, SkeletonRows, StatusBadge, Table,
    Tone, When, tr, use_locale, use_time_zone,
};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

/// Every rate, with the data of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxesView {
    /// By country, province and class, the newest first.
    pub rates: Vec<TaxRateView>,
    /// The name of the province of each of the rates; empty for a whole country's.
    pub provinces: Vec<String>,
    /// In the order in which they are asked for a price.
    pub lists: Vec<PriceListView>,
    /// Code and name of each.
    pub countries: Vec<(String, String)>,
    pub country: String,
    /// The time of reading.
    pub now: Timestamp,
    pub may_write: bool,
}

/// A rate as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaxForm {
    pub class: String,
    pub country: String,
    /// Code or name of the state or province; empty for the whole country.
    pub province: String,
    pub rate: String,
    /// A day as `2026-11-24`; empty for now.
    pub valid_from: String,
    /// The law or notice it comes from.
    pub source: String,
}

#[server(endpoint = "admin/taxes", output = Answer)]
pub async fn list_tax_rates() -> Result<TaxesView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    let rates = backend::pricing::tax_rates(&shop, &ctx).await.map_err(crate::pricing_error)?;
    let province =
        |rate: &TaxRateView| backend::contacts::find_province(&rate.country, &rate.province).map_or(rate.province.clone(), |found| found.1);
    Ok(TaxesView {
        provinces: rates.iter().map(province).collect(),
        rates,
        lists: backend::catalog::price_lists(&shop, &ctx).await.map_err(crate::pricing_error)?,
        countries: backend::contacts::countries(request::locale()),
        country: backend::settings::shop(&shop).country,
        now: shop.now(),
        may_write: ctx.may(Permission::WriteSettings),
    })
}
access!(ListTaxRates, Access::Staff(Permission::ReadSettings));

#[server(endpoint = "admin/taxes/save", output = Answer)]
pub async fn save_tax_rate(form: TaxForm) -> Result<(), AppError> {
    use domain::view::{FieldErrors, TaxRateDraft};
    use ui::t;
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?, request::locale());
    let mut errors: FieldErrors = Vec::new();
    let rate_bp = crate::percent::basis_points(&form.rate);
    if let Err(error) = rate_bp {
        errors.push(("rate".into(), crate::percent::message(&form.rate, error).text(locale).to_owned()));
    }
    let (day, zone) = (form.valid_from.trim(), backend::settings::time_zone(&shop));
    // A rate of today begins now: earlier charges of the day are not changed.
    let is_now = day.is_empty() || day == zone.date(shop.now()).to_string();
    let valid_from = if is_now { None } else { domain::Date::parse(day).map(|day| zone.start_of(day)) };
    if !is_now && valid_from.is_none() {
        errors.push(("valid_from".into(), t::FIELD_DATE_INVALID.text(locale).to_owned()));
    }
    if !errors.is_empty() {
        return Err(request::invalid(errors));
    }
    let TaxForm { class, country, province, source, .. } = form;
    let draft = TaxRateDraft { class, country, province, rate_bp: rate_bp.unwrap_or_default(), valid_from, source };
    backend::pricing::save_tax_rate(&shop, &ctx, locale, draft).await.map_err(crate::pricing_error)?;
    Ok(())
}
access!(SaveTaxRate, Access::Staff(Permission::WriteSettings));

/// Sets whether tax is inside of the prices of a list, or is added to them.
#[server(endpoint = "admin/taxes/prices", output = Answer)]
pub async fn set_price_list_tax(list: String, #[server(default)] includes_tax: bool) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?);
    let list = list.parse().map_err(|_| request::not_found())?;
    backend::catalog::set_includes_tax(&shop, &ctx, list, includes_tax).await.map_err(crate::pricing_error)
}
access!(SetPriceListTax, Access::Staff(Permission::WriteSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListTaxRates>(), access_of::<SaveTaxRate>(), access_of::<SetPriceListTax>()];

/// `/admin/settings/taxes`
#[derive(Debug)]
pub struct Taxes;

lazy_page!(Taxes, settings, taxes_page);

fn taxes_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let save = ServerAction::<SaveTaxRate>::new();
    let set = ServerAction::<SetPriceListTax>::new();
    on_done(save, tr!(COMMON_SAVED), move |()| version.update(|times| *times += 1));
    on_done(set, tr!(COMMON_SAVED), move |()| version.update(|times| *times += 1));
    let taxes = resource(move || version.get(), |_| list_tax_rates());
    view! {
        <Title text=tr!(ADMIN_SETTINGS_TAX)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(taxes, move |view| page(view, save, set, &fallback))}
            </Transition>
        </div>
    }
    .into_any()
}

fn class_name(class: &str) -> &'static str {
    match class {
        "standard" => tr!(ADMIN_PRODUCTS_TAX_STANDARD),
        "zero" => tr!(ADMIN_PRODUCTS_TAX_ZERO),
        "exempt" => tr!(ADMIN_PRODUCTS_TAX_EXEMPT),
        _ => tr!(ADMIN_PRODUCTS_TAX_NONE),
    }
}

fn page(view: TaxesView, save: ServerAction<SaveTaxRate>, set: ServerAction<SetPriceListTax>, fallback: &FormFallback) -> AnyView {
    let TaxesView { rates, provinces, lists, countries, country, now, may_write } = view;
    let list = if rates.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_SETTINGS_TAX_EMPTY_TITLE) body=tr!(ADMIN_SETTINGS_TAX_EMPTY_BODY) plain=true/> }.into_any()
    } else {
        table(rates, provinces, &countries, now)
    };
    let wrong_list = problem(set, fallback);
    let form = may_write.then(|| form(countries, &country, now, save, fallback));
    view! {
        <Panel title=tr!(ADMIN_SETTINGS_TAX) flush=true>{list}</Panel>
        {form}
        <Panel title=tr!(ADMIN_SETTINGS_PRICES_LISTS) flush=true>{price_lists(lists, may_write, set, wrong_list)}</Panel>
    }
    .into_any()
}

/// The price lists, each with whether its prices contain tax, and a button to change that.
fn price_lists(
    lists: Vec<PriceListView>,
    may_write: bool,
    set: ServerAction<SetPriceListTax>,
    problem: Signal<Option<AppError>>,
) -> AnyView {
    let columns = vec![
        Column::new(tr!(ADMIN_SETTINGS_PRICES_NAME)),
        Column::new(tr!(ADMIN_SETTINGS_TAX_FROM)).wide_only(),
        Column::new(tr!(ADMIN_SETTINGS_TAX_UNTIL)).wide_only(),
        Column::new(tr!(ADMIN_SETTINGS_PRICES_TAX)),
    ];
    let row = move |list: PriceListView| {
        let (now, change) = if list.includes_tax {
            (tr!(ADMIN_SETTINGS_PRICES_TAX_INSIDE), tr!(ADMIN_SETTINGS_PRICES_ADD_TAX))
        } else {
            (tr!(ADMIN_SETTINGS_PRICES_TAX_ADDED), tr!(ADMIN_SETTINGS_PRICES_CONTAIN_TAX))
        };
        let change = may_write.then(|| {
            view! {
                <StaffForm action=set>
                    <input type="hidden" name="list" value=list.id.to_string()/>
                    <input type="hidden" name="includes_tax" value=(!list.includes_tax).to_string()/>
                    <Button kind="submit" look=Look::Outline busy=set.pending()>{change}</Button>
                </StaffForm>
            }
        });
        view! {
            <Row>
                <td>
                    <span class="font-medium">{list.name}</span>
                    <span class="block text-sm text-quiet">{list.currency.code()}" · "{list.channel.unwrap_or_else(|| tr!(ADMIN_SETTINGS_PRICES_FOR_ALL).to_owned())}</span>
                </td>
                <td class="max-md:hidden">{list.valid_from.map(|from| view! { <When at=from day=true/> })}</td>
                <td class="max-md:hidden">{list.valid_to.map(|to| view! { <When at=to day=true/> })}</td>
                <td><div class="flex flex-wrap items-center gap-3">{now}{change}</div></td>
            </Row>
        }
    };
    let rows = lists.into_iter().map(row).collect_view();
    view! {
        <div class="flex flex-col gap-2 px-5 py-3">
            <p class="text-sm text-quiet">{tr!(ADMIN_SETTINGS_PRICES_INTRO)}</p>
            <ProblemSummary problem/>
        </div>
        <Table caption=tr!(ADMIN_SETTINGS_PRICES_LISTS) columns>{rows}</Table>
    }
    .into_any()
}

fn table(rates: Vec<TaxRateView>, provinces: Vec<String>, countries: &[(String, String)], now: Timestamp) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADDRESS_COUNTRY)),
        Column::new(tr!(ADMIN_PRODUCTS_TAX_CLASS)),
        Column::figures(tr!(ADMIN_SETTINGS_TAX_RATE)),
        Column::new(tr!(ADMIN_SETTINGS_TAX_FROM)),
        Column::new(tr!(ADMIN_SETTINGS_TAX_UNTIL)),
        Column::new(tr!(ADMIN_SETTINGS_TAX_SOURCE)).wide_only(),
    ];
    let row = |(rate, province): (TaxRateView, String)| {
        let country = countries.iter().find(|(code, _)| *code == rate.country).map_or(rate.country, |(_, name)| name.clone());
        let ended = rate.valid_to.is_some_and(|to| to <= now);
        let (tone, words) = if ended {
            (Tone::Neutral, tr!(ADMIN_SETTINGS_TAX_ENDED))
        } else if rate.valid_from > now {
            (Tone::Info, tr!(ADMIN_SETTINGS_TAX_PLANNED))
        } else {
            (Tone::Success, tr!(ADMIN_SETTINGS_TAX_IN_FORCE))
        };
        view! {
            <Row>
                <td>
                    <span class="font-medium">{country}</span>
                    <span class="block text-sm text-quiet">{province}</span>
                </td>
                <td>{class_name(&rate.class)}</td>
                <FigureCell>{locale.percent(rate.rate_bp)}</FigureCell>
                <td>
                    <div class="flex flex-wrap items-center gap-2">
                        {(rate.valid_from > Timestamp::from_millis(0)).then(|| view! { <When at=rate.valid_from day=true/> })}
                        <StatusBadge tone settled=ended text=words/>
                    </div>
                </td>
                <td>{rate.valid_to.map(|to| view! { <When at=to day=true/> })}</td>
                <td class="max-md:hidden text-sm text-quiet">{rate.source}</td>
            </Row>
        }
    };
    let rows = rates.into_iter().zip(provinces).map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_SETTINGS_TAX) columns>{rows}</Table> }.into_any()
}

fn form(countries: Vec<(String, String)>, own: &str, now: Timestamp, save: ServerAction<SaveTaxRate>, fallback: &FormFallback) -> AnyView {
    let (problem, typed) = (problem(save, fallback), typed(save, fallback));
    let country = typed.or("form[country]", own);
    let countries: Vec<Choice> = countries.into_iter().map(|(code, name)| Choice::new(code, name)).collect();
    let classes: Vec<Choice> = ["standard", "zero", "exempt", "none"].map(|class| Choice::new(class, class_name(class))).to_vec();
    view! {
        <StaffForm action=save>
            <Panel title=tr!(ADMIN_SETTINGS_TAX_ADD)>
                <div class="flex flex-col gap-4 max-w-2xl">
                    <p class="text-sm text-quiet">{tr!(ADMIN_SETTINGS_TAX_INTRO)}</p>
                    <ProblemSummary problem/>
                    <div class="grid md:grid-cols-2 gap-4">
                        <SelectField label=tr!(ADDRESS_COUNTRY) name="form[country]" id="country" choices=countries selected=country error=wrong(problem, "country")/>
                        <Field label=tr!(ADMIN_SETTINGS_TAX_PROVINCE) name="form[province]" id="province" value=typed.or("form[province]", "") maxlength=60 optional=true hint=tr!(ADMIN_SETTINGS_TAX_PROVINCE_HINT) error=wrong(problem, "province")/>
                        <SelectField label=tr!(ADMIN_PRODUCTS_TAX_CLASS) name="form[class]" id="class" choices=classes selected=typed.or("form[class]", "standard") error=wrong(problem, "class")/>
                        <Field label=tr!(ADMIN_SETTINGS_TAX_RATE) name="form[rate]" id="rate" value=typed.or("form[rate]", "") inputmode="decimal" suffix="%" error=wrong(problem, "rate")/>
                        <Field label=tr!(ADMIN_SETTINGS_TAX_FROM) name="form[valid_from]" id="valid_from" kind="date" value=typed.or("form[valid_from]", "") min=use_time_zone().date(now).to_string() hint=tr!(ADMIN_SETTINGS_TAX_FROM_HINT) error=wrong(problem, "valid_from")/>
                    </div>
                    <Field label=tr!(ADMIN_SETTINGS_TAX_SOURCE) name="form[source]" id="source" value=typed.or("form[source]", "") maxlength=300 hint=tr!(ADMIN_SETTINGS_TAX_SOURCE_HINT) error=wrong(problem, "source")/>
                    <div><Button kind="submit" busy=save.pending()>{tr!(ADMIN_SETTINGS_TAX_ADD)}</Button></div>
                </div>
            </Panel>
        </StaffForm>
    }
    .into_any()
}
