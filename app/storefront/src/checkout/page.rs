//! The checkout's page. Without a script the form comes back with what was typed until it is complete.

use domain::Money;
use domain::view::{CartView, CashOnDelivery, ContactDetails, SavedAddress};
use leptos::prelude::*;
use ui::{Button, Checkbox, Disclosure, Field, Icon, LinkButton, Look, Size, SkeletonText, Step, TextArea, icon, tr, use_locale};
use web::{AppError, PostForm, ProblemSummary, Title, lazy_page, problem, resource, use_form_fallback, wrong};

use super::calls::{DROP_CODE, USE_CODE};
use super::methods::{AddressBook, Delivery, Payment};
use super::offers::Offers;
use super::summary::Summary;
use super::{CheckoutStart, LatestOrderNote, PlaceOrder, begin_checkout};
use crate::address::{AddressFields, AddressStart, Fields};
use crate::cart::{Cart, CartGone, EmptyCart, empty, use_cart};
use crate::error_page::ErrorPage;
use crate::seo::NotIndexed;

#[derive(Debug)]
pub struct CheckoutPage;

lazy_page!(CheckoutPage, buying, checkout_page);

fn checkout_page() -> AnyView {
    let cart = use_cart();
    let start = resource(|| (), move |()| begin_checkout(cart.id()));
    view! {
        <Title text=tr!(CHECKOUT_TITLE)/>
        <NotIndexed/>
        <h1 class="text-3xl mt-4 mb-6">{tr!(CHECKOUT_TITLE)}</h1>
        <Suspense fallback=|| view! { <SkeletonText lines=8/> }>
            {move || Suspend::new(async move {
                match start.await {
                    Ok(start) => view! { <Checkout start/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

/// The cart to order: the browser's where a script runs, else the server's.
fn cart_to_order(cart: Cart, start: &CheckoutStart) -> Signal<CartView> {
    let theirs = StoredValue::new(start.cart.clone().unwrap_or_else(empty));
    let mine = cart.view();
    let met = start.cart.clone();
    Effect::new(move || {
        if cart.is_ready()
            && let Some(met) = &met
        {
            untrack(|| cart.merge(met));
        }
    });
    Signal::derive(move || if cart.is_ready() { mine.get() } else { theirs.get_value() })
}

#[component]
fn Checkout(start: CheckoutStart) -> impl IntoView {
    let cart = use_cart();
    let view = cart_to_order(cart, &start);
    let fallback = use_form_fallback();
    let action = ServerAction::<PlaceOrder>::new();
    let problem = problem(action, &fallback);
    let is_empty = Memo::new(move |_| view.with(|view| view.lines.is_empty()));
    // The order is placed: this page and the cart are done.
    let leaving = RwSignal::new(false);
    Effect::new(move || {
        let next = action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(|next| next.address.clone()));
        if let Some(next) = next {
            leaving.set(true);
            cart.forget_for(CartGone::Ordered);
            // When the page cannot be opened the shopper stays here; the order's mail has the link.
            let _ = window().location().set_href(&next);
        }
    });
    let latest = start.latest.clone();
    let start = StoredValue::new(start);
    view! {
        <LatestOrderNote first=latest empty=is_empty always=true/>
        {move || if is_empty.get() && !leaving.get() {
            view! {
                <EmptyCart action=|| view! { <LinkButton href="/c" look=Look::Outline>{tr!(CART_EMPTY_ACTION)}</LinkButton> }.into_any()/>
            }.into_any()
        } else {
            view! { <Steps start=start.get_value() view action problem leaving/> }.into_any()
        }}
    }
    .into_any()
}

/// The form: contact, delivery and payment, with the summary beside them.
#[component]
fn Steps(
    start: CheckoutStart,
    view: Signal<CartView>,
    action: ServerAction<PlaceOrder>,
    problem: Signal<Option<AppError>>,
    leaving: RwSignal<bool>,
) -> impl IntoView {
    let cart = use_cart();
    let offers = Offers::new(&start);
    let problem = offers.without_stale_error(problem, action);
    let place = RwSignal::new((start.delivery_address.address.country.clone(), start.delivery_address.address.place.clone()));
    offers.follow(cart, view, place);
    offers.refresh_after_refusal(cart, action);
    let chosen = offers.chosen();
    let total = Memo::new(move |_| chosen.with(|chosen| chosen.as_ref().map(|offer| offer.totals.total)));
    let at_first = if start.takes_cash { CashOnDelivery::Taken } else { CashOnDelivery::Off };
    let cash = Memo::new(move |_| chosen.with(|chosen| chosen.as_ref().map_or(at_first, |offer| offer.option.cash)));
    let (wrong_code, first_error) = (wrong(problem, "code"), start.code_problem.clone());
    let code_error = Signal::derive(move || wrong_code.get().or_else(|| first_error.clone().filter(|_| !cart.is_ready())));
    let sent_code = start.typed.get("code").cloned().filter(|_| code_error.with_untracked(Option::is_some));
    // After a discount code was applied or removed without a script, its field is visible.
    let unfolded = start.typed.get("step").is_some_and(|step| step == USE_CODE || step == DROP_CODE);
    let busy = Signal::derive(move || action.pending().get() || leaving.get());
    let cart_id = move || view.with(|view| view.id.map(|id| id.to_string()).unwrap_or_default());
    let gift_note = start.typed.get("gift_note").cloned().unwrap_or_default();
    let CheckoutStart { key, contact, signed_in, book, countries, delivery_address, billing, typed, .. } = start;
    view! {
        <PostForm action id="checkout" class="grid lg:grid-cols-[1fr_24rem] gap-x-12 gap-y-8 items-start">
            <input type="hidden" name="key" value=key/>
            <input type="hidden" name="cart" value=cart_id/>
            <input type="hidden" name="seen_total" value=move || total.get().map(|total| total.minor.to_string()).unwrap_or_default()/>
            // Enter in a field presses the first button of a form: this one, not the one that shows more places.
            <button type="submit" class="sr-only" tabindex="-1" aria-hidden="true"></button>
            <aside class="bar lg:sticky lg:top-6 min-w-0 lg:col-start-2 lg:row-start-1">
                <Summary cart view chosen code_error sent_code unfolded/>
            </aside>
            <div class="min-w-0 lg:col-start-1 lg:row-start-1">
                <ProblemSummary problem/>
                <div class="mt-4">
                    <ContactStep contact signed_in problem/>
                    <DeliveryStep signed_in book countries=countries.clone() delivery_address offers place problem gift_note/>
                    <PaymentStep typed billing countries total cash problem/>
                </div>
                <PlaceOrderButton view total busy/>
                <p class="flex gap-2 text-sm text-quiet mt-2 lg:ms-12"><Icon shape=icon::LOCK class="size-4 mt-0.5"/><span>{tr!(CHECKOUT_SECURE_NOTE)}</span></p>
            </div>
        </PostForm>
    }
    .into_any()
}

#[component]
fn ContactStep(contact: ContactDetails, signed_in: bool, problem: Signal<Option<AppError>>) -> impl IntoView {
    view! {
        <Step number=1 title=tr!(CHECKOUT_CONTACT_TITLE)>
            <div class="grid gap-4 max-w-xl">
                {(!signed_in).then(|| view! {
                    <p class="text-quiet">{tr!(CHECKOUT_GUEST_HINT)}" "{tr!(CHECKOUT_HAVE_ACCOUNT)}" "<a class="link" href="/sign-in?back=/checkout">{tr!(SHELL_SIGN_IN)}</a></p>
                })}
                <Field label=tr!(ADDRESS_FULL_NAME) name="name" value=contact.name autocomplete="name" required=true maxlength=120 error=wrong(problem, "name")/>
                <div class="grid sm:grid-cols-2 gap-4 items-start">
                    <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" value=contact.email autocomplete="email" inputmode="email" required=true maxlength=254 hint=tr!(ADDRESS_EMAIL_HINT) error=wrong(problem, "email")/>
                    <Field label=tr!(ADDRESS_PHONE) name="phone" kind="tel" value=contact.phone autocomplete="tel" inputmode="tel" maxlength=30 hint=tr!(ADDRESS_PHONE_HINT) optional=true error=wrong(problem, "phone")/>
                </div>
            </div>
        </Step>
    }
    .into_any()
}

#[component]
fn DeliveryStep(
    signed_in: bool,
    book: Vec<SavedAddress>,
    countries: Vec<(String, String)>,
    delivery_address: AddressStart,
    offers: Offers,
    place: RwSignal<(String, String)>,
    problem: Signal<Option<AppError>>,
    /// What was typed without a script.
    gift_note: String,
) -> impl IntoView {
    // With the number of times it was filled from the address book: each time the fields are rebuilt, without what was typed.
    let delivery_address = RwSignal::new((0_u32, delivery_address));
    let on_place = Callback::new(move |now: (String, String)| place.set(now));
    view! {
        <Step number=2 title=tr!(CHECKOUT_DELIVERY_TITLE)>
            <div class="grid gap-5 max-w-xl">
                <AddressBook book delivery_address on_place/>
                <For each=move || [delivery_address.get()] key=|(times, _)| *times let((_, start))>
                    <AddressFields start countries=countries.clone() problem on_place/>
                </For>
                {signed_in.then(|| view! { <Checkbox label=tr!(ADDRESS_SAVE_FOR_LATER) name="save_address"/> })}
                <Delivery offers problem/>
                <GiftNote typed=gift_note problem/>
            </div>
        </Step>
    }
    .into_any()
}

/// Folded until it is wanted, or was typed.
#[component]
fn GiftNote(typed: String, problem: Signal<Option<AppError>>) -> impl IntoView {
    view! {
        <Disclosure title=tr!(CHECKOUT_GIFT) open=!typed.is_empty()>
            <TextArea label=tr!(CHECKOUT_GIFT_NOTE) name="gift_note" value=typed maxlength=300 hint=tr!(CHECKOUT_GIFT_NOTE_HINT) error=wrong(problem, "gift_note") optional=true/>
        </Disclosure>
    }
    .into_any()
}

#[component]
fn PaymentStep(
    typed: Fields,
    billing: AddressStart,
    countries: Vec<(String, String)>,
    total: Memo<Option<Money>>,
    cash: Memo<CashOnDelivery>,
    problem: Signal<Option<AppError>>,
) -> impl IntoView {
    let cart = use_cart();
    let payment = RwSignal::new(typed.get("payment").cloned().unwrap_or_else(|| "cod".into()));
    let same = RwSignal::new(typed.is_empty() || typed.contains_key("billing_same"));
    let billing_name = typed.get("billing_recipient").cloned().unwrap_or_default();
    view! {
        <Step number=3 title=tr!(CHECKOUT_PAYMENT_TITLE)>
            <div class="grid gap-5 max-w-xl">
                <Payment payment total cash problem/>
                <div>
                    <Checkbox label=tr!(CHECKOUT_BILLING_SAME) name="billing_same" checked=same on_change=Callback::new(move |is| same.set(is))/>
                    <fieldset class="mt-3 grid gap-4 peer" hidden=move || same.get() && cart.is_ready() id="billing">
                        <legend class="font-medium mb-3">{tr!(CHECKOUT_BILLING_TITLE)}</legend>
                        <Field label=tr!(ADDRESS_FULL_NAME) name="billing_recipient" value=billing_name autocomplete="billing name" maxlength=120 error=wrong(problem, "billing_recipient")/>
                        <AddressFields start=billing countries prefix="billing_" billing=true problem/>
                    </fieldset>
                </div>
            </div>
        </Step>
    }
    .into_any()
}

/// The total and the button; on phones always visible.
#[component]
fn PlaceOrderButton(view: Signal<CartView>, total: Memo<Option<Money>>, busy: Signal<bool>) -> impl IntoView {
    let locale = use_locale();
    let words = move || match total.get() {
        Some(total) => tr!(CHECKOUT_PLACE_ORDER, total = locale.money(total)),
        None => tr!(CHECKOUT_PLACE_ORDER_PLAIN).to_owned(),
    };
    view! {
        <div id="place" class="bar max-lg:sticky max-lg:bottom-0 z-20 max-lg:-mx-4 max-lg:px-4 py-3 bg-base-100 max-lg:border-t border-hairline flex flex-col gap-2 lg:ms-12 lg:max-w-xl">
            <p class="lg:hidden flex items-baseline justify-between gap-4">
                <span>{move || if total.get().is_some() { tr!(CART_TOTAL) } else { tr!(CART_SUBTOTAL) }}</span>
                <span class="money font-semibold">{move || locale.money(total.get().unwrap_or_else(|| view.with(|view| view.totals.subtotal)))}</span>
            </p>
            <Button look=Look::Buy size=Size::Large kind="submit" wide=true busy>
                {move || if busy.get() { tr!(CHECKOUT_PLACING).to_owned() } else { words() }}
            </Button>
        </div>
    }
    .into_any()
}
