//! The views of a cart: lines, sums, notices; in the drawer, on its page, and neighbour the checkout.

use std::time::Duration;

use domain::Money;
use domain::id::VariantId;
use domain::view::{CartLineView, CartNotice, CartView, DeliveryTo, DiscountRefusal};
use leptos::prelude::*;
use leptos::task::spawn_local;
use session::{lazy_view, loaded, part, resource, when_hydrated};
use ui::{
    Alert, Button, Dialog, EmptyState, Icon, IconButton, LinkButton, Look, Picture, Placement, QuantityStepper, Size, SkeletonText,
    SumLine, Tone, icon, tr, trn, use_locale, use_time_zone, use_toasts,
};
use wasm_bindgen::JsCast;

use super::{Cart, CartGone, use_cart};
use crate::delivery_place::{self, DeliveryLine, read_delivery};
use crate::free_delivery::FreeDeliveryBar;
use crate::query::product_address;

/// The delay before code that is not needed at first is loaded.
const LOAD_DELAY: Duration = Duration::from_secs(3);

/// The cart at the page's end side. The cart's page offers the same. Its code is loaded when it is
/// first opened, or soon after the page.
#[component]
pub fn CartDrawer() -> impl IntoView {
    let cart = use_cart();
    // Soon after the page, so that it opens without a network too.
    when_hydrated(|| {
        set_timeout(
            || {
                spawn_local(async {
                    // On an error the drawer tries again when it is opened.
                    let _ = load_drawer().await;
                });
            },
            LOAD_DELAY,
        );
    });
    let inside = move || {
        let content = || {
            let drawer = part(|| Box::pin(drawer()));
            view! { <Suspense fallback=|| view! { <SkeletonText lines=4/> }.into_any()>{Suspend::new(drawer)}</Suspense> }.into_any()
        };
        if cart.open.get() { content().into_any() } else { ().into_any() }
    };
    view! { <Dialog title=tr!(CART_TITLE) id="cart-drawer" open=cart.open placement=Placement::End>{inside}</Dialog> }.into_any()
}

lazy_view!(drawer, buying, load_drawer, drawer_content);

fn drawer_content() -> AnyView {
    let cart = use_cart();
    let view = cart.view();
    let is_empty = Memo::new(move |_| view.with(|view| view.lines.is_empty()));
    let locale = use_locale();
    let subtotal = Signal::derive(move || view.with(|view| locale.money(discounted_subtotal(view))));
    let close = move |_| cart.open.set(false);
    let delivery = resource(|| (), |()| read_delivery());
    let contents = Signal::derive(move || view.with(contents_of));
    view! {
        <div class="flex flex-col min-h-full -my-4">
            <div class="grow py-4">
                <Notices cart/>
                {move || if is_empty.get() {
                    view! { <EmptyCart/> }.into_any()
                } else {
                    view! { <Lines view/> }.into_any()
                }}
            </div>
            <footer class="sticky bottom-0 -mx-5 px-5 py-4 bg-base-100 border-t border-hairline">
                {move || if is_empty.get() {
                    view! { <Button look=Look::Outline wide=true on:click=close>{tr!(CART_EMPTY_ACTION)}</Button> }.into_any()
                } else {
                    view! {
                        <div class="flex flex-col gap-3">
                            <dl class="flex flex-col gap-1"><SumLine label=tr!(CART_SUBTOTAL) amount=subtotal total=true/></dl>
                            <p class="text-sm text-quiet">{tr!(PRODUCT_TAX_INCLUDED)}</p>
                            <Suspense fallback=|| ()>
                                {loaded(delivery, move |delivery| {
                                    let delivery = delivery.unwrap_or_default();
                                    view! {
                                        <div>
                                            <FreeDeliveryBar delivery=delivery.clone() contents/>
                                            <DeliveryLine delivery contents/>
                                        </div>
                                    }
                                    .into_any()
                                })}
                            </Suspense>
                            <div class="grid grid-cols-2 gap-3">
                                <span on:click=close><LinkButton href="/cart" look=Look::Outline wide=true>{tr!(CART_VIEW)}</LinkButton></span>
                                <span on:click=close><LinkButton href="/checkout" look=Look::Buy wide=true>{tr!(CART_CHECKOUT)}</LinkButton></span>
                            </div>
                        </div>
                    }
                    .into_any()
                }}
            </footer>
        </div>
    }
    .into_any()
}

fn discounted_subtotal(view: &CartView) -> Money {
    view.totals.subtotal.minus(view.totals.discount).unwrap_or(view.totals.subtotal)
}

/// Price and weight in grams of a cart's items, for the delivery; `None` if none of them can be bought.
#[must_use]
pub(crate) fn contents_of(view: &CartView) -> Option<(Money, i64)> {
    let weight = view.lines.iter().map(|line| line.weight_g.saturating_mul(line.quantity.get())).fold(0_i64, i64::saturating_add);
    view.lines.iter().any(|line| line.available > 0).then(|| (discounted_subtotal(view), weight))
}

/// The message of an empty cart, or of one that another tab ordered.
#[component]
pub fn EmptyCart(#[prop(optional, into)] action: Option<ViewFn>) -> impl IntoView {
    let cart = use_cart();
    move || {
        let action = action.clone();
        let action = move || action.as_ref().map(ViewFn::run);
        match cart.gone() {
            None => view! { <EmptyState title=tr!(CART_EMPTY_TITLE) body=tr!(CART_EMPTY_BODY)>{action()}</EmptyState> }.into_any(),
            Some(CartGone::Ordered) => {
                view! { <EmptyState title=tr!(CART_ORDERED_TITLE) body=tr!(CART_ORDERED_BODY)>{action()}</EmptyState> }.into_any()
            }
            Some(CartGone::SignedOut) => view! {
                <EmptyState title=tr!(CART_SIGNED_OUT_TITLE) body=tr!(CART_SIGNED_OUT_BODY)>
                    <LinkButton href="/sign-in?back=/cart">{tr!(SHELL_SIGN_IN)}</LinkButton>
                    {action()}
                </EmptyState>
            }
            .into_any(),
        }
    }
}

/// The cart's notices, with a button to dismiss them.
#[component]
pub fn Notices(cart: Cart) -> impl IntoView {
    let view = cart.view();
    move || {
        let notices = view.with(|view| general_notices(&view.notices));
        let unreached = cart.is_unreached();
        view! {
            {unreached.then(|| view! { <div class="mb-4"><Alert>{tr!(CART_OFFLINE)}</Alert></div> }.into_any())}
            {(!notices.is_empty()).then(|| view! {
                <div class="mb-4 relative">
                    <NoticeList notices/>
                    <span class="needs-script absolute top-1 end-1"><IconButton shape=icon::CLOSE label=tr!(UI_DISMISS) size=Size::Small on:click=move |_| cart.dismiss_notices()/></span>
                </div>
            }.into_any())}
        }.into_any()
    }
}

/// The notices without those shown at the field of the discount code.
#[must_use]
pub(crate) fn general_notices(notices: &[CartNotice]) -> Vec<CartNotice> {
    notices.iter().filter(|notice| !matches!(notice, CartNotice::DiscountRefused { .. })).cloned().collect()
}

#[component]
pub fn NoticeList(notices: Vec<CartNotice>) -> impl IntoView {
    view! {
        <Alert tone=Tone::Warning title=tr!(CART_WHAT_CHANGED)>
            <ul class="pe-8">{notices.iter().map(|notice| view! { <li>{words(notice)}</li> }.into_any()).collect_view()}</ul>
        </Alert>
    }
}

pub(crate) fn words(notice: &CartNotice) -> String {
    let locale = use_locale();
    match notice {
        CartNotice::PriceChanged { name, from, to } => {
            tr!(CART_PRICE_CHANGED, name = name, new = locale.money(*to), old = locale.money(*from))
        }
        CartNotice::QuantityCut { name, to, .. } => tr!(CART_QUANTITY_CHANGED, name = name, count = locale.number(*to)),
        CartNotice::SoldOut { name } => tr!(CART_SOLD_OUT, name = name),
        CartNotice::Gone { name } => tr!(CART_GONE, name = name),
        CartNotice::DiscountRefused { reason, .. } => match reason {
            DiscountRefusal::Unknown => tr!(CART_DISCOUNT_UNKNOWN).to_owned(),
            DiscountRefusal::NotYet(from) => tr!(CART_DISCOUNT_NOT_YET, date = locale.date(*from, use_time_zone())),
            DiscountRefusal::Ended | DiscountRefusal::UsedUp => tr!(CART_DISCOUNT_EXPIRED).to_owned(),
            DiscountRefusal::TooMany => tr!(CART_DISCOUNT_TOO_MANY).to_owned(),
            DiscountRefusal::BelowMinimum(amount) => tr!(CART_DISCOUNT_MINIMUM, amount = locale.money(*amount)),
        },
    }
}

/// The lines of a cart. Each is a form, for without a script.
#[component]
pub fn Lines(#[prop(into)] view: Signal<CartView>) -> impl IntoView {
    view! {
        <ul class="divide-y divide-hairline">
            <For each=move || view.with(|view| view.lines.iter().map(|line| line.variant).collect::<Vec<_>>()) key=|variant| *variant let:variant>
                <Line view variant/>
            </For>
        </ul>
    }
}

#[component]
fn Line(view: Signal<CartView>, variant: VariantId) -> impl IntoView {
    let locale = use_locale();
    let line = Memo::new(move |_| view.with(|view| view.lines.iter().find(|line| line.variant == variant).cloned()));
    // A line that was just removed shows nothing.
    let Some(first) = line.get_untracked() else { return ().into_any() };
    let sold_out = Memo::new(move |_| line.with(|line| line.as_ref().is_some_and(|line| line.available < 1)));
    let total = move || line.with(|line| line.as_ref().map(|line| locale.money(line.total)).unwrap_or_default());
    let each = move || {
        line.with(|line| {
            line.as_ref().filter(|line| line.quantity.get() > 1).map(|line| tr!(CART_UNIT_PRICE, price = locale.money(line.unit_price)))
        })
    };
    let href = product_address(&first.slug, if first.options.is_empty() { "" } else { &first.sku });
    view! {
        <li class="grid grid-cols-[5rem_1fr] gap-4 py-4" data-sku=first.sku.clone()>
            <a href=href.clone() class="tile block" tabindex="-1" aria-hidden="true">
                {first.picture.map(|picture| view! { <Picture id=picture.to_string() alt="" sizes="80px"/> }.into_any())}
            </a>
            <div class="min-w-0 flex flex-col gap-1">
                <div class="flex items-start justify-between gap-3">
                    <p class="font-medium leading-snug"><a href=href class="hover:underline underline-offset-4 decoration-1">{first.name.clone()}</a></p>
                    <p class="money font-semibold">{total}</p>
                </div>
                {(!first.options.is_empty()).then(|| view! { <p class="text-sm text-quiet">{first.options.clone()}</p> }.into_any())}
                {move || each().map(|each| view! { <p class="text-sm text-quiet">{each}</p> }.into_any())}
                {move || sold_out.get().then(|| view! { <p class="tone-danger tone-ink text-sm font-medium">{tr!(PRODUCT_OUT_OF_STOCK)}</p> }.into_any())}
                {line_form(line, &first)}
            </div>
        </li>
    }
    .into_any()
}

/// The quantity of a line, and the button that removes it. `first` is the line as it was when it appeared.
fn line_form(line: Memo<Option<CartLineView>>, first: &CartLineView) -> AnyView {
    let cart = use_cart();
    let variant = first.variant;
    let count = |line: &CartLineView| u32::try_from(line.quantity.get()).unwrap_or(1);
    let number = RwSignal::new(count(first));
    Effect::new(move || {
        if let Some(now) = line.get().map(|line| count(&line)).filter(|now| *now != number.get_untracked()) {
            number.set(now);
        }
    });
    // The server reports at most ten more than the quantity, and decides.
    let most = Signal::derive(move || {
        let few = line.with(|line| line.as_ref().and_then(|line| u32::try_from(line.available).ok()).unwrap_or(1));
        if few < 10 { few } else { super::MAX_QUANTITY }
    });
    let label = format!("{}: {}", tr!(PRODUCT_QUANTITY), first.name);
    view! {
        <form
            method="post"
            action="/cart"
            class="flex items-center justify-between gap-2 mt-1"
            on:submit=move |event| {
                // Enter in the quantity, whose change is applied already.
                event.prevent_default();
            }
        >
            <input type="hidden" name="variant" value=variant.to_string()/>
            <div class="flex items-center gap-2">
                <QuantityStepper name="quantity" value=number label max=most on_change=Callback::new(move |count: u32| cart.set_quantity(variant, i64::from(count)))/>
                <button type="submit" name="step" value="set" class="without-script btn btn-ghost">{tr!(CART_UPDATE)}</button>
            </div>
            {remove_button(line, first)}
        </form>
    }
    .into_any()
}

/// The button that removes a line, and says so with a way back.
fn remove_button(line: Memo<Option<CartLineView>>, first: &CartLineView) -> AnyView {
    let (cart, toasts) = (use_cart(), use_toasts());
    let variant = first.variant;
    let label = tr!(CART_REMOVE_ITEM, name = first.name);
    let removed = tr!(CART_REMOVED, name = first.name);
    let on_click = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        if let Some(line) = line.get_untracked() {
            focus_beside(&event);
            cart.remove(variant);
            let undo = cart.in_own_scope(move || {
                Callback::new(move |()| {
                    cart.put(line.clone());
                    // The pressed button is gone, and the line is there a moment later.
                    request_animation_frame(move || focus_line(variant));
                })
            });
            toasts.undo(removed.clone(), undo);
        }
    };
    view! {
        <button type="submit" name="step" value="remove" class="btn btn-ghost btn-square" aria-label=label.clone() title=label on:click=on_click>
            <Icon shape=icon::TRASH class="size-5"/>
        </button>
    }
    .into_any()
}

/// Before a line is removed the focus goes to the next line; without one to the drawer's close button, or to the page.
fn focus_beside(event: &leptos::ev::MouseEvent) {
    let within = |element: web_sys::Element, selector: &str| element.query_selector(selector).ok().flatten();
    let neighbour = || {
        let pressed = event.target()?.dyn_into::<web_sys::Element>().ok()?;
        let line = pressed.closest("li").ok().flatten()?;
        let other = line.next_element_sibling().or_else(|| line.previous_element_sibling());
        let other = other.and_then(|other| within(other, "button[value=remove]"));
        other
            .or_else(|| pressed.closest("dialog").ok().flatten().and_then(|drawer| within(drawer, "header button")))
            .or_else(|| pressed.closest("main").ok().flatten())?
            .dyn_into::<web_sys::HtmlElement>()
            .ok()
    };
    if let Some(neighbour) = neighbour() {
        // On an error the focus stays.
        let _ = neighbour.focus();
    }
}

/// After a line was put back the focus goes to it, if it is shown; else to the page.
fn focus_line(variant: VariantId) {
    let page = document();
    let line = format!("main li:has(input[name=variant][value=\"{variant}\"]) button[value=remove]");
    let line = page.query_selector(&line).ok().flatten().or_else(|| page.get_element_by_id("content"));
    if let Some(element) = line.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // On an error the focus stays.
        let _ = element.focus();
    }
}

/// The sums of a cart: with the cheapest delivery to the chosen place, else without delivery and with a note about it.
#[component]
pub fn Sums(
    #[prop(into)] view: Signal<CartView>,
    /// The delivery as rendered.
    delivery: DeliveryTo,
) -> impl IntoView {
    let locale = use_locale();
    let contents = Signal::derive(move || view.with(contents_of));
    let to = delivery_place::current(delivery.clone());
    // The place's name and the fee, once both are known.
    let delivery_fee = Memo::new(move |_| {
        let (price, weight_g) = contents.get()?;
        to.with(|to| {
            Some((to.place.as_ref()?.name.clone(), to.ways(price, weight_g).first().map(|(fee, way)| (*fee, way.rate.tax_rate_bp))?))
        })
    });
    let subtotal = Signal::derive(move || view.with(|view| locale.money(view.totals.subtotal)));
    let discount = move || view.with(|view| (view.totals.discount.minor > 0).then(|| locale.money(view.totals.discount)));
    let sums = Memo::new(move |_| {
        let (subtotal, tax) = view.with(|view| (discounted_subtotal(view), view.totals.tax));
        let Some((_, (fee, rate))) = delivery_fee.get() else { return (subtotal, tax) };
        (subtotal.plus(fee).unwrap_or(subtotal), fee.tax_inside(rate).and_then(|inside| tax.plus(inside)).unwrap_or(tax))
    });
    let total = Signal::derive(move || locale.money(sums.get().0));
    view! {
        <FreeDeliveryBar delivery=delivery.clone() contents/>
        <dl class="flex flex-col gap-2">
            <SumLine label=tr!(CART_SUBTOTAL) amount=subtotal/>
            {move || discount().map(|amount| view! { <SumLine label=tr!(CART_DISCOUNT) amount=format!("−{amount}")/> }.into_any())}
            {move || match delivery_fee.get() {
                Some((place, (cost, _))) => view! {
                    <SumLine label=tr!(PLACE_DELIVERY_TO, place = place) amount=delivery_place::fee(cost)/>
                    <SumLine label=tr!(CART_TOTAL) amount=total total=true/>
                }.into_any(),
                None => view! { <SumLine label=tr!(PLACE_TOTAL_BEFORE) amount=total total=true/> }.into_any(),
            }}
        </dl>
        <p class="text-sm text-quiet mt-1">{move || tr!(CART_TAX_INCLUDED, amount = locale.money(sums.get().1))}</p>
        <div class="mt-4 text-sm"><DeliveryLine delivery contents/></div>
    }
    .into_any()
}

/// The number of units, in words.
#[must_use]
pub fn items_in(view: &CartView) -> String {
    trn!(CART_ITEMS, view.lines.iter().map(|line| line.quantity.get()).sum::<i64>())
}
