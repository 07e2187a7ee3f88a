//! The lines and sums of a cart, for the drawer, the cart's page and beside the checkout.

use domain::Money;
use domain::id::VariantId;
use domain::view::{CartLineView, CartView, DeliveryTo};
use leptos::prelude::*;
use ui::{EmptyState, Icon, LinkButton, Picture, QuantityStepper, SumLine, icon, tr, trn, use_locale, use_toasts};
use wasm_bindgen::JsCast;

use super::{CartGone, use_cart};
use crate::delivery_place::{self, DeliveryLine};
use crate::free_delivery::FreeDeliveryBar;
use crate::query::product_address;

pub(super) fn discounted_subtotal(view: &CartView) -> Money {
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
