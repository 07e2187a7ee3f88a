//! A discount code's edit page.

use admin_layout::{SEEN, ShowSaved, StaffForm, address, split_conflict};
use domain::cart::Discount;
use domain::permission::Permission;
#[cfg(feature = "ssr")]
use domain::view::DiscountDraft;
use domain::view::DiscountRowView;
use domain::{Currency, Locale, Money, Timestamp};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Breadcrumbs, Button, Checkbox, Choice, Field, PageHeader, Panel, SelectField, tr, use_locale, use_time_zone};
use web::{Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, typed, wrong};

use crate::discounts::{LIST, first_day, last_day};
use crate::edit_page::{code_field, edit_page};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountView {
    /// The code, or the initial values of a new one.
    pub row: DiscountRowView,
    pub currency: Currency,
    /// The code as it is saved, for the form; empty for a new one.
    pub seen: String,
    pub may_write: bool,
}

/// A discount code as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiscountForm {
    /// Not empty for a new one.
    pub is_new: String,
    /// The code as it was saved when the form was rendered.
    pub seen: String,
    pub code: String,
    /// `percent` or `amount`.
    pub kind: String,
    /// Percent, or an amount in the shop's currency.
    pub value: String,
    /// In the shop's currency; empty for any cart.
    pub min_subtotal: String,
    /// A day as `2026-11-24`; empty for at once.
    pub valid_from: String,
    /// The last day; empty for no end.
    pub valid_to: String,
    /// Empty for any number.
    pub most_uses: String,
    /// Not empty when it is active.
    pub active: String,
}

#[cfg(feature = "ssr")]
impl DiscountForm {
    /// The discount code as far as it can be read, and what cannot.
    fn draft(self, locale: Locale, currency: Currency, zone: domain::TimeZone) -> (DiscountDraft, domain::view::FieldErrors) {
        use domain::messages::{Msg, t};
        use domain::number_input;
        let mut errors = domain::view::FieldErrors::new();
        let mut wrong = |field: &str, message: Msg| errors.push((field.to_owned(), message.text(locale).to_owned()));
        let amount = |text: &str| number_input::decimal(text, currency.exponent());
        let takes = match self.kind.as_str() {
            "percent" => crate::percent::basis_points(&self.value)
                .map(Discount::Percent)
                .map_err(|error| crate::percent::message(&self.value, error)),
            _ => amount(&self.value).map(Discount::Amount).map_err(number_input::NumberError::of_amount),
        };
        if self.value.trim().is_empty() {
            wrong("value", t::FIELD_REQUIRED);
        } else if let Err(message) = takes {
            wrong("value", message);
        }
        let min_subtotal = if self.min_subtotal.trim().is_empty() { Ok(0) } else { amount(&self.min_subtotal) };
        if let Err(error) = min_subtotal {
            wrong("min_subtotal", error.of_amount());
        }
        let mut day = |field: &str, text: &str| {
            let day = domain::Date::parse(text.trim());
            if day.is_none() && !text.trim().is_empty() {
                wrong(field, t::FIELD_DATE_INVALID);
            }
            day
        };
        let (first, last) = (day("valid_from", &self.valid_from), day("valid_to", &self.valid_to));
        let most_uses = self.most_uses.trim();
        let most_uses = if most_uses.is_empty() { Ok(None) } else { number_input::whole(most_uses).map(Some) };
        if let Err(error) = most_uses {
            wrong("most_uses", error.of_whole());
        }
        let draft = DiscountDraft {
            is_new: !self.is_new.is_empty(),
            code: self.code,
            takes: takes.unwrap_or(Discount::Percent(0)),
            min_subtotal: min_subtotal.unwrap_or(0),
            valid_from: first.map(|day| zone.start_of(day)),
            valid_to: last.map(|day| zone.start_of(day.plus_days(1))),
            most_uses: most_uses.unwrap_or(None),
            active: !self.active.is_empty(),
        };
        (draft, errors)
    }
}

/// A discount code, or the initial values of a new one for `new`.
#[server(endpoint = "admin/discounts/code", output = Answer)]
pub async fn read_discount(code: String) -> Result<DiscountView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    let row = if code == "new" {
        let draft = DiscountDraft {
            is_new: true,
            code: String::new(),
            takes: Discount::Percent(0),
            min_subtotal: 0,
            valid_from: None,
            valid_to: None,
            most_uses: None,
            active: true,
        };
        DiscountRowView { draft, uses: 0 }
    } else {
        backend::pricing::discount(&shop, &ctx, &code).await.map_err(crate::pricing_error)?
    };
    let seen = if row.draft.is_new { String::new() } else { admin_layout::seen(&row.draft) };
    Ok(DiscountView { row, currency: backend::settings::shop_currency(&shop), seen, may_write: ctx.may(Permission::WriteSettings) })
}
access!(ReadDiscount, Access::Staff(Permission::ReadSettings));

/// Saves a discount code; without a script it redirects to the list.
#[server(endpoint = "admin/discounts/save", output = Answer)]
pub async fn save_discount(form: DiscountForm) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?, request::locale());
    let (currency, zone) = (backend::settings::shop_currency(&shop), backend::settings::time_zone(&shop));
    let seen: Option<DiscountDraft> = admin_layout::read_seen(&form.seen);
    let (draft, unread) = form.draft(locale, currency, zone);
    crate::all_wrong(unread, backend::pricing::check_discount(locale, &draft))?;
    let saved = backend::pricing::save_discount(&shop, &ctx, locale, draft.clone(), seen.clone()).await;
    if let (Err(backend::pricing::PricingError::Stale), Some(seen)) = (&saved, seen) {
        let saved = backend::pricing::discount(&shop, &ctx, &seen.code).await.map_err(crate::pricing_error)?.draft;
        let stale = admin_layout::Stale { seen: &seen, typed: &draft, saved: &saved };
        return Err(stale.refused(&shop, None, |path, value| crate::saved::discount(locale, currency, zone, path, value)).await);
    }
    saved.map_err(crate::pricing_error)?;
    request::redirect(LIST);
    Ok(())
}
access!(SaveDiscount, Access::Staff(Permission::WriteSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadDiscount>(), access_of::<SaveDiscount>()];

/// `/admin/settings/discounts/:code`
#[derive(Debug)]
pub struct EditDiscount;

lazy_page!(EditDiscount, settings, edit_discount_page);

fn edit_discount_page() -> AnyView {
    edit_page(LIST, read_discount, page)
}

fn page(view: DiscountView, save: ServerAction<SaveDiscount>, fallback: &FormFallback) -> AnyView {
    let DiscountView { row: DiscountRowView { draft, uses }, currency, seen, may_write } = view;
    let (typed, locale) = (typed(save, fallback), use_locale());
    let (problem, seen) = split_conflict(problem(save, fallback), SEEN, Signal::stored(typed.or("form[seen]", seen)));
    let title = if draft.is_new { tr!(ADMIN_SETTINGS_DISCOUNT_ADD).to_owned() } else { draft.code.clone() };
    let above =
        vec![("/admin/settings".to_owned(), tr!(ADMIN_SETTINGS).to_owned()), (LIST.to_owned(), tr!(ADMIN_SETTINGS_DISCOUNTS).to_owned())];
    let code_words = (tr!(ADMIN_SETTINGS_DISCOUNT_CODE), tr!(ADMIN_SETTINGS_DISCOUNT_CODE_HINT));
    let code = code_field(&draft.code, draft.is_new, code_words, &typed, problem);
    let decimal = |minor: i64| Money::new(minor, currency).decimal();
    let (kind, value) = match draft.takes {
        Discount::Percent(0) => ("percent", String::new()),
        Discount::Percent(bp) => ("percent", Locale::En.percent(bp).trim_end_matches('%').to_owned()),
        Discount::Amount(minor) => ("amount", decimal(minor)),
    };
    let kinds = vec![
        Choice::new("percent", tr!(ADMIN_SETTINGS_DISCOUNT_PERCENT)),
        Choice::new("amount", format!("{} ({})", tr!(ADMIN_SETTINGS_DISCOUNT_AMOUNT), currency.code())),
    ];
    let minimum = if draft.min_subtotal == 0 { String::new() } else { decimal(draft.min_subtotal) };
    let zone = use_time_zone();
    let date = |at: Timestamp| zone.date(at).to_string();
    let fields = [
        ("form[kind]", kind.to_owned()),
        ("form[value]", value),
        ("form[min_subtotal]", minimum),
        ("form[valid_from]", draft.valid_from.map(|from| date(first_day(from))).unwrap_or_default()),
        ("form[valid_to]", draft.valid_to.map(|to| date(last_day(to))).unwrap_or_default()),
        ("form[most_uses]", draft.most_uses.map(|most| most.to_string()).unwrap_or_default()),
    ];
    let [kind, value, minimum, from, to, most] = fields.map(|(field, value)| typed.or(field, value));
    let active = typed.ticked("form[active]", "true", draft.active);
    let used = (uses > 0).then(|| {
        let used = ui::t::ADMIN_SETTINGS_DISCOUNT_USED.with(locale, uses, &[]);
        view! { <p><a class="underline underline-offset-4" href=address("/admin/orders", &[("q", &draft.code)])>{used}</a></p> }
    });
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title.clone()/>
            <PageHeader title/>
            {used}
            <StaffForm action=save class="flex flex-col gap-5 max-w-3xl">
                <ProblemSummary problem/>
                <ShowSaved problem/>
                <input type="hidden" name="form[seen]" value=move || seen.get() autocomplete="off"/>
                <Panel title=tr!(COMMON_DETAILS)>
                    <div class="grid md:grid-cols-2 gap-4 items-start">
                        {code}
                        <SelectField label=tr!(ADMIN_SETTINGS_DISCOUNT_KIND) name="form[kind]" id="kind" choices=kinds selected=kind/>
                        <Field label=tr!(ADMIN_SETTINGS_DISCOUNT_VALUE) name="form[value]" id="value" value inputmode="decimal" error=wrong(problem, "value")/>
                        <Field label=tr!(ADMIN_SETTINGS_DISCOUNT_MINIMUM) name="form[min_subtotal]" id="min_subtotal" value=minimum inputmode="decimal" suffix=currency.code() optional=true hint=tr!(ADMIN_SETTINGS_DISCOUNT_MINIMUM_HINT) error=wrong(problem, "min_subtotal")/>
                    </div>
                </Panel>
                <Panel title=tr!(ADMIN_SETTINGS_DISCOUNT_WHEN)>
                    <div class="flex flex-col gap-4">
                        <div class="grid md:grid-cols-3 gap-4 items-start">
                            <Field label=tr!(ADMIN_SETTINGS_DISCOUNT_FROM) name="form[valid_from]" id="valid_from" kind="date" value=from optional=true hint=tr!(ADMIN_SETTINGS_DISCOUNT_FROM_HINT) error=wrong(problem, "valid_from")/>
                            <Field label=tr!(ADMIN_SETTINGS_DISCOUNT_UNTIL) name="form[valid_to]" id="valid_to" kind="date" value=to optional=true hint=tr!(ADMIN_SETTINGS_DISCOUNT_UNTIL_HINT) error=wrong(problem, "valid_to")/>
                            <Field label=tr!(ADMIN_SETTINGS_DISCOUNT_MOST_USES) name="form[most_uses]" id="most_uses" value=most inputmode="numeric" optional=true hint=tr!(ADMIN_SETTINGS_DISCOUNT_MOST_USES_HINT) error=wrong(problem, "most_uses")/>
                        </div>
                        <Checkbox label=tr!(ADMIN_SETTINGS_DISCOUNT_ACTIVE) name="form[active]" checked=active/>
                    </div>
                </Panel>
                {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{if draft.is_new { tr!(ADMIN_SETTINGS_DISCOUNT_ADD) } else { tr!(COMMON_SAVE_CHANGES) }}</Button></div> })}
            </StaffForm>
        </div>
    }
    .into_any()
}
