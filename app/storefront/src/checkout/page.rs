//! The checkout's page. Without a script it is sent to itself until it is complete, keeping what was typed.

use domain::Money;
use domain::view::{Address, CartView, SavedAddress};
use leptos::prelude::*;
use leptos::task::spawn_local;
use session::{AppError, PostForm, ProblemSummary, Title, lazy_page, problem, resource, use_posted, wrong};
use ui::{
    Alert, Button, Card, Checkbox, Field, Icon, LinkButton, Look, Picture, RadioCard, RadioCards, Size, SkeletonText, Step, SumLine, Tone,
    icon, tr, use_locale,
};
use wasm_bindgen::JsCast;

use super::{CheckoutStart, Offer, PlaceOrder, begin_checkout, read_offers};
use crate::address::{AddressFields, AddressStart};
use crate::cart::{Cart, EmptyCart, Gone, Notices, empty, use_cart};
use crate::seo::NotIndexed;
use crate::trouble::Trouble;

/// The checkout.
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
    // Kept by the browser while the reader was at the bank's, and shown again by "back": it is no longer as it was.
    Effect::new(move || {
        let shown = window_event_listener_untyped("pageshow", |event| {
            if event.dyn_into::<web_sys::PageTransitionEvent>().is_ok_and(|event| event.persisted()) {
                // The page can be reloaded by hand, too.
                let _ = window().location().reload();
            }
        });
        on_cleanup(move || shown.remove());
    });
    let unpaid = start.unpaid.clone().map(|(number, link)| {
        view! {
            <div class="mb-6">
                <Alert tone=Tone::Warning>
                    <p>{tr!(CHECKOUT_UNPAID_ORDER, number = number)}" "<a class="link" href=link>{tr!(CHECKOUT_UNPAID_ORDER_LINK)}</a></p>
                </Alert>
            </div>
        }
        .into_any()
    });
    let start = StoredValue::new(start);
    view! {
        {unpaid}
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
    let delivery = RwSignal::new(first.or_else(|| start.offers.first().map(|offer| offer.option.code.clone())).unwrap_or_default());
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
            <div class="min-w-0">
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
                            <Payment payment total problem/>
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
                // In the thumb's sight until the summary is.
                <p class="needs-script lg:hidden sticky bottom-14 z-20 -mx-4 px-4 py-3 bg-base-100 border-t border-hairline flex items-baseline justify-between gap-4">
                    <span>{move || if total.get().is_some() { tr!(CART_TOTAL) } else { tr!(CART_SUBTOTAL) }}</span>
                    <span class="money font-semibold">{move || locale.money(total.get().unwrap_or_else(|| view.with(|view| view.totals.subtotal)))}</span>
                </p>
            </div>
            <aside class="lg:sticky lg:top-40 min-w-0">
                <Card>
                    <h2 class="text-xl mb-4">{tr!(CHECKOUT_ORDER_SUMMARY)}</h2>
                    {move || cart.is_ready().then(|| view! { <Notices cart/> }.into_any())}
                    <Bought view/>
                    <Totals view chosen/>
                    <div class="mt-5 flex flex-col gap-3" id="place">
                        <Button look=Look::Buy size=Size::Large kind="submit" wide=true busy>
                            {move || if busy.get() { tr!(CHECKOUT_PLACING).to_owned() } else { pressed() }}
                        </Button>
                        <p class="flex gap-2 text-sm text-quiet"><Icon shape=icon::LOCK class="size-4 mt-0.5"/><span>{tr!(CHECKOUT_SECURE_NOTE)}</span></p>
                    </div>
                </Card>
            </aside>
        </PostForm>
    }
    .into_any()
}

/// Addresses of the book, to fill the form with one press.
#[component]
fn Book(book: Vec<SavedAddress>, shipping: RwSignal<(u32, AddressStart)>, on_place: Callback<(String, String)>) -> impl IntoView {
    let fill = move |address: Address| {
        spawn_local(async move {
            if let Ok(start) = crate::account::read_saved_form(address.clone()).await {
                on_place.run((address.country.clone(), address.place.clone()));
                shipping.update(|shipping| *shipping = (shipping.0 + 1, start));
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
fn Delivery(
    offers: RwSignal<Vec<Offer>>,
    delivery: RwSignal<String>,
    waiting: RwSignal<bool>,
    unread: RwSignal<Option<AppError>>,
    again: RwSignal<u32>,
    problem: Signal<Option<AppError>>,
) -> impl IntoView {
    let locale = use_locale();
    let error = wrong(problem, "delivery");
    let retry = move || {
        let words = unread.get()?.said(locale);
        Some(
            view! {
                <div class="flex flex-col gap-3 items-start">
                    <Alert tone=Tone::Danger>{words}</Alert>
                    <Button look=Look::Outline busy=waiting on:click=move |_| again.update(|again| *again += 1)>{tr!(COMMON_RETRY)}</Button>
                </div>
            }
            .into_any(),
        )
    };
    let cards = move || {
        offers.with(|offers| {
            let card = |offer: &Offer| {
                let day = |at| locale.weekday_date(at);
                let (from, to) = (day(offer.option.from), day(offer.option.to));
                let when =
                    if from == to { tr!(DELIVERY_ARRIVES_ON, date = to) } else { tr!(DELIVERY_ARRIVES_BETWEEN, from = from, to = to) };
                let detail = if offer.option.description.is_empty() { when } else { format!("{when} · {}", offer.option.description) };
                let fee = offer.totals.shipping;
                RadioCard {
                    value: offer.option.code.clone(),
                    title: offer.option.name.clone(),
                    detail: Some(detail),
                    aside: Some(if fee.minor == 0 { tr!(CART_SHIPPING_FREE).to_owned() } else { locale.money(fee) }),
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
                <div id="delivery" tabindex="-1">
                    <RadioCards legend=tr!(DELIVERY_CHOOSE) name="delivery" cards selected=delivery error on_change=Callback::new(move |code| delivery.set(code))/>
                </div>
            }
            .into_any();
        }
        if waiting.get() {
            return view! { <SkeletonText lines=3/> }.into_any();
        }
        view! {
            <div id="delivery" tabindex="-1">
                {move || unread.with(Option::is_none).then(|| view! { <Alert>{tr!(CHECKOUT_ADDRESS_FIRST)}</Alert> }.into_any())}
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
fn Payment(payment: RwSignal<String>, total: Memo<Option<Money>>, problem: Signal<Option<AppError>>) -> impl IntoView {
    let locale = use_locale();
    let error = wrong(problem, "payment");
    let cards = move || {
        vec![
            RadioCard {
                value: "cod".into(),
                title: tr!(CHECKOUT_PAYMENT_COD).into(),
                detail: Some(match total.get() {
                    Some(total) => tr!(CHECKOUT_PAYMENT_COD_HINT, amount = locale.money(total)),
                    None => tr!(CHECKOUT_PAYMENT_COD_PLAIN).to_owned(),
                }),
                icon: Some(icon::BANKNOTE),
                ..RadioCard::default()
            },
            RadioCard {
                value: "card".into(),
                title: tr!(CHECKOUT_PAYMENT_CARD).into(),
                detail: Some(tr!(CHECKOUT_PAYMENT_CARD_HINT).into()),
                icon: Some(icon::CREDIT_CARD),
                ..RadioCard::default()
            },
        ]
    };
    move || {
        view! {
            <RadioCards legend=tr!(CHECKOUT_PAYMENT_TITLE) quiet_legend=true name="payment" cards=cards() selected=payment error on_change=Callback::new(move |method| payment.set(method))/>
        }
        .into_any()
    }
}

/// What is bought, in short.
#[component]
fn Bought(view: Signal<CartView>) -> impl IntoView {
    let locale = use_locale();
    view! {
        <ul class="flex flex-col gap-3 mb-4 max-h-80 overflow-y-auto">
            {move || view.with(|view| {
                let line = |line: &domain::view::CartLineView| {
                    view! {
                        <li class="grid grid-cols-[3rem_1fr_auto] gap-3 items-center">
                            <span class="tile block">{line.picture.map(|picture| view! { <Picture id=picture.to_string() alt="" sizes="48px"/> })}</span>
                            <span class="min-w-0 leading-snug">
                                <span class="block">{line.name.clone()}</span>
                                <span class="block text-sm text-quiet"><span class="figures">{format!("{} ×", locale.number(line.quantity.get()))}</span>" "{line.options.clone()}</span>
                            </span>
                            <span class="money">{locale.money(line.total)}</span>
                        </li>
                    }
                };
                view.lines.iter().map(line).collect_view()
            })}
        </ul>
        <p class="mb-4"><a class="link text-sm" href="/cart">{tr!(CART_VIEW)}</a></p>
    }
    .into_any()
}

/// What it costs, with delivery as soon as it is chosen.
#[component]
fn Totals(view: Signal<CartView>, chosen: Memo<Option<Offer>>) -> impl IntoView {
    let locale = use_locale();
    let of = move |with: fn(&domain::cart::Totals) -> Money| {
        Signal::derive(move || {
            locale.money(chosen.with(|chosen| match chosen {
                Some(offer) => with(&offer.totals),
                None => view.with(|view| with(&view.totals)),
            }))
        })
    };
    let shipping = Signal::derive(move || {
        chosen.with(|chosen| match chosen {
            Some(offer) if offer.totals.shipping.minor == 0 => tr!(CART_SHIPPING_FREE).to_owned(),
            Some(offer) => locale.money(offer.totals.shipping),
            None => tr!(CART_SHIPPING_AT_CHECKOUT).to_owned(),
        })
    });
    let discount = move || {
        let discount = view.with(|view| view.totals.discount);
        (discount.minor > 0).then(|| locale.money(discount))
    };
    // Without delivery nobody knows the total: what is known is what the goods cost.
    let total = Signal::derive(move || {
        locale.money(chosen.with(|chosen| match chosen {
            Some(offer) => offer.totals.total,
            None => view.with(|view| view.totals.total.minus(view.totals.shipping).unwrap_or(view.totals.total)),
        }))
    });
    let tax = Signal::derive(move || {
        locale.money(chosen.with(|chosen| match chosen {
            Some(offer) => offer.totals.tax,
            None => view.with(|view| view.totals.tax.minus(view.totals.shipping_tax).unwrap_or(view.totals.tax)),
        }))
    });
    view! {
        <dl class="flex flex-col gap-2 border-t border-hairline pt-4">
            <SumLine label=tr!(CART_SUBTOTAL) amount=of(|totals| totals.subtotal)/>
            {move || discount().map(|amount| view! { <SumLine label=tr!(CART_DISCOUNT) amount=format!("−{amount}")/> })}
            <SumLine label=tr!(CART_SHIPPING) amount=shipping/>
            <SumLine label=tr!(CART_TOTAL) amount=total total=true/>
        </dl>
        <p class="text-sm text-quiet mt-1">{move || tr!(CART_TAX_INCLUDED, amount = tax.get())}</p>
    }
    .into_any()
}
