//! The lines and the sums of an order on its page.

use domain::Money;
use domain::view::{OrderLineView, OrderView};
use leptos::prelude::*;
use ui::{Column, FigureCell, Row, SumLine, Table, tr, use_locale};

/// The lines of the order, and what became of each.
pub(crate) fn lines(lines: &[OrderLineView]) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::new(tr!(ADMIN_PRODUCTS_SKU)).wide_only(),
        Column::figures(tr!(ADMIN_ORDERS_COLUMN_ITEMS)),
        Column::figures(tr!(ADMIN_PRODUCTS_PRICE)).wide_only(),
        Column::figures(tr!(CART_LINE_TOTAL)),
    ];
    let row = |line: OrderLineView| {
        let stock = format!("/admin/stock?q={}", admin_layout::escaped(&line.sku));
        view! {
            <Row>
                <td>
                    <span class="font-medium">{line.name.clone()}</span>" "<span class="text-quiet">{line.options.clone()}</span>
                    {line.unit_states(locale, true).map(|unit_states| view! { <p class="text-sm text-quiet">{unit_states}</p> }.into_any())}
                </td>
                <td class="max-md:hidden"><a class="figures hover:underline underline-offset-4" href=stock>{line.sku.clone()}</a></td>
                <FigureCell>{locale.number(line.quantity)}</FigureCell>
                <td class="max-md:hidden figures text-end">{locale.money(line.unit_price)}</td>
                <FigureCell>{locale.money(line.total)}</FigureCell>
            </Row>
        }
    };
    let rows = lines.iter().cloned().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_ORDERS_COLUMN_ITEMS) columns>{rows}</Table> }.into_any()
}

/// The sums and the taxes by rate as when it was placed, what became of the total, and the tax inside what is left of it.
pub(crate) fn sums(order: &OrderView) -> AnyView {
    let locale = use_locale();
    let discount = (order.discount.minor != 0).then(|| {
        let minus = Money::new(-order.discount.minor, order.discount.currency);
        view! { <SumLine label=format!("{} {}", tr!(CART_DISCOUNT), order.discount_code().unwrap_or_default()) amount=locale.money(minus)/> }
    });
    let after = order
        .after_total()
        .into_iter()
        .map(|(label, money)| view! { <SumLine label=label.text(locale) amount=locale.money(money)/> }.into_any());
    let after = after.collect_view();
    let of_rate = |(rate_bp, net, tax): (i64, Money, Money)| {
        let label = tr!(ADMIN_ORDERS_TAX_OF, rate = locale.percent(rate_bp), amount = locale.money(net));
        view! { <SumLine label amount=locale.money(tax)/> }
    };
    let taxes = order.taxes_by_rate().into_iter().map(of_rate).collect_view();
    view! {
        <div class="px-5 py-4 border-t border-hairline">
            <dl class="flex flex-col gap-1.5 ms-auto max-w-sm">
                <SumLine label=tr!(CART_SUBTOTAL) amount=locale.money(order.subtotal)/>
                {discount}
                <SumLine label=tr!(CART_DELIVERY_FEE) amount=locale.money(order.delivery_fee)/>
                <SumLine label=tr!(CART_TOTAL) amount=locale.money(order.total) total=true/>
                {taxes}
                {after}
            </dl>
            <p class="ms-auto max-w-sm mt-1 text-sm text-quiet">{tr!(CART_TAX_INCLUDED, amount = locale.money(order.tax_left))}</p>
        </div>
    }
    .into_any()
}
