//! Tax rates: past, current and future, with a form to add one.

use admin_frame::{SectionTabs, StaffForm, on_done, shown};
use domain::Timestamp;
use domain::permission::Permission;
use domain::view::TaxRateView;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use session::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};
use ui::{
    Button, Choice, Column, EmptyState, Field, FigureCell, PageHeader, Panel, Row, SelectField, SkeletonRows, StatusBadge, Table, Tone,
    When, tr, use_locale, use_time_zone,
};

/// Every rate, with the data of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxesView {
    /// By country and class, the newest first.
    pub rates: Vec<TaxRateView>,
    /// Code and name of each.
    pub countries: Vec<(String, String)>,
    pub country: String,
    /// The time of reading.
    pub now: Timestamp,
    /// May the user add one?
    pub may_write: bool,
}

/// A rate as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaxForm {
    pub class: String,
    pub country: String,
    pub rate: String,
    /// A day as `2026-11-24`; empty for now.
    pub valid_from: String,
    /// The law or notice it comes from.
    pub source: String,
}

#[server(endpoint = "admin/taxes", output = Answer)]
pub async fn list_tax_rates() -> Result<TaxesView, AppError> {
    use session::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    Ok(TaxesView {
        rates: backend::pricing::tax_rates(&shop, &ctx).await.map_err(crate::pricing_error)?,
        countries: backend::customers::countries(request::locale()),
        country: backend::settings::shop(&shop).country,
        now: shop.now(),
        may_write: ctx.may(Permission::WriteSettings),
    })
}
access!(ListTaxRates, Access::Staff(Permission::ReadSettings));

#[server(endpoint = "admin/taxes/save", output = Answer)]
pub async fn save_tax_rate(form: TaxForm) -> Result<(), AppError> {
    use domain::view::{FieldErrors, TaxRateDraft};
    use session::request;
    use ui::t;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?, request::locale());
    let mut errors: FieldErrors = Vec::new();
    let rate_bp = crate::share::basis_points(&form.rate);
    if let Err(error) = rate_bp {
        errors.push(("rate".into(), error.of_decimal().text(locale).to_owned()));
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
    let draft =
        TaxRateDraft { class: form.class, country: form.country, rate_bp: rate_bp.unwrap_or_default(), valid_from, source: form.source };
    backend::pricing::save_tax_rate(&shop, &ctx, locale, draft).await.map_err(crate::pricing_error)?;
    Ok(())
}
access!(SaveTaxRate, Access::Staff(Permission::WriteSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListTaxRates>(), access_of::<SaveTaxRate>()];

/// `/admin/settings/taxes`
#[derive(Debug)]
pub struct Taxes;

lazy_page!(Taxes, settings, taxes_page);

fn taxes_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let save = ServerAction::<SaveTaxRate>::new();
    on_done(save, tr!(COMMON_SAVED), move |()| version.update(|times| *times += 1));
    let taxes = resource(move || version.get(), |_| list_tax_rates());
    view! {
        <Title text=tr!(ADMIN_SETTINGS_TAX)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(taxes, move |view| page(view, save, &fallback))}
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

fn page(view: TaxesView, save: ServerAction<SaveTaxRate>, fallback: &FormFallback) -> AnyView {
    let TaxesView { rates, countries, country, now, may_write } = view;
    let list = if rates.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_SETTINGS_TAX_EMPTY_TITLE) body=tr!(ADMIN_SETTINGS_TAX_EMPTY_BODY) plain=true/> }.into_any()
    } else {
        table(rates, &countries, now)
    };
    let form = may_write.then(|| form(countries, &country, now, save, fallback));
    view! {
        <Panel title=tr!(ADMIN_SETTINGS_TAX) flush=true>{list}</Panel>
        {form}
    }
    .into_any()
}

fn table(rates: Vec<TaxRateView>, countries: &[(String, String)], now: Timestamp) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADDRESS_COUNTRY)),
        Column::new(tr!(ADMIN_PRODUCTS_TAX_CLASS)),
        Column::figures(tr!(ADMIN_SETTINGS_TAX_RATE)),
        Column::new(tr!(ADMIN_SETTINGS_TAX_FROM)),
        Column::new(tr!(ADMIN_SETTINGS_TAX_UNTIL)),
        Column::new(tr!(ADMIN_SETTINGS_TAX_SOURCE)).wide_only(),
    ];
    let row = |rate: TaxRateView| {
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
                <td class="font-medium">{country}</td>
                <td>{class_name(&rate.class)}</td>
                <FigureCell>{crate::share::percent(locale, rate.rate_bp)}</FigureCell>
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
    let rows = rates.into_iter().map(row).collect_view();
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
