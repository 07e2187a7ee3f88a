//! How much is missing to a free delivery.

use domain::Money;
use domain::view::DeliveryTo;
use leptos::prelude::*;
use ui::{tr, use_locale};

use crate::delivery_place::current;

/// A bar to free delivery at the chosen place; nothing before a place is chosen, and where no delivery becomes free.
#[component]
pub fn FreeDeliveryBar(
    /// The fees that the server rendered the page with.
    delivery: DeliveryTo,
    /// Price and weight in grams of the items; `None` if they cannot be bought.
    #[prop(into)]
    contents: Signal<Option<(Money, i64)>>,
) -> impl IntoView {
    let locale = use_locale();
    let delivery = current(delivery);
    let state = Memo::new(move |_| {
        let (price, _) = contents.get()?;
        delivery.with(|delivery| {
            let free_from = delivery.free_from().filter(|from| *from > 0)?;
            Some((delivery.place.as_ref()?.name.clone(), price, free_from))
        })
    });
    let words = move || {
        let (place, price, free_from) = state.get()?;
        let missing = free_from - price.minor;
        Some(if missing > 0 {
            tr!(PLACE_FREE_MISSING, amount = locale.money(Money::new(missing, price.currency)), place = place)
        } else {
            tr!(PLACE_FREE_REACHED, place = place)
        })
    };
    let of = move |part: fn(i64, i64) -> i64| state.with(|state| state.as_ref().map_or(0, |(_, price, from)| part(price.minor, *from)));
    move || {
        state.with(Option::is_some).then(|| {
            view! {
                <div id="free-delivery" class="mb-4">
                    <p class="text-sm mb-1.5" aria-live="polite">{words}</p>
                    <progress class="progress progress-primary w-full block" aria-hidden="true" value=move || of(i64::min) max=move || of(|_, from| from)></progress>
                </div>
            }
            .into_any()
        })
    }
}
