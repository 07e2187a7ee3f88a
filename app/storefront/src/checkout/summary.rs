//! The order's summary beside the checkout's form; on phones above it, folded.

use domain::Money;
use domain::view::CartView;
use leptos::html;
use leptos::prelude::*;
use ui::{Card, Icon, Picture, SumLine, icon, tr, use_locale};

use super::Offer;
use super::calls::{DROP_CODE, USE_CODE};
use crate::cart::{Cart, CodeField, Notices, is_code_refused, items_in};

/// The items, the discount code, the sums. On phones it unfolds under its first line, without a script too.
#[component]
pub(super) fn Summary(
    cart: Cart,
    view: Signal<CartView>,
    chosen: Memo<Option<Offer>>,
    /// The error of the discount code.
    code_error: Signal<Option<String>>,
    /// The discount code that was typed, when the form came back.
    sent_code: Option<String>,
    unfolded: bool,
) -> impl IntoView {
    let fold = NodeRef::<html::Input>::new();
    // A refused code blocks the order, so its error must be visible, again after each press.
    let is_refused = Signal::derive(move || code_error.with(Option::is_some) || view.with(is_code_refused));
    let unfolded = unfolded || is_refused.get_untracked();
    Effect::new(move || {
        if is_refused.get()
            && let Some(fold) = fold.get()
        {
            fold.set_checked(true);
        }
    });
    let locale = use_locale();
    let first_line = move || {
        locale.money(chosen.with(|chosen| chosen.as_ref().map_or_else(|| view.with(total_before_delivery), |offer| offer.totals.total)))
    };
    view! {
        <Card>
            {move || cart.is_ready().then(|| view! { <Notices cart/> }.into_any())}
            <input node_ref=fold type="checkbox" id="show-order" checked=unfolded class="peer sr-only lg:hidden" aria-label=tr!(CHECKOUT_SHOW_ORDER)/>
            <label for="show-order" class="lg:hidden group flex items-center justify-between gap-3 min-h-11 cursor-pointer rounded-field peer-focus-visible:outline-3 peer-focus-visible:outline-accent peer-checked:[&_svg]:rotate-180">
                <span class="flex items-center gap-2 font-medium"><Icon shape=icon::CHEVRON_DOWN class="size-5 transition-transform"/>{tr!(CHECKOUT_ORDER_SUMMARY)}" · "{move || view.with(items_in)}</span>
                <span class="money font-semibold">{first_line}</span>
            </label>
            <h2 class="max-lg:sr-only text-xl mb-4">{tr!(CHECKOUT_ORDER_SUMMARY)}</h2>
            <div class="max-lg:hidden max-lg:peer-checked:block max-lg:pt-3">
                <OrderItems view/>
                <div class="mb-4"><CodeField view step=USE_CODE without=DROP_CODE sent=sent_code error=code_error/></div>
                <Totals view chosen/>
            </div>
        </Card>
    }
    .into_any()
}

fn total_before_delivery(view: &CartView) -> Money {
    view.totals.total.minus(view.totals.delivery_fee).unwrap_or(view.totals.total)
}

#[component]
fn OrderItems(view: Signal<CartView>) -> impl IntoView {
    let locale = use_locale();
    view! {
        <ul class="flex flex-col gap-3 mb-4">
            {move || view.with(|view| {
                let line = |line: &domain::view::CartLineView| {
                    view! {
                        <li class="grid grid-cols-[3rem_1fr_auto] gap-3 items-center">
                            <span class="tile block">{line.picture.map(|picture| view! { <Picture id=picture.to_string() alt="" sizes="48px"/> })}</span>
                            <span class="min-w-0 leading-snug">
                                <span class="block"><span class="figures">{format!("{} ×", locale.number(line.quantity.get()))}</span>" "{line.name.clone()}</span>
                                {(!line.options.is_empty()).then(|| view! { <span class="block text-sm text-quiet">{line.options.clone()}</span> })}
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

/// The sums, with delivery as soon as it is chosen.
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
    let delivery_fee = Signal::derive(move || {
        chosen.with(|chosen| match chosen {
            Some(offer) if offer.totals.delivery_fee.minor == 0 => tr!(CART_DELIVERY_FREE).to_owned(),
            Some(offer) => locale.money(offer.totals.delivery_fee),
            None => tr!(CHECKOUT_DELIVERY_BY_PLACE).to_owned(),
        })
    });
    let discount = move || {
        let discount = view.with(|view| view.totals.discount);
        (discount.minor > 0).then(|| locale.money(discount))
    };
    // Before a delivery is chosen the total is not known.
    let is_complete = Memo::new(move |_| chosen.with(Option::is_some));
    let total = Signal::derive(move || {
        locale.money(chosen.with(|chosen| match chosen {
            Some(offer) => offer.totals.total,
            None => view.with(total_before_delivery),
        }))
    });
    let tax = Signal::derive(move || {
        locale.money(chosen.with(|chosen| match chosen {
            Some(offer) => offer.totals.tax,
            None => view.with(|view| view.totals.tax.minus(view.totals.delivery_tax).unwrap_or(view.totals.tax)),
        }))
    });
    view! {
        <dl class="flex flex-col gap-2 border-t border-hairline pt-4">
            <SumLine label=tr!(CART_SUBTOTAL) amount=of(|totals| totals.subtotal)/>
            {move || discount().map(|amount| view! { <SumLine label=tr!(CART_DISCOUNT) amount=format!("−{amount}")/> })}
            <SumLine label=tr!(CART_DELIVERY_FEE) amount=delivery_fee/>
            {move || if is_complete.get() {
                view! { <SumLine label=tr!(CART_TOTAL) amount=total total=true/> }.into_any()
            } else {
                view! { <SumLine label=tr!(PLACE_TOTAL_BEFORE) amount=total total=true/> }.into_any()
            }}
        </dl>
        <p class="text-sm text-quiet mt-1">{move || tr!(CART_TAX_INCLUDED, amount = tax.get())}</p>
    }
    .into_any()
}
