//! An order as its shopper sees it.

use domain::order::{DeliveryState, ParcelState, PaymentMethod, PaymentState};
use domain::view::{CancelledMoney, OrderLineView, OrderRowView, OrderView};
use leptos::prelude::*;
use ui::{
    Alert, Badge, Card, Facts, Moment, Picture, PostalLabel, Reached, Shape, StatusBadge, SumLine, Timeline, Tone, When, icon, tr,
    use_locale, use_time_zone,
};

use crate::query::product_address;

/// The payment state as a badge.
pub(crate) fn payment_badge(order: &OrderView) -> AnyView {
    let method = order.payment_method;
    payment_words(order.payment, method)
}

fn payment_words(state: PaymentState, method: PaymentMethod) -> AnyView {
    let (tone, text) = match state {
        PaymentState::Pending if method == PaymentMethod::Cash => (Tone::Info, tr!(ORDER_STATE_CASH_DUE)),
        PaymentState::Pending => (Tone::Warning, tr!(ORDER_STATE_PENDING)),
        PaymentState::RequiresAction => (Tone::Warning, tr!(ORDER_STATE_REQUIRES_ACTION)),
        PaymentState::Authorised => (Tone::Success, tr!(ORDER_STATE_AUTHORISED)),
        PaymentState::PartlyPaid => (Tone::Warning, tr!(ORDER_STATE_PART_PAID)),
        PaymentState::Paid => (Tone::Success, tr!(ORDER_STATE_PAID)),
        PaymentState::PartlyRefunded => (Tone::Info, tr!(ORDER_STATE_PART_REFUNDED)),
        PaymentState::Refunded => (Tone::Info, tr!(ORDER_STATE_REFUNDED)),
        PaymentState::Failed => (Tone::Danger, tr!(ORDER_STATE_FAILED)),
        PaymentState::Voided => (Tone::Neutral, tr!(ORDER_STATE_VOIDED)),
    };
    view! { <StatusBadge tone text/> }.into_any()
}

/// The delivery state in words.
fn delivery_words(state: DeliveryState, cancelled: bool) -> (Tone, &'static str) {
    match state {
        _ if cancelled => (Tone::Neutral, tr!(ORDER_STATE_CANCELLED)),
        DeliveryState::None => (Tone::Info, tr!(ORDER_STATE_OPEN)),
        DeliveryState::Preparing => (Tone::Info, tr!(ORDER_STATE_PICKING)),
        DeliveryState::Packed => (Tone::Info, tr!(ORDER_STATE_PACKED)),
        DeliveryState::Returned => (Tone::Neutral, tr!(ORDER_STATE_RETURNED)),
        DeliveryState::InTransit => (Tone::Info, tr!(ORDER_STATE_IN_TRANSIT)),
        DeliveryState::Delivered => (Tone::Success, tr!(ORDER_STATE_DELIVERED)),
    }
}

/// The payment and delivery state as badges.
pub(crate) fn state_badges(order: &OrderView) -> AnyView {
    let (tone, delivery) = delivery_words(order.delivery, order.cancelled.is_some());
    view! { <div class="flex flex-wrap gap-2" id="states">{payment_badge(order)}<Badge tone>{delivery}</Badge></div> }.into_any()
}

/// The note of a cancelled order: why, and what happens to its money.
fn cancelled_note(order: &OrderView) -> Option<AnyView> {
    let (_, reason) = order.cancelled.as_ref()?;
    let (note, why) =
        if order.cancelled_by_shopper { (tr!(ORDER_CANCELLED_BY_YOU), None) } else { (tr!(ORDER_CANCELLED_NOTE), Some(reason.clone())) };
    let money = CancelledMoney::of(order.payment_method, order.returned_on_cancel).words(use_locale());
    let why = why.filter(|why| !why.is_empty()).map(|why| view! { <p class="text-sm mt-1">{why}</p> }.into_any());
    Some(view! { <div class="mb-6"><Alert tone=Tone::Warning><p>{note}" "{money}</p>{why}</Alert></div> }.into_any())
}

#[component]
pub(crate) fn OrderRow(order: OrderRowView) -> impl IntoView {
    let locale = use_locale();
    let price = locale.money(order.price());
    let (tone, words) = delivery_words(order.delivery, order.fulfilment == domain::order::FulfilmentState::Cancelled);
    view! {
        <li>
            <a href=format!("/account/orders/{}", order.id) class="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1 py-4 px-1 hover:bg-base-200 rounded-field">
                <span class="font-medium">{tr!(ORDER_NUMBER, number = order.number)}</span>
                <span class="money font-semibold">{price}</span>
                <span class="text-sm text-quiet"><When at=order.placed_at day=true/>" · "{ui::trn!(CART_ITEMS, order.units)}</span>
                <span class="justify-self-end"><StatusBadge tone text=words/></span>
            </a>
        </li>
    }
    .into_any()
}

fn icon_of(kind: &str) -> Shape {
    match kind {
        "order.placed" => icon::RECEIPT,
        "order.cancelled" => icon::CLOSE,
        "payment.failed" | "payment.voided" => icon::WARNING,
        "payment.refunded" | "parcel.returned" | "order.reduced" => icon::UNDO,
        "payment.authorised" | "payment.captured" => icon::BANKNOTE,
        "parcel.shipped" => icon::TRUCK,
        "parcel.delivered" => icon::PACKAGE_CHECK,
        _ => icon::PACKAGE,
    }
}

/// The timeline: past events, then what is to come.
fn moments(order: &OrderView) -> Vec<Moment> {
    let locale = use_locale();
    let last = order.timeline.len();
    let done = order.cancelled.is_some() || matches!(order.delivery, DeliveryState::Delivered | DeliveryState::Returned);
    let mut moments: Vec<_> = order
        .timeline
        .iter()
        .enumerate()
        .map(|(at, entry)| Moment {
            title: entry.text.clone(),
            at: Some(entry.at),
            detail: None,
            shape: icon_of(&entry.kind),
            reached: if at + 1 == last && !done { Reached::Now } else { Reached::Past },
        })
        .collect();
    if done {
        return moments;
    }
    let ahead =
        |title: &str, detail: Option<String>, shape| Moment { title: title.to_owned(), at: None, detail, shape, reached: Reached::Ahead };
    let Some((from, to)) = order.promised else { return moments };
    if !matches!(order.delivery, DeliveryState::InTransit) {
        moments.push(ahead(tr!(ORDER_STATE_SHIPPED), None, icon::TRUCK));
    }
    let zone = use_time_zone();
    let (from, to) = (locale.weekday_date(from, zone), locale.weekday_date(to, zone));
    let promise = if from == to { tr!(DELIVERY_ARRIVES_ON, date = to) } else { tr!(DELIVERY_ARRIVES_BETWEEN, from = from, to = to) };
    moments.push(ahead(tr!(ORDER_STATE_DELIVERED), Some(promise), icon::PACKAGE_CHECK));
    moments
}

#[component]
fn AddressLabel(title: &'static str, lines: Vec<String>) -> impl IntoView {
    if lines.is_empty() {
        return ().into_any();
    }
    view! {
        <div>
            <h3 class="font-sans font-semibold text-base tracking-normal mb-1">{title}</h3>
            <PostalLabel lines/>
        </div>
    }
    .into_any()
}

#[component]
fn GiftNote(note: String) -> impl IntoView {
    view! {
        <div>
            <h3 class="font-sans font-semibold text-base tracking-normal mb-1">{tr!(ORDER_GIFT_NOTE)}</h3>
            <p class="whitespace-pre-line wrap-anywhere">{note}</p>
        </div>
    }
    .into_any()
}

/// The couriers and tracking numbers of the parcels.
fn tracking(order: &OrderView) -> AnyView {
    order
        .parcels
        .iter()
        .filter(|parcel| parcel.state != ParcelState::Cancelled)
        .filter_map(|parcel| {
            let number = parcel.tracking_number.clone()?;
            let mut facts = vec![(tr!(ORDER_TRACKING_NUMBER).to_owned(), number)];
            if let Some(courier) = &parcel.courier {
                facts.insert(0, (tr!(ADMIN_ORDERS_COURIER).to_owned(), courier.clone()));
            }
            Some(view! { <Facts facts/> })
        })
        .collect_view()
        .into_any()
}

fn order_line(line: &OrderLineView) -> AnyView {
    let locale = use_locale();
    let name = match &line.slug {
        Some(slug) => {
            let href = product_address(slug, if line.options.is_empty() { "" } else { &line.sku });
            view! { <a href=href class="hover:underline underline-offset-4 decoration-1">{line.name.clone()}</a> }.into_any()
        }
        None => line.name.clone().into_any(),
    };
    view! {
        <li class="grid grid-cols-[4rem_1fr_auto] gap-4 py-3 items-center" data-sku=line.sku.clone()>
            <span class="tile block">{line.picture.map(|picture| view! { <Picture id=picture.to_string() alt="" sizes="64px"/> })}</span>
            <span class="min-w-0">
                <span class="block font-medium">{name}</span>
                <span class="block text-sm text-quiet">
                    <span class="figures">{format!("{} × {}", locale.number(line.quantity), locale.money(line.unit_price))}</span>
                    {(!line.options.is_empty()).then(|| format!(" · {}", line.options))}
                </span>
                {line.unit_states(locale, false).map(|unit_states| view! { <span class="block text-sm text-quiet">{unit_states}</span> }.into_any())}
            </span>
            <span class="money font-medium">{locale.money(line.total)}</span>
        </li>
    }
    .into_any()
}

fn receipt(order: &OrderView) -> AnyView {
    let locale = use_locale();
    let discount = (order.discount.minor > 0).then(|| locale.money(order.discount));
    let delivery_fee = if order.delivery_fee.minor == 0 { tr!(CART_DELIVERY_FREE).to_owned() } else { locale.money(order.delivery_fee) };
    let (subtotal, total, tax) = (locale.money(order.subtotal), locale.money(order.total), locale.money(order.tax_left));
    let after = order
        .after_total()
        .into_iter()
        .map(|(label, money)| view! { <SumLine label=label.text(locale) amount=locale.money(money)/> }.into_any());
    let after = after.collect_view();
    let delivery = order.delivery_name.clone().map(|label| view! { <SumLine label amount=delivery_fee/> });
    view! {
        <Card>
            <h2 class="text-xl mb-4">{tr!(ORDER_RECEIPT)}</h2>
            <dl class="flex flex-col gap-2">
                <SumLine label=tr!(CART_SUBTOTAL) amount=subtotal/>
                {discount.map(|amount| view! { <SumLine label=tr!(CART_DISCOUNT) amount=format!("−{amount}")/> })}
                {delivery}
                <SumLine label=tr!(CART_TOTAL) amount=total total=true/>
                {after}
            </dl>
            <p class="text-sm text-quiet mt-1">{tr!(CART_TAX_INCLUDED, amount = tax)}</p>
        </Card>
    }
    .into_any()
}

#[component]
pub(crate) fn OrderDetails(
    order: OrderView,
    /// The actions, below the order's state.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
) -> impl IntoView {
    let locale = use_locale();
    let failure = order.payment_failure.clone().filter(|_| order.payment == PaymentState::Failed);
    view! {
        <header class="mt-4 mb-8 flex flex-wrap items-end justify-between gap-4">
            <div>
                <h1 class="text-3xl" id="order-number">{tr!(ORDER_NUMBER, number = order.number.clone())}</h1>
                <p class="text-quiet mt-1">{tr!(ORDER_PLACED_ON, date = locale.date(order.placed_at, use_time_zone()))}</p>
            </div>
            {state_badges(&order)}
        </header>
        {cancelled_note(&order)}
        {failure.map(|why| view! { <div class="mb-6"><Alert tone=Tone::Danger><p>{tr!(CHECKOUT_PAYMENT_DECLINED_ORDER)}</p><p class="text-sm mt-1">{why}</p></Alert></div> })}
        {actions.map(|actions| view! { <div class="mb-8">{actions.run()}</div> })}
        <div class="grid lg:grid-cols-[1fr_24rem] gap-x-12 gap-y-10 items-start">
            <div class="min-w-0 flex flex-col gap-10">
                <section>
                    <h2 class="text-xl mb-4">{tr!(ORDER_TIMELINE)}</h2>
                    <Timeline moments=moments(&order)/>
                    <div class="mt-4">{tracking(&order)}</div>
                </section>
                <section>
                    <h2 class="text-xl mb-2">{tr!(ORDER_CONTENTS)}</h2>
                    <ul class="divide-y divide-hairline">{order.lines.iter().map(order_line).collect_view()}</ul>
                </section>
            </div>
            <aside class="flex flex-col gap-6 min-w-0">
                {receipt(&order)}
                {order.delivery_name.is_none().then(|| view! { <p>{tr!(ORDER_AT_COUNTER)}</p> })}
                <AddressLabel title=tr!(ORDER_DELIVER_TO) lines=order.delivery_label.clone()/>
                {order.gift_note.clone().map(|note| view! { <GiftNote note/> })}
                <AddressLabel title=tr!(ORDER_BILLED_TO) lines=order.billing_label.clone()/>
            </aside>
        </div>
    }
    .into_any()
}
