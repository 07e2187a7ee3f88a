//! Notices about a cart: which are shown, for how long, and in which words.

use domain::view::{CartLineView, CartNotice, CartView, DiscountRefusal};
use leptos::prelude::*;
use ui::{Alert, IconButton, Size, Tone, icon, tr, use_locale, use_time_zone};

use super::Cart;

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
pub fn general_notices(notices: &[CartNotice]) -> Vec<CartNotice> {
    notices.iter().filter(|notice| !matches!(notice, CartNotice::DiscountRefused { .. })).cloned().collect()
}

#[component]
pub fn NoticeList(notices: Vec<CartNotice>) -> impl IntoView {
    view! {
        <Alert tone=Tone::Warning title=tr!(CART_WHAT_CHANGED)>
            <ul class="pe-8">{notices.iter().map(|notice| view! { <li>{notice_text(notice)}</li> }.into_any()).collect_view()}</ul>
        </Alert>
    }
}

pub(crate) fn notice_text(notice: &CartNotice) -> String {
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

/// Notices for quantities that the server cut because fewer are left; not for those that were reduced on another device.
pub(super) fn cuts(mine: &CartView, theirs: &CartView) -> Vec<CartNotice> {
    let cut = |line: &CartLineView| {
        let before = mine.lines.iter().find(|own| own.variant == line.variant)?.quantity.get();
        let (name, to) = (line.name.clone(), line.quantity.get());
        (to < before && line.available < before).then_some(CartNotice::QuantityCut { name, from: before, to })
    };
    theirs.lines.iter().filter_map(cut).collect()
}

/// Does the notice still apply? A notice about a line does not once the line was removed by the shopper.
pub(super) fn still_applies(notice: &CartNotice, lines: &[CartLineView]) -> bool {
    match notice {
        CartNotice::PriceChanged { name, .. } | CartNotice::QuantityCut { name, .. } | CartNotice::SoldOut { name } => {
            lines.iter().any(|line| line.name == *name)
        }
        CartNotice::Gone { .. } | CartNotice::DiscountRefused { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::tests::line;

    #[test]
    fn a_quantity_that_the_server_cut_gives_a_notice() {
        let (mut mine, mut theirs) = (crate::cart::empty(), crate::cart::empty());
        mine.lines = vec![line(10_000, 3), line(5_000, 1), line(8_000, 4)];
        theirs.lines = vec![line(10_000, 2), line(5_000, 1), line(7_000, 1), line(8_000, 1)];
        theirs.lines[0].available = 2;
        assert_eq!(cuts(&mine, &theirs), [CartNotice::QuantityCut { name: "Mug".into(), from: 3, to: 2 }]);
    }

    #[test]
    fn a_notice_about_a_removed_item_is_dropped() {
        let cut = CartNotice::QuantityCut { name: "Mug".into(), from: 30, to: 23 };
        assert!(still_applies(&cut, &[line(10_000, 23)]));
        assert!(!still_applies(&cut, &[]));
        assert!(still_applies(&CartNotice::Gone { name: "Mug".into() }, &[]));
    }
}
