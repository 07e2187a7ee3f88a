//! The limits of orders, a form on the page of the settings.

use admin_layout::{SEEN, ShowSaved, StaffForm, on_done, split_conflict};
use domain::permission::Permission;
use domain::view::OrderLimits;
use domain::{Currency, Money};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, Checkbox, Field, Panel, tr};
use web::{Access, Answer, AppError, FormFallback, ProblemSummary, access, access_of, problem, typed, wrong};

/// The limits as typed; an empty field is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitsForm {
    /// The settings as they were saved when the form was rendered.
    pub seen: String,
    /// Not empty when cash on delivery is taken.
    pub cash: String,
    /// In the shop's currency.
    pub cash_total: String,
    /// Open cash orders that one shopper may have.
    pub cash_per_person: String,
    /// Open cash orders that one network address may have.
    pub cash_per_client: String,
    /// Unpaid card orders that one shopper may have.
    pub card_per_person: String,
    /// Unpaid card orders that one network address may have.
    pub card_per_client: String,
    pub cash_days: String,
    pub line_units: String,
    /// Lines of an order.
    pub lines: String,
}

/// The greatest number of orders, days, units or lines.
#[cfg(feature = "ssr")]
const MAX_LIMIT: i64 = 1_000_000;

#[cfg(feature = "ssr")]
impl LimitsForm {
    fn limits(&self, locale: domain::Locale, currency: Currency) -> Result<OrderLimits, domain::view::FieldErrors> {
        use domain::messages::t;
        let mut errors = domain::view::FieldErrors::new();
        let mut number = |field: &str, text: &str| {
            let text = text.trim();
            let read = if text.is_empty() { Ok(0) } else { text.parse::<i64>() };
            let message = match read {
                Ok(number) if (0..=MAX_LIMIT).contains(&number) => return number,
                Ok(number) if number > MAX_LIMIT => {
                    let most = locale.number(MAX_LIMIT);
                    t::FIELD_NUMBER_RANGE.with(locale, &[("min", "0"), ("max", most.as_str())])
                }
                _ => t::FIELD_NUMBER_LEAST.with(locale, &[("min", "0")]),
            };
            errors.push((field.to_owned(), message));
            0
        };
        let mut limits = OrderLimits {
            cash: !self.cash.is_empty(),
            cash_total: 0,
            cash_per_person: number("cash_per_person", &self.cash_per_person),
            cash_per_client: number("cash_per_client", &self.cash_per_client),
            card_per_person: number("card_per_person", &self.card_per_person),
            card_per_client: number("card_per_client", &self.card_per_client),
            cash_days: number("cash_days", &self.cash_days),
            line_units: number("line_units", &self.line_units),
            lines: number("lines", &self.lines),
        };
        let total = self.cash_total.trim();
        let total = if total.is_empty() { Some(0) } else { Money::parse(total, currency).ok().map(|money| money.minor) };
        match total.filter(|minor| *minor >= 0) {
            Some(minor) => limits.cash_total = minor,
            None => errors.push(("cash_total".to_owned(), t::FIELD_AMOUNT_INVALID.text(locale).to_owned())),
        }
        if errors.is_empty() { Ok(limits) } else { Err(errors) }
    }
}

/// Saves the limits; the answer is what is saved, for the form.
#[server(endpoint = "admin/settings/limits", output = Answer)]
pub async fn save_limits(form: LimitsForm) -> Result<String, AppError> {
    use backend::settings::{SettingsError, SettingsPart};
    use web::request;
    request::authorize(Access::Staff(Permission::WriteSettings))?;
    let shop = request::shop()?;
    let now = backend::settings::load(&shop).await.map_err(|error| request::unexpected(&error))?;
    let limits = form.limits(request::locale(), now.currency.parse().unwrap_or(Currency::PHP)).map_err(request::invalid)?;
    let new = domain::view::ShopSettings { limits, ..now };
    let saved = crate::general::save_part(SettingsPart::Limits, &form.seen, new, |error| match error {
        SettingsError::Forbidden(_) => request::fail(AppError::new(403)),
        SettingsError::Invalid(field) => {
            request::invalid(vec![(field.to_owned(), ui::t::FIELD_NUMBER_INVALID.text(request::locale()).to_owned())])
        }
        other => request::unexpected(&other),
    });
    saved.await
}
access!(SaveLimits, Access::Staff(Permission::WriteSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<SaveLimits>()];

/// The panel on the settings page.
pub(crate) fn panel(limits: &OrderLimits, currency: &str, seen: String, may_write: bool, fallback: &FormFallback) -> AnyView {
    let (save, saved) = (ServerAction::<SaveLimits>::new(), RwSignal::new(String::new()));
    on_done(save, tr!(COMMON_SAVED), move |seen: String| saved.set(seen));
    let typed = typed(save, fallback);
    let own = crate::general::based_on(saved, typed.or("form[seen]", seen));
    let (problem, based_on) = split_conflict(problem(save, fallback), SEEN, own);
    let currency: Currency = currency.parse().unwrap_or(Currency::PHP);
    let number = |name: &str, saved: i64| typed.or(&format!("form[{name}]"), saved.to_string());
    let total = typed.or("form[cash_total]", Money::new(limits.cash_total, currency).decimal());
    let cash = typed.ticked("form[cash]", "true", limits.cash);
    let (per_person, per_client) = (number("cash_per_person", limits.cash_per_person), number("cash_per_client", limits.cash_per_client));
    let (cards, cards_here) = (number("card_per_person", limits.card_per_person), number("card_per_client", limits.card_per_client));
    let (days, units, lines) =
        (number("cash_days", limits.cash_days), number("line_units", limits.line_units), number("lines", limits.lines));
    view! {
        <StaffForm action=save>
            <Panel title=tr!(ADMIN_SETTINGS_LIMITS)>
                <div class="flex flex-col gap-4 max-w-2xl">
                    <p class="text-quiet">{tr!(ADMIN_SETTINGS_LIMITS_HINT)}</p>
                    <ProblemSummary problem/>
                    <ShowSaved problem/>
                    <input type="hidden" name="form[seen]" value=move || based_on.get() autocomplete="off"/>
                    <Checkbox label=tr!(ADMIN_SETTINGS_LIMITS_CASH) name="form[cash]" checked=cash/>
                    <div class="grid md:grid-cols-2 gap-4 items-start">
                        <Field label=tr!(ADMIN_SETTINGS_LIMITS_CASH_TOTAL) name="form[cash_total]" id="cash_total" inputmode="decimal" suffix=currency.code() value=total error=wrong(problem, "cash_total")/>
                        <Field label=tr!(ADMIN_SETTINGS_LIMITS_CASH_DAYS) name="form[cash_days]" id="cash_days" inputmode="numeric" value=days error=wrong(problem, "cash_days")/>
                        <Field label=tr!(ADMIN_SETTINGS_LIMITS_CASH_PER_PERSON) name="form[cash_per_person]" id="cash_per_person" inputmode="numeric" hint=tr!(ADMIN_SETTINGS_LIMITS_CASH_PER_PERSON_HINT) value=per_person error=wrong(problem, "cash_per_person")/>
                        <Field label=tr!(ADMIN_SETTINGS_LIMITS_CASH_PER_CLIENT) name="form[cash_per_client]" id="cash_per_client" inputmode="numeric" hint=tr!(ADMIN_SETTINGS_LIMITS_CASH_PER_CLIENT_HINT) value=per_client error=wrong(problem, "cash_per_client")/>
                        <Field label=tr!(ADMIN_SETTINGS_LIMITS_CARD_PER_PERSON) name="form[card_per_person]" id="card_per_person" inputmode="numeric" hint=tr!(ADMIN_SETTINGS_LIMITS_CARD_HINT) value=cards error=wrong(problem, "card_per_person")/>
                        <Field label=tr!(ADMIN_SETTINGS_LIMITS_CARD_PER_CLIENT) name="form[card_per_client]" id="card_per_client" inputmode="numeric" value=cards_here error=wrong(problem, "card_per_client")/>
                        <Field label=tr!(ADMIN_SETTINGS_LIMITS_LINE_UNITS) name="form[line_units]" id="line_units" inputmode="numeric" value=units error=wrong(problem, "line_units")/>
                        <Field label=tr!(ADMIN_SETTINGS_LIMITS_LINES) name="form[lines]" id="lines" inputmode="numeric" value=lines error=wrong(problem, "lines")/>
                    </div>
                    {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE_CHANGES)}</Button></div> })}
                </div>
            </Panel>
        </StaffForm>
    }
    .into_any()
}
