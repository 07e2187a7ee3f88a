use domain::view::{CartView, DeliveryTo};
use leptos::prelude::*;
use ui::{Card, LinkButton, Look, Size, SkeletonText, tr};
use web::{AppError, ProblemSummary, Title, lazy_page, resource, use_form_fallback};

use super::{CodeForm, EmptyCart, Lines, NoticeList, Notices, Sums, empty, general_notices, items_in, read_cart, use_cart};
use crate::checkout::{LatestOrder, LatestOrderNote, read_latest_order};
use crate::delivery_place::read_delivery;
use crate::seo::NotIndexed;

/// Shows the browser's cart where a script runs, the server's before that.
#[derive(Debug)]
pub struct CartPage;

lazy_page!(CartPage, buying, cart_page);

fn cart_page() -> AnyView {
    let theirs = resource(|| (), |()| read_cart(None));
    let delivery = resource(|| (), |()| read_delivery());
    let latest = resource(|| (), |()| read_latest_order());
    // Each line has a quantity field: the message says which one it is about.
    let problem = use_form_fallback().error.map(|error| match error.fields.first() {
        Some((_, words)) => AppError::with_message(error.status, words.clone()),
        None => error,
    });
    let problem = Signal::stored(problem);
    view! {
        <Title text=tr!(CART_TITLE)/>
        <NotIndexed/>
        <h1 class="text-3xl mt-4 mb-6">{tr!(CART_TITLE)}</h1>
        <ProblemSummary problem/>
        <Suspense fallback=|| view! { <SkeletonText lines=6/> }>
            {move || Suspend::new(async move {
                // On an error there is still the browser's cart.
                let theirs = theirs.await.ok().flatten().unwrap_or_else(empty);
                let delivery = delivery.await.unwrap_or_default();
                view! { <Whole theirs delivery latest=latest.await.ok().flatten()/> }.into_any()
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Whole(theirs: CartView, delivery: DeliveryTo, latest: Option<LatestOrder>) -> impl IntoView {
    let cart = use_cart();
    let mine = cart.view();
    let met = theirs.clone();
    Effect::new(move || {
        if cart.is_ready() {
            untrack(|| cart.merge(&met));
        }
    });
    let notices = general_notices(&theirs.notices);
    let (theirs, delivery) = (StoredValue::new(theirs), StoredValue::new(delivery));
    let view = Signal::derive(move || if cart.is_ready() { mine.get() } else { theirs.get_value() });
    let is_empty = Memo::new(move |_| view.with(|view| view.lines.is_empty()));
    let blocked = Memo::new(move |_| view.with(|view| view.lines.iter().any(|line| line.available < 1)));
    view! {
        <LatestOrderNote first=latest empty=is_empty/>
        {move || if cart.is_ready() {
            view! { <Notices cart/> }.into_any()
        } else if notices.is_empty() {
            ().into_any()
        } else {
            view! { <div class="mb-4"><NoticeList notices=notices.clone()/></div> }.into_any()
        }}
        {move || if is_empty.get() {
            view! {
                <EmptyCart action=|| view! { <LinkButton href="/c" look=Look::Outline>{tr!(CART_EMPTY_ACTION)}</LinkButton> }.into_any()/>
            }.into_any()
        } else {
            view! {
                <div class="grid lg:grid-cols-[1fr_24rem] gap-x-12 gap-y-8 items-start">
                    <section>
                        <h2 class="sr-only">{move || view.with(items_in)}</h2>
                        <Lines view/>
                    </section>
                    <aside class="bar lg:sticky lg:top-40">
                        <Card>
                            <h2 class="text-xl mb-4">{tr!(CHECKOUT_ORDER_SUMMARY)}</h2>
                            <Sums view delivery=delivery.get_value()/>
                            <div class="mt-5">
                                {move || if blocked.get() {
                                    view! { <p class="text-sm font-medium tone-danger tone-ink">{tr!(CART_SOLD_OUT_FIRST)}</p> }.into_any()
                                } else {
                                    view! { <LinkButton href="/checkout" look=Look::Buy size=Size::Large wide=true>{tr!(CART_CHECKOUT)}</LinkButton> }.into_any()
                                }}
                            </div>
                        </Card>
                        <div class="mt-5 px-1"><CodeForm view/></div>
                    </aside>
                </div>
            }.into_any()
        }}
    }
    .into_any()
}
