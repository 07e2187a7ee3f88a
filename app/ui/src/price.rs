//! Money and moments as the reader writes them.

use domain::iso_date_time;
use domain::{Money, Timestamp};
use leptos::prelude::*;

use crate::{tr, use_locale};

/// What something costs, with what it cost before.
#[component]
pub fn Price(
    /// What it costs now.
    amount: Money,
    /// What it cost before, when that was more.
    #[prop(optional_no_strip)]
    compare_at: Option<Money>,
    /// There are variants that cost more: "from …".
    #[prop(optional)]
    from: bool,
    /// Classes for the size, for example `text-2xl`.
    #[prop(default = "")]
    class: &'static str,
) -> impl IntoView {
    let locale = use_locale();
    let now = locale.money(amount);
    let now = if from { tr!(COMMON_FROM_PRICE, price = now) } else { now };
    let colour = if compare_at.is_some() { "text-sale" } else { "" };
    view! {
        <span class=format!("inline-flex flex-wrap items-baseline gap-x-2 {class}")>
            <span class=format!("money font-semibold {colour}")>{now}</span>
            {compare_at.map(|before| {
                let before = locale.money(before);
                view! {
                    <s class="money text-[0.8em] text-quiet" aria-hidden="true">{before.clone()}</s>
                    <span class="sr-only">{tr!(PRODUCT_COMPARE_AT, price = before)}</span>
                }.into_any()
            })}
        </span>
    }
}

/// One line of a sum: subtotal, shipping, total.
#[component]
pub fn SumLine(
    /// What it is.
    #[prop(into)]
    label: String,
    /// How much, already written: an amount, or "Free".
    #[prop(into)]
    amount: Signal<String>,
    /// The line that matters.
    #[prop(optional)]
    total: bool,
) -> impl IntoView {
    let look = if total { "text-lg font-semibold border-t border-hairline pt-3 mt-1" } else { "" };
    view! {
        <div class=format!("flex items-baseline justify-between gap-4 {look}")>
            <dt>{label}</dt>
            <dd class="money" aria-live=total.then_some("polite")>{move || amount.get()}</dd>
        </div>
    }
}

/// A day and time in the shop's time zone, readable by machines too.
#[component]
pub fn When(
    /// The moment.
    at: Timestamp,
    /// The day alone.
    #[prop(optional)]
    day: bool,
) -> impl IntoView {
    let locale = use_locale();
    let text = if day { locale.date(at) } else { locale.date_time(at) };
    view! { <time class="figures" datetime=iso_date_time(at)>{text}</time> }
}
