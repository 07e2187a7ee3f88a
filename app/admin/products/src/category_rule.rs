//! The rule that fills a category, a part of its form.

use domain::view::CategoryRule;
use domain::{Currency, Money};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Checkbox, Choice, Field, Panel, SelectField, tr};
use web::{AppError, Typed, wrong};

/// A rule as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleForm {
    /// `rule`, or empty where products are put into the category by hand.
    pub by: String,
    pub tag: String,
    /// In the shop's currency; empty for none.
    pub price_min: String,
    pub price_max: String,
    /// Empty for any age.
    pub new_days: String,
    /// Not empty for products with a compare-at price.
    pub on_sale: String,
    /// Not empty for products that can be bought.
    pub in_stock: String,
}

#[cfg(feature = "ssr")]
impl RuleForm {
    /// The rule; none where there is none.
    pub(crate) fn rule(&self, locale: domain::Locale, currency: Currency) -> Result<Option<CategoryRule>, domain::view::FieldErrors> {
        use domain::number_input::{NumberError, decimal, whole};
        if self.by.is_empty() {
            return Ok(None);
        }
        let mut errors = domain::view::FieldErrors::new();
        let mut number = |field: &str,
                          text: &str,
                          read: &dyn Fn(&str) -> Result<i64, NumberError>,
                          message: fn(NumberError) -> domain::messages::Msg| {
            if text.trim().is_empty() {
                return None;
            }
            read(text).map_err(|error| errors.push((field.to_owned(), message(error).text(locale).to_owned()))).ok()
        };
        let amount = |text: &str| decimal(text, currency.exponent());
        let price_min = number("price_min", &self.price_min, &amount, NumberError::of_amount);
        let price_max = number("price_max", &self.price_max, &amount, NumberError::of_amount);
        let new_days = number("new_days", &self.new_days, &whole, NumberError::of_whole);
        let rule = CategoryRule {
            tag: self.tag.trim().to_lowercase(),
            price_min,
            price_max,
            new_days,
            on_sale: !self.on_sale.is_empty(),
            in_stock: !self.in_stock.is_empty(),
        };
        if errors.is_empty() { Ok(Some(rule)) } else { Err(errors) }
    }
}

/// The field of a part of a rule, and its value as the form shows it.
#[cfg(feature = "ssr")]
pub(crate) fn saved_field(locale: domain::Locale, currency: Currency, path: &str, value: &serde_json::Value) -> Option<(String, String)> {
    use domain::messages::t;
    if path == "rule" && value.is_null() {
        return Some(("by".to_owned(), t::ADMIN_CATEGORIES_BY_HAND.text(locale).to_owned()));
    }
    let field = path.strip_prefix("rule.")?;
    let money = || value.as_i64().map(|minor| Money::new(minor, currency).decimal()).unwrap_or_default();
    let tick = |label| (format!("form[rule][{field}]-true"), admin_layout::saved_tick(locale, label, value));
    match field {
        "tag" => Some((field.to_owned(), value.as_str().unwrap_or_default().to_owned())),
        "price_min" | "price_max" => Some((field.to_owned(), money())),
        "new_days" => Some((field.to_owned(), value.as_i64().map(|days| days.to_string()).unwrap_or_default())),
        "on_sale" => Some(tick(t::ADMIN_CATEGORIES_RULE_ON_SALE)),
        "in_stock" => Some(tick(t::ADMIN_CATEGORIES_RULE_IN_STOCK)),
        _ => None,
    }
}

/// What fills the category: hands or a rule. The rule's fields are shown where it does, and without a script always.
pub(crate) fn fields(rule: Option<&CategoryRule>, currency: Currency, typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    let own = rule.cloned().unwrap_or_default();
    let sent = |field: &str| format!("form[rule][{field}]");
    let kept = |field: &str, own: String| typed.or(&sent(field), own);
    let money = |price: Option<i64>| price.map(|minor| Money::new(minor, currency).decimal()).unwrap_or_default();
    let by = RwSignal::new(kept("by", if rule.is_some() { "rule".to_owned() } else { String::new() }));
    let [tag, min, max, days] = [
        ("tag", own.tag.clone()),
        ("price_min", money(own.price_min)),
        ("price_max", money(own.price_max)),
        ("new_days", own.new_days.map(|days| days.to_string()).unwrap_or_default()),
    ]
    .map(|(field, own)| kept(field, own));
    let on_sale = typed.ticked(&sent("on_sale"), "true", own.on_sale);
    let in_stock = typed.ticked(&sent("in_stock"), "true", own.in_stock);
    let choices = vec![Choice::new("", tr!(ADMIN_CATEGORIES_BY_HAND)), Choice::new("rule", tr!(ADMIN_CATEGORIES_BY_RULE))];
    let scripted = RwSignal::new(false);
    Effect::new(move || scripted.set(true));
    view! {
        <Panel title=tr!(ADMIN_CATEGORIES_FILLED)>
            <div class="flex flex-col gap-4">
                <div class="max-w-md">
                    <SelectField label=tr!(ADMIN_CATEGORIES_FILLED) name=sent("by") id="by" choices selected=by on_change=Callback::new(move |chosen| by.set(chosen)) error=wrong(problem, "by")/>
                </div>
                <div class="flex flex-col gap-4" hidden=move || scripted.get() && by.with(String::is_empty)>
                    <p class="text-sm text-quiet">{tr!(ADMIN_CATEGORIES_RULE_HINT)}</p>
                    <div class="grid sm:grid-cols-2 gap-4 items-start">
                        <Field label=tr!(ADMIN_CATEGORIES_RULE_TAG) name=sent("tag") id="tag" value=tag maxlength=60 optional=true error=wrong(problem, "tag")/>
                        <Field label=tr!(ADMIN_CATEGORIES_RULE_NEW_DAYS) name=sent("new_days") id="new_days" value=days inputmode="numeric" optional=true error=wrong(problem, "new_days")/>
                        <Field label=tr!(ADMIN_CATEGORIES_RULE_PRICE_MIN) name=sent("price_min") id="price_min" value=min inputmode="decimal" suffix=currency.code() optional=true error=wrong(problem, "price_min")/>
                        <Field label=tr!(ADMIN_CATEGORIES_RULE_PRICE_MAX) name=sent("price_max") id="price_max" value=max inputmode="decimal" suffix=currency.code() optional=true error=wrong(problem, "price_max")/>
                    </div>
                    <Checkbox label=tr!(ADMIN_CATEGORIES_RULE_ON_SALE) name=sent("on_sale") checked=on_sale/>
                    <Checkbox label=tr!(ADMIN_CATEGORIES_RULE_IN_STOCK) name=sent("in_stock") checked=in_stock/>
                </div>
            </div>
        </Panel>
    }
    .into_any()
}
