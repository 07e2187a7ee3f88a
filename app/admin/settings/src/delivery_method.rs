//! A delivery method's edit page.

use admin_layout::{SEEN, ShowSaved, StaffForm, split_conflict};
use domain::permission::Permission;
use domain::view::DeliveryMethodDraft;
use domain::{Currency, Locale, Money};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Breadcrumbs, Button, Checkbox, Field, PageHeader, Panel, tr};
use web::{Access, Answer, AppError, FormFallback, ProblemSummary, Title, Typed, access, access_of, lazy_page, problem, typed, wrong};

use crate::edit_page::{code_field, edit_page};

const LIST: &str = "/admin/settings/delivery";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodView {
    /// The method, or the initial values of a new one.
    pub method: DeliveryMethodDraft,
    pub currency: Currency,
    /// The method as it is saved, for the form; empty for a new one.
    pub seen: String,
    pub may_write: bool,
}

/// A delivery method as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MethodForm {
    /// Not empty for a new one.
    pub is_new: String,
    /// The method as it was saved when the form was rendered.
    pub seen: String,
    pub code: String,
    /// Its position in the list.
    pub position: String,
    /// By language, in the order of `Locale::ALL`.
    pub names: Vec<String>,
    pub descriptions: Vec<String>,
    /// In the shop's currency.
    pub fee: String,
    /// In the shop's currency; empty for 0.
    pub per_kg_fee: String,
    /// In the shop's currency; empty for never.
    pub free_from: String,
    pub days_min: String,
    pub days_max: String,
    /// A time such as `11:00`; empty for none.
    pub cutoff: String,
    /// Separated by commas.
    pub regions: String,
    /// Not empty when the courier collects cash.
    pub collects_cash: String,
    /// Not empty when it is offered.
    pub active: String,
}

#[cfg(feature = "ssr")]
impl MethodForm {
    /// The method as far as it can be read, and what cannot.
    fn draft(&self, locale: Locale, currency: Currency) -> (DeliveryMethodDraft, domain::view::FieldErrors) {
        use domain::messages::t;
        use domain::number_input;
        let mut errors = domain::view::FieldErrors::new();
        let mut amount = |field: &str, text: &str| {
            if text.trim().is_empty() {
                return None;
            }
            let amount = number_input::decimal(text, currency.exponent());
            if let Err(error) = amount {
                errors.push((field.to_owned(), error.of_amount().text(locale).to_owned()));
            }
            amount.ok()
        };
        let (fee, per_kg_fee, free_from) =
            (amount("fee", &self.fee), amount("per_kg_fee", &self.per_kg_fee), amount("free_from", &self.free_from));
        let mut number = |field: &str, text: &str| {
            number_input::whole(text).unwrap_or_else(|error| {
                errors.push((field.to_owned(), error.of_whole().text(locale).to_owned()));
                0
            })
        };
        let (position, days_min, days_max) =
            (number("position", &self.position), number("days_min", &self.days_min), number("days_max", &self.days_max));
        let cutoff = self.cutoff.trim();
        let minute = cutoff.split_once(':').and_then(|(hours, minutes)| {
            let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
            ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
        });
        if minute.is_none() && !cutoff.is_empty() {
            errors.push(("cutoff".to_owned(), t::FIELD_TIME_INVALID.text(locale).to_owned()));
        }
        if self.fee.trim().is_empty() {
            errors.push(("fee".to_owned(), t::FIELD_REQUIRED.text(locale).to_owned()));
        }
        // Its address would be that of the page for a new one.
        if self.code.trim() == "new" {
            errors.push(("code".to_owned(), t::ADMIN_SETTINGS_DELIVERY_TAKEN.text(locale).to_owned()));
        }
        let draft = DeliveryMethodDraft {
            is_new: !self.is_new.is_empty(),
            code: self.code.clone(),
            position,
            names: self.names.clone(),
            descriptions: self.descriptions.clone(),
            fee: fee.unwrap_or_default(),
            per_kg_fee: per_kg_fee.unwrap_or_default(),
            free_from,
            days_min,
            days_max,
            cutoff: minute,
            regions: domain::text::comma_separated(&self.regions),
            collects_cash: !self.collects_cash.is_empty(),
            active: !self.active.is_empty(),
        };
        (draft, errors)
    }
}

/// A delivery method, or the initial values of a new one for `new`.
#[server(endpoint = "admin/delivery/method", output = Answer)]
pub async fn read_delivery_method(code: String) -> Result<MethodView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    let mut methods = backend::pricing::delivery_methods(&shop, &ctx).await.map_err(crate::pricing_error)?;
    let last = methods.iter().map(|method| method.position).max().unwrap_or_default();
    let method = match methods.iter().position(|method| method.code == code) {
        Some(at) => methods.swap_remove(at),
        None if code == "new" => DeliveryMethodDraft { is_new: true, active: true, position: last + 1, ..DeliveryMethodDraft::default() },
        None => return Err(request::not_found()),
    };
    let seen = if method.is_new { String::new() } else { admin_layout::seen(&method) };
    Ok(MethodView { method, currency: backend::settings::shop_currency(&shop), seen, may_write: ctx.may(Permission::WriteSettings) })
}
access!(ReadDeliveryMethod, Access::Staff(Permission::ReadSettings));

/// Saves a delivery method; without a script it redirects to the list.
#[server(endpoint = "admin/delivery/save", output = Answer)]
pub async fn save_delivery_method(form: MethodForm) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?, request::locale());
    let currency = backend::settings::shop_currency(&shop);
    let (draft, unread) = form.draft(locale, currency);
    crate::all_wrong(unread, backend::pricing::check_delivery_method(locale, &draft))?;
    let seen: Option<DeliveryMethodDraft> = admin_layout::read_seen(&form.seen);
    let saved = backend::pricing::save_delivery_method(&shop, &ctx, locale, draft.clone(), seen.clone()).await;
    if let (Err(backend::pricing::PricingError::Stale), Some(seen)) = (&saved, seen) {
        let methods = backend::pricing::delivery_methods(&shop, &ctx).await.map_err(crate::pricing_error)?;
        let saved = methods.into_iter().find(|method| method.code == seen.code).ok_or_else(request::not_found)?;
        let stale = admin_layout::Stale { seen: &seen, typed: &draft, saved: &saved };
        return Err(stale.refused(&shop, None, |path, value| crate::saved::method(locale, currency, path, value)).await);
    }
    saved.map_err(crate::pricing_error)?;
    request::redirect(LIST);
    Ok(())
}
access!(SaveDeliveryMethod, Access::Staff(Permission::WriteSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadDeliveryMethod>(), access_of::<SaveDeliveryMethod>()];

/// `/admin/settings/delivery/:code`
#[derive(Debug)]
pub struct EditMethod;

lazy_page!(EditMethod, settings, edit_method_page);

fn edit_method_page() -> AnyView {
    edit_page(LIST, read_delivery_method, page)
}

/// The name and the description in each language; the first name is needed.
fn texts_fields(method: &DeliveryMethodDraft, typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    let fields = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let (name, description) = (format!("form[names][{at}]"), format!("form[descriptions][{at}]"));
        let own = typed.or(&name, method.names.get(at).cloned().unwrap_or_default());
        let longer = typed.or(&description, method.descriptions.get(at).cloned().unwrap_or_default());
        let (id, longer_id) = (format!("name.{}", locale.code()), format!("description.{}", locale.code()));
        let (fault, longer_fault) = (wrong(problem, id.clone()), wrong(problem, longer_id.clone()));
        view! {
            <Field label=format!("{} ({})", tr!(ADMIN_SETTINGS_DELIVERY_NAME), locale.name()) name id value=own maxlength=80 optional={at > 0} error=fault/>
            <Field label=format!("{} ({})", tr!(ADMIN_SETTINGS_DELIVERY_DESCRIPTION), locale.name()) name=description id=longer_id value=longer maxlength=300 optional=true error=longer_fault/>
        }
    });
    fields.collect_view().into_any()
}

fn page(view: MethodView, save: ServerAction<SaveDeliveryMethod>, fallback: &FormFallback) -> AnyView {
    let MethodView { method, currency, seen, may_write } = view;
    let typed = typed(save, fallback);
    let (problem, seen) = split_conflict(problem(save, fallback), SEEN, Signal::stored(typed.or("form[seen]", seen)));
    let is_new = method.is_new;
    let title =
        method.names.first().filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| tr!(ADMIN_SETTINGS_DELIVERY_ADD).to_owned());
    let above =
        vec![("/admin/settings".to_owned(), tr!(ADMIN_SETTINGS).to_owned()), (LIST.to_owned(), tr!(ADMIN_SETTINGS_DELIVERY).to_owned())];
    let amount = |minor: i64| Money::new(minor, currency).decimal();
    let number = move |number: i64| if is_new { String::new() } else { number.to_string() };
    let texts = texts_fields(&method, &typed, problem);
    let code_words = (tr!(ADMIN_SETTINGS_DELIVERY_CODE), tr!(ADMIN_SETTINGS_DELIVERY_CODE_HINT));
    let code = code_field(&method.code, is_new, code_words, &typed, problem);
    let fee = if is_new { String::new() } else { amount(method.fee) };
    let per_kg = if method.per_kg_fee == 0 { String::new() } else { amount(method.per_kg_fee) };
    let fees = [("form[fee]", fee), ("form[per_kg_fee]", per_kg), ("form[free_from]", method.free_from.map(amount).unwrap_or_default())];
    let [fee, per_kg, free_from] = fees.map(|(field, value)| typed.or(field, value));
    let times = [
        ("form[days_min]", number(method.days_min)),
        ("form[days_max]", number(method.days_max)),
        ("form[position]", method.position.to_string()),
    ];
    let [days_min, days_max, position] = times.map(|(field, value)| typed.or(field, value));
    let cutoff = method.cutoff.map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).unwrap_or_default();
    let cutoff = typed.or("form[cutoff]", cutoff);
    let regions = typed.or("form[regions]", method.regions.join(", "));
    let collects_cash = typed.ticked("form[collects_cash]", "true", method.collects_cash);
    let active = typed.ticked("form[active]", "true", method.active);
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title.clone()/>
            <PageHeader title/>
            <StaffForm action=save class="flex flex-col gap-5 max-w-3xl">
                <ProblemSummary problem/>
                <ShowSaved problem/>
                <input type="hidden" name="form[seen]" value=move || seen.get() autocomplete="off"/>
                <Panel title=tr!(COMMON_DETAILS)>
                    <div class="grid md:grid-cols-2 gap-4 items-start">
                        {code}
                        {texts}
                    </div>
                </Panel>
                <Panel title=tr!(ADMIN_SETTINGS_DELIVERY_FEE)>
                    <div class="grid md:grid-cols-3 gap-4 items-start">
                        <Field label=tr!(ADMIN_SETTINGS_DELIVERY_FEE) name="form[fee]" id="fee" value=fee inputmode="decimal" suffix=currency.code() error=wrong(problem, "fee")/>
                        <Field label=tr!(ADMIN_SETTINGS_DELIVERY_PER_KG) name="form[per_kg_fee]" id="per_kg_fee" value=per_kg inputmode="decimal" suffix=currency.code() optional=true error=wrong(problem, "per_kg_fee")/>
                        <Field label=tr!(ADMIN_SETTINGS_DELIVERY_FREE_FROM) name="form[free_from]" id="free_from" value=free_from inputmode="decimal" suffix=currency.code() optional=true hint=tr!(ADMIN_SETTINGS_DELIVERY_FREE_FROM_HINT) error=wrong(problem, "free_from")/>
                    </div>
                </Panel>
                <Panel title=tr!(ADMIN_SETTINGS_DELIVERY)>
                    <div class="flex flex-col gap-4">
                        <Field label=tr!(ADMIN_SETTINGS_DELIVERY_REGIONS) name="form[regions]" id="regions" value=regions hint=tr!(ADMIN_SETTINGS_DELIVERY_REGIONS_HINT) error=wrong(problem, "regions")/>
                        <div class="grid md:grid-cols-3 gap-4 items-start">
                            <Field label=tr!(ADMIN_SETTINGS_DELIVERY_DAYS_MIN) name="form[days_min]" id="days_min" value=days_min inputmode="numeric" error=wrong(problem, "days_min")/>
                            <Field label=tr!(ADMIN_SETTINGS_DELIVERY_DAYS_MAX) name="form[days_max]" id="days_max" value=days_max inputmode="numeric" error=wrong(problem, "days_max")/>
                            <Field label=tr!(ADMIN_SETTINGS_DELIVERY_CUTOFF) name="form[cutoff]" id="cutoff" kind="time" value=cutoff optional=true hint=tr!(ADMIN_SETTINGS_DELIVERY_CUTOFF_HINT) error=wrong(problem, "cutoff")/>
                            <Field label=tr!(ADMIN_SETTINGS_DELIVERY_POSITION) name="form[position]" id="position" value=position inputmode="numeric" error=wrong(problem, "position")/>
                        </div>
                        <Checkbox label=tr!(ADMIN_SETTINGS_DELIVERY_CASH) name="form[collects_cash]" checked=collects_cash hint=tr!(ADMIN_SETTINGS_DELIVERY_CASH_HINT)/>
                        <Checkbox label=tr!(ADMIN_SETTINGS_DELIVERY_ACTIVE) name="form[active]" checked=active/>
                    </div>
                </Panel>
                {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{if is_new { tr!(ADMIN_SETTINGS_DELIVERY_ADD) } else { tr!(COMMON_SAVE_CHANGES) }}</Button></div> })}
            </StaffForm>
        </div>
    }
    .into_any()
}
