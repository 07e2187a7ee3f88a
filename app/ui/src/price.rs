//! Prices, sums and dates in the user's format.

use domain::{Money, Timestamp};
use leptos::prelude::*;

use crate::{tr, use_locale, use_time_zone};

/// A price, with the former one.
#[component]
pub fn Price(
    amount: Money,
    /// The former price, when it was higher.
    #[prop(optional_no_strip)]
    compare_at: Option<Money>,
    /// Some variants cost more: "from …".
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

/// One line of a sum: subtotal, delivery fee, total.
#[component]
pub fn SumLine(
    #[prop(into)] label: String,
    /// An amount as text, or "Free".
    #[prop(into)]
    amount: Signal<String>,
    /// The line with the total.
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

/// A day and time in the shop's time zone, as `<time>`.
#[component]
pub fn When(
    at: Timestamp,
    /// Shows the date alone, without the time.
    #[prop(optional)]
    day: bool,
) -> impl IntoView {
    let (locale, zone) = (use_locale(), use_time_zone());
    let text = if day { locale.date(at, zone) } else { locale.date_time(at, zone) };
    view! { <time class="figures" datetime=at.iso_date_time()>{text}</time> }
}
