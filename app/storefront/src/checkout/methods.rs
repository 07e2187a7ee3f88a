//! The delivery and payment methods in the checkout's form.

use domain::Money;
use domain::view::{Address, CashOnDelivery, SavedAddress};
use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{Alert, Button, Look, RadioCard, RadioCards, SkeletonText, Tone, icon, tr, use_locale, use_time_zone};
use web::{AppError, wrong};

use super::Offer;
use super::offers::Offers;
use crate::address::AddressStart;

/// Buttons that fill the form with a saved address.
#[component]
pub(super) fn AddressBook(
    book: Vec<SavedAddress>,
    delivery_address: RwSignal<(u32, AddressStart)>,
    on_place: Callback<(String, String)>,
) -> impl IntoView {
    let fill = move |address: Address| {
        spawn_local(async move {
            if let Ok(start) = crate::account::read_saved_form(address.clone()).await {
                on_place.run((address.country.clone(), address.place.clone()));
                delivery_address.update(|delivery_address| *delivery_address = (delivery_address.0 + 1, start));
            }
        });
    };
    (book.len() > 1).then(|| {
        let buttons = book
            .into_iter()
            .map(|saved| {
                let words = [saved.address.line1.as_str(), saved.address.city.as_str()].join(", ");
                view! { <Button look=Look::Outline icon=icon::MAP_PIN on:click=move |_| fill(saved.address.clone())>{words}</Button> }
            })
            .collect_view();
        view! { <div class="needs-script flex flex-wrap gap-2" role="group" aria-label=tr!(ACCOUNT_ADDRESSES)>{buttons}</div> }.into_any()
    })
}

#[component]
pub(super) fn Delivery(offers: Offers, problem: Signal<Option<AppError>>) -> impl IntoView {
    let (locale, zone) = (use_locale(), use_time_zone());
    let Offers { list, code, loading, error: read_error, retries } = offers;
    let error = wrong(problem, "delivery");
    let retry = move || {
        let words = read_error.get()?.text(locale);
        Some(
            view! {
                <div class="flex flex-col gap-3 items-start">
                    <Alert tone=Tone::Danger>{words}</Alert>
                    <Button look=Look::Outline busy=loading on:click=move |_| retries.update(|retries| *retries += 1)>{tr!(COMMON_RETRY)}</Button>
                </div>
            }
            .into_any(),
        )
    };
    let cards = move || {
        list.with(|offers| {
            let card = |offer: &Offer| {
                let day = |at| locale.weekday_date(at, zone);
                let (from, to) = (day(offer.option.from), day(offer.option.to));
                let when =
                    if from == to { tr!(DELIVERY_ARRIVES_ON, date = to) } else { tr!(DELIVERY_ARRIVES_BETWEEN, from = from, to = to) };
                let detail = if offer.option.description.is_empty() { when } else { format!("{when} · {}", offer.option.description) };
                let fee = offer.totals.delivery_fee;
                RadioCard {
                    value: offer.option.code.clone(),
                    title: offer.option.name.clone(),
                    detail: Some(detail),
                    aside: Some(if fee.minor == 0 { tr!(CART_DELIVERY_FREE).to_owned() } else { locale.money(fee) }),
                    icon: Some(icon::TRUCK),
                    disabled: false,
                }
            };
            offers.iter().map(card).collect::<Vec<_>>()
        })
    };
    let ways = move || {
        let cards = cards();
        if !cards.is_empty() {
            return view! {
                <div id="delivery" tabindex="-1" aria-busy=move || loading.get().then_some("true")>
                    <RadioCards legend=tr!(DELIVERY_CHOOSE) name="delivery" cards selected=code error on_change=Callback::new(move |chosen| code.set(chosen))/>
                </div>
            }
            .into_any();
        }
        if loading.get() {
            return view! { <SkeletonText lines=3/> }.into_any();
        }
        view! {
            <div id="delivery" tabindex="-1">
                {move || read_error.with(Option::is_none).then(|| view! { <Alert>{tr!(CHECKOUT_ADDRESS_FIRST)}</Alert> }.into_any())}
                {move || error.get().map(|error| view! { <p class="tone-danger tone-ink text-sm font-medium mt-2">{error}</p> })}
                <div class="without-script mt-3"><Button kind="submit" look=Look::Outline attr:name="step" attr:value="look">{tr!(CHECKOUT_SHOW_DELIVERY)}</Button></div>
            </div>
        }
        .into_any()
    };
    view! {
        {ways}
        {retry}
    }
    .into_any()
}

#[component]
pub(super) fn Payment(
    payment: RwSignal<String>,
    total: Memo<Option<Money>>,
    /// Is cash taken for this order with the chosen delivery?
    cash: Memo<CashOnDelivery>,
    problem: Signal<Option<AppError>>,
) -> impl IntoView {
    let locale = use_locale();
    let error = wrong(problem, "payment");
    // Card, when no cash is taken.
    let chosen = Signal::derive(move || if cash.get().is_taken() { payment.get() } else { "card".to_owned() });
    let cards = move || {
        let card = RadioCard {
            value: "card".into(),
            title: tr!(CHECKOUT_PAYMENT_CARD).into(),
            detail: Some(tr!(CHECKOUT_PAYMENT_CARD_HINT).into()),
            icon: Some(icon::CREDIT_CARD),
            ..RadioCard::default()
        };
        let hint = match (cash.get(), total.get()) {
            // A shop that never takes cash does not offer it.
            (CashOnDelivery::Off, _) => return vec![card],
            (CashOnDelivery::NotCollected, _) => tr!(CHECKOUT_NO_CASH_HERE).to_owned(),
            (CashOnDelivery::UpTo(most), _) => tr!(CHECKOUT_CASH_UP_TO, amount = locale.money(most)),
            (CashOnDelivery::Taken, Some(total)) => tr!(CHECKOUT_PAYMENT_ON_DELIVERY_HINT, amount = locale.money(total)),
            (CashOnDelivery::Taken, None) => tr!(CHECKOUT_PAYMENT_ON_DELIVERY_PLAIN).to_owned(),
        };
        let cash = RadioCard {
            value: "cod".into(),
            title: tr!(CHECKOUT_PAYMENT_ON_DELIVERY).into(),
            detail: Some(hint),
            icon: Some(icon::BANKNOTE),
            disabled: !cash.get().is_taken(),
            ..RadioCard::default()
        };
        vec![cash, card]
    };
    move || {
        view! {
            <div id="payment" tabindex="-1">
                <RadioCards legend=tr!(CHECKOUT_PAYMENT_TITLE) quiet_legend=true name="payment" cards=cards() selected=chosen error on_change=Callback::new(move |method| payment.set(method))/>
            </div>
        }
        .into_any()
    }
}
