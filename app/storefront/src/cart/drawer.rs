//! The cart drawer, at the end side of every page.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use ui::{Button, Dialog, LinkButton, Look, Placement, SkeletonText, SumLine, tr, use_locale};
use web::{lazy_view, loaded, part, resource, when_hydrated};

use super::lines::{EmptyCart, Lines, contents_of, discounted_subtotal};
use super::notices::Notices;
use super::use_cart;
use crate::delivery_place::{DeliveryLine, read_delivery};
use crate::free_delivery::FreeDeliveryBar;

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
