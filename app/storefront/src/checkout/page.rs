//! The checkout's page. Without a script it is sent to itself until it is complete, keeping what was typed.

use domain::view::{CartView, CashOnDelivery};
use leptos::prelude::*;
use leptos::task::spawn_local;
use session::{AppError, PostForm, ProblemSummary, Title, lazy_page, problem, resource, use_posted, wrong};
use ui::{Button, Checkbox, Field, Icon, LinkButton, Look, Size, SkeletonText, Step, icon, tr, use_locale};

use super::calls::{DROP_CODE, USE_CODE};
use super::summary::Summary;
use super::ways::{Book, Delivery, Payment};
use super::{CheckoutStart, LatestOrderNote, PlaceOrder, begin_checkout, read_offers};
use crate::address::AddressFields;
use crate::cart::{Cart, EmptyCart, Gone, empty, use_cart};
use crate::seo::NotIndexed;
use crate::trouble::Trouble;

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
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

/// The cart that is bought: the browser's where a script runs, else the server's.
fn bought(cart: Cart, start: &CheckoutStart) -> Signal<CartView> {
    let theirs = StoredValue::new(start.cart.clone().unwrap_or_else(empty));
    let mine = cart.view();
    let met = start.cart.clone();
    Effect::new(move || {
        if cart.is_ready()
            && let Some(met) = &met
        {
            untrack(|| cart.meet(met));
        }
    });
    Signal::derive(move || if cart.is_ready() { mine.get() } else { theirs.get_value() })
}

#[component]
fn Checkout(start: CheckoutStart) -> impl IntoView {
    let cart = use_cart();
    let view = bought(cart, &start);
    let posted = use_posted();
    let action = ServerAction::<PlaceOrder>::new();
    let problem = problem(action, &posted);
    let is_empty = Memo::new(move |_| view.with(|view| view.lines.is_empty()));
    // The order is placed: away, and the cart with it.
    let leaving = RwSignal::new(false);
    Effect::new(move || {
        let next = action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok()).map(|next| next.address.clone()));
        if let Some(next) = next {
            leaving.set(true);
            cart.forget_for(Gone::Ordered);
            // A page that cannot be gone to leaves the reader here, with the order's mail on its way.
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

#[component]
fn Steps(
    start: CheckoutStart,
    view: Signal<CartView>,
    action: ServerAction<PlaceOrder>,
    problem: Signal<Option<AppError>>,
    leaving: RwSignal<bool>,
) -> impl IntoView {
    let cart = use_cart();
    let locale = use_locale();
    let typed = start.typed.clone();
    let was_sent = !typed.is_empty();
    let offers = RwSignal::new(start.offers.clone());
    let first = typed.get("delivery").cloned().filter(|code| start.offers.iter().any(|offer| offer.option.code == *code));
    let delivery: RwSignal<String> =
        RwSignal::new(first.or_else(|| start.offers.first().map(|offer| offer.option.code.clone())).unwrap_or_default());
    // What was to be chosen is chosen by itself once the ways to deliver are known.
    let chosen_after = RwSignal::new(None::<usize>);
    Effect::new(move |before: Option<bool>| {
        let is_open = delivery.with(String::is_empty);
        if before == Some(true) && !is_open {
            chosen_after.set(Some(action.version().get_untracked()));
        }
        is_open
    });
    let problem = Signal::derive(move || {
        let mut problem = problem.get()?;
        if problem.fields.is_empty() || chosen_after.get() != Some(action.version().get()) {
            return Some(problem);
        }
        problem.fields.retain(|(field, _)| field != "delivery");
        (!problem.fields.is_empty()).then_some(problem)
    });
    let payment = RwSignal::new(typed.get("payment").cloned().unwrap_or_else(|| "cod".into()));
    let same = RwSignal::new(!was_sent || typed.contains_key("billing_same"));
    let place = RwSignal::new((start.shipping.address.country.clone(), start.shipping.address.place.clone()));
    let waiting = RwSignal::new(false);
    // Why the ways to deliver could not be read, and how often they were asked for anew.
    let (unread, again) = (RwSignal::new(None::<AppError>), RwSignal::new(0_u32));
    let newest = StoredValue::new(0_u32);
    let settled = Memo::new(move |_| cart.is_ready() && cart.is_settled());
    let sums = Memo::new(move |_| view.with(|view| (view.id, view.totals.subtotal.minor, view.totals.discount.minor)));
    // Other goods or another place: other ways to deliver, other sums.
    Effect::new(move |before: Option<_>| {
        let now = (place.get(), sums.get(), settled.get(), again.get());
        let known = before.as_ref() == Some(&now) || (before.is_none() && !offers.with_untracked(Vec::is_empty));
        let ((country, place), (id, ..), is_settled, _) = now.clone();
        if let (false, true, Some(id)) = (known, is_settled, id)
            && (country != "PH" || !place.is_empty())
        {
            waiting.set(true);
            newest.update_value(|number| *number += 1);
            let mine = newest.get_value();
            spawn_local(async move {
                let found = read_offers(id, country, place).await;
                // Something newer was asked for meanwhile, or the page was left.
                if newest.try_get_value() != Some(mine) {
                    return;
                }
                waiting.set(false);
                // The cart was bought meanwhile, as in another tab, or is nobody's: what the browser has is told anew.
                if found.as_ref().is_err_and(|error| error.status == 422) {
                    cart.tell();
                }
                unread.set(found.as_ref().err().cloned());
                let Ok(found) = found else { return };
                if !found.iter().any(|offer| delivery.with_untracked(|code| offer.option.code == *code)) {
                    delivery.set(found.first().map(|offer| offer.option.code.clone()).unwrap_or_default());
                }
                offers.set(found);
            });
        }
        now
    });
    // A refused order: prices, stock or a code are others than the page knows. The next press is for what they are now.
    Effect::new(move || {
        if action.value().with(|answer| matches!(answer, Some(Err(_)))) {
            spawn_local(async move {
                cart.refresh().await;
                let _ = again.try_update(|again| *again += 1);
            });
        }
    });
    let chosen =
        Memo::new(move |_| offers.with(|offers| delivery.with(|code| offers.iter().find(|offer| offer.option.code == *code).cloned())));
    let total = Memo::new(move |_| chosen.with(|chosen| chosen.as_ref().map(|offer| offer.totals.total)));
    let at_first = if start.takes_cash { CashOnDelivery::Taken } else { CashOnDelivery::Off };
    let cash = Memo::new(move |_| chosen.with(|chosen| chosen.as_ref().map_or(at_first, |offer| offer.option.cash)));
    let wrong_code = wrong(problem, "code");
    let told_code = start.code_problem.clone();
    let code_error = Signal::derive(move || wrong_code.get().or_else(|| told_code.clone().filter(|_| !cart.is_ready())));
    let sent_code = typed.get("code").cloned().filter(|_| code_error.with_untracked(Option::is_some));
    // Whoever used or dropped a code without a script sees what came of it.
    let unfolded = typed.get("step").is_some_and(|step| step == USE_CODE || step == DROP_CODE);
    let pressed = move || match total.get() {
        Some(total) => tr!(CHECKOUT_PLACE_ORDER, total = locale.money(total)),
        None => tr!(CHECKOUT_PLACE_ORDER_PLAIN).to_owned(),
    };
    let busy = Signal::derive(move || action.pending().get() || leaving.get());
    let contact = start.contact.clone();
    let known = (start.signed_in, start.book.clone());
    let (countries, billing_countries) = (start.countries.clone(), start.countries.clone());
    // With how often it was filled from the book: each time the fields are made anew, and forget what was typed.
    let shipping = RwSignal::new((0_u32, start.shipping.clone()));
    let billing = start.billing.clone();
    let billing_name = typed.get("billing_recipient").cloned().unwrap_or_default();
    let cart_id = move || view.with(|view| view.id.map(|id| id.to_string()).unwrap_or_default());
    let on_place = Callback::new(move |now: (String, String)| place.set(now));
    view! {
        <PostForm action id="checkout" class="grid lg:grid-cols-[1fr_24rem] gap-x-12 gap-y-8 items-start">
            <input type="hidden" name="key" value=start.key.clone()/>
            <input type="hidden" name="cart" value=cart_id/>
            <input type="hidden" name="seen_total" value=move || total.get().map(|total| total.minor.to_string()).unwrap_or_default()/>
            // Enter in a field presses the first button of a form: this one, not the one that shows more places.
            <button type="submit" class="sr-only" tabindex="-1" aria-hidden="true"></button>
            <aside class="lg:sticky lg:top-6 min-w-0 lg:col-start-2 lg:row-start-1">
                <Summary cart view chosen code_error sent_code unfolded/>
            </aside>
            <div class="min-w-0 lg:col-start-1 lg:row-start-1">
                <ProblemSummary problem/>
                <div class="mt-4">
                    <Step number=1 title=tr!(CHECKOUT_CONTACT_TITLE)>
                        <div class="grid gap-4 max-w-xl">
                            {(!known.0).then(|| view! {
                                <p class="text-quiet">{tr!(CHECKOUT_GUEST_HINT)}" "{tr!(CHECKOUT_HAVE_ACCOUNT)}" "<a class="link" href="/sign-in?back=/checkout">{tr!(SHELL_SIGN_IN)}</a></p>
                            })}
                            <Field label=tr!(ADDRESS_FULL_NAME) name="name" value=contact.name autocomplete="name" required=true maxlength=120 error=wrong(problem, "name")/>
                            <div class="grid sm:grid-cols-2 gap-4 items-start">
                                <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" value=contact.email autocomplete="email" inputmode="email" required=true maxlength=254 hint=tr!(ADDRESS_EMAIL_HINT) error=wrong(problem, "email")/>
                                <Field label=tr!(ADDRESS_PHONE) name="phone" kind="tel" value=contact.phone autocomplete="tel" inputmode="tel" maxlength=30 hint=tr!(ADDRESS_PHONE_HINT) optional=true error=wrong(problem, "phone")/>
                            </div>
                        </div>
                    </Step>
                    <Step number=2 title=tr!(CHECKOUT_DELIVERY_TITLE)>
                        <div class="grid gap-5 max-w-xl">
                            <Book book=known.1 shipping on_place/>
                            <For each=move || [shipping.get()] key=|(times, _)| *times let((_, start))>
                                <AddressFields start countries=countries.clone() problem on_place/>
                            </For>
                            {start.signed_in.then(|| view! { <Checkbox label=tr!(ADDRESS_SAVE_FOR_LATER) name="save_address"/> })}
                            <Delivery offers delivery waiting unread again problem/>
                        </div>
                    </Step>
                    <Step number=3 title=tr!(CHECKOUT_PAYMENT_TITLE)>
                        <div class="grid gap-5 max-w-xl">
                            <Payment payment total cash problem/>
                            <div>
                                <Checkbox label=tr!(CHECKOUT_BILLING_SAME) name="billing_same" checked=same on_change=Callback::new(move |is| same.set(is))/>
                                <fieldset class="mt-3 grid gap-4 peer" hidden=move || same.get() && cart.is_ready() id="billing">
                                    <legend class="font-medium mb-3">{tr!(CHECKOUT_BILLING_TITLE)}</legend>
                                    <Field label=tr!(ADDRESS_FULL_NAME) name="billing_recipient" value=billing_name autocomplete="billing name" maxlength=120 error=wrong(problem, "billing_recipient")/>
                                    <AddressFields start=billing countries=billing_countries prefix="billing_" billing=true problem/>
                                </fieldset>
                            </div>
                        </div>
                    </Step>
                </div>
                // On phones always in the thumb's reach.
                <div id="place" class="max-lg:sticky max-lg:bottom-0 z-20 max-lg:-mx-4 max-lg:px-4 py-3 bg-base-100 max-lg:border-t border-hairline flex flex-col gap-2 lg:ms-12 lg:max-w-xl">
                    <p class="lg:hidden flex items-baseline justify-between gap-4">
                        <span>{move || if total.get().is_some() { tr!(CART_TOTAL) } else { tr!(CART_SUBTOTAL) }}</span>
                        <span class="money font-semibold">{move || locale.money(total.get().unwrap_or_else(|| view.with(|view| view.totals.subtotal)))}</span>
                    </p>
                    <Button look=Look::Buy size=Size::Large kind="submit" wide=true busy>
                        {move || if busy.get() { tr!(CHECKOUT_PLACING).to_owned() } else { pressed() }}
                    </Button>
                </div>
                <p class="flex gap-2 text-sm text-quiet mt-2 lg:ms-12"><Icon shape=icon::LOCK class="size-4 mt-0.5"/><span>{tr!(CHECKOUT_SECURE_NOTE)}</span></p>
            </div>
        </PostForm>
    }
    .into_any()
}
