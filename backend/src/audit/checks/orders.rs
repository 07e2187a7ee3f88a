//! Checks of orders, parcels and discount codes.

use crate::orders::{is_credited, of_discount_code};

use super::{Check, Find, discount, line, order, parcel, refund};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "no order is without its events",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::Sql(
            "select f.id, case when f.placed = 0 then 'order.placed is missing' when f.placed > 1 then 'order.placed is there twice'
                else 'order.cancelled is missing' end as what
             from (select o.id, o.cancelled_at,
                    (select count(*) from events e where e.subject = o.id and e.kind = 'order.placed') as placed,
                    (select count(*) from events e where e.subject = o.id and e.kind = 'order.cancelled') as cancelled
                from orders o where o.id > $1 and o.id <= $2) f
             where f.placed <> 1 or (f.cancelled_at is not null and f.cancelled <> 1) order by f.id",
        ),
        name_of: order,
    },
    Check {
        name: "each parcel that left has its event and its entry",
        count: count!("parcels"),
        page: page!("parcels"),
        find: Find::Sql(
            "select f.id, case when f.recorded < f.sent then 'parcel.shipped is missing'
                when f.booked <> 1 then 'its cost is not in the books' else 'its return is not in the books' end as what
             from (select p.id, case when p.state = 'returned' then 1 else 0 end as back,
                    (select count(*) from journal_entries e where e.reference = p.id and e.kind = 'parcel.returned') as rebooked,
                    (select count(*) from events e where e.subject = p.order_id and e.kind = 'parcel.shipped') as recorded,
                    (select count(*) from parcels other where other.order_id = p.order_id
                        and other.state in ('shipped', 'delivered', 'returned')) as sent,
                    (select count(*) from journal_entries e where e.reference = p.id and e.kind = 'parcel.shipped') as booked
                from parcels p where p.id > $1 and p.id <= $2 and p.state in ('shipped', 'delivered', 'returned')) f
             where f.recorded < f.sent or f.booked <> 1 or f.rebooked <> f.back order by f.id",
        ),
        name_of: parcel,
    },
    Check {
        name: "an order of the pages or the API has whom and where to deliver to, and one without a delivery has no fee",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::Sql(
            "select f.id, case when f.parts > 0 and f.parts < 6 then 'of its delivery it has ' || cast(f.parts as text) || ' of 6 parts'
                when f.parts = 0 and f.delivery_fee <> 0 then 'without a delivery it has a fee of ' || cast(f.delivery_fee as text)
                else 'it is of the channel ' || f.channel || ', and lacks its contact or its delivery' end as what
             from (select o.id, o.channel, o.delivery_fee, o.contact_id,
                    case when o.delivery_address_id is null then 0 else 1 end + case when o.billing_address_id is null then 0 else 1 end
                    + case when o.delivery_code is null then 0 else 1 end + case when o.delivery_name is null then 0 else 1 end
                    + case when o.promised_from is null then 0 else 1 end + case when o.promised_to is null then 0 else 1 end as parts
                from orders o where o.id > $1 and o.id <= $2) f
             where (f.parts > 0 and f.parts < 6) or (f.parts = 0 and f.delivery_fee <> 0)
                or (f.channel in ('web', 'api') and (f.contact_id is null or f.parts < 6)) order by f.id",
        ),
        name_of: order,
    },
    Check {
        name: "an order's lines and adjustments add up to its total, and to each of its sums",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::Sql(
            "select f.id, 'lines and adjustments are ' || cast(f.lines + f.added as text) || ' of ' || cast(f.total as text)
                || ', units ' || cast(f.units as text) || ' of ' || cast(f.subtotal as text)
                || ', discounts ' || cast(f.taken as text) || ' of ' || cast(f.discount as text)
                || ', delivery ' || cast(f.delivery as text) || ' of ' || cast(f.delivery_fee as text)
                || ', taxes ' || cast(f.taxes as text) || ' of ' || cast(f.tax as text) as what
             from (select o.id, o.subtotal, o.discount, o.delivery_fee, o.tax, o.total,
                    coalesce((select sum(l.quantity * l.unit_price) from order_lines l where l.order_id = o.id), 0) as units,
                    coalesce((select sum(l.total) from order_lines l where l.order_id = o.id), 0) as lines,
                    coalesce((select sum(a.amount) from order_adjustments a where a.order_id = o.id and a.order_line_id is null), 0) as added,
                    coalesce((select -sum(a.amount) from order_adjustments a where a.order_id = o.id and a.kind = 'discount'), 0) as taken,
                    coalesce((select sum(a.amount) from order_adjustments a where a.order_id = o.id and a.kind = 'delivery'), 0) as delivery,
                    coalesce((select sum(t.tax) from order_taxes t where t.order_id = o.id), 0) as taxes
                from orders o where o.id > $1 and o.id <= $2) f
             where f.lines + f.added <> f.total or f.units <> f.subtotal or f.taken <> f.discount or f.delivery <> f.delivery_fee
                or f.taxes <> f.tax order by f.id",
        ),
        name_of: order,
    },
    Check {
        name: "each line costs what its units and its adjustments come to, with the tax of its rows",
        count: count!("order_lines"),
        page: page!("order_lines"),
        find: Find::Sql(
            "select f.id, 'units and adjustments are ' || cast(f.units + f.added as text) || ' of ' || cast(f.total as text)
                || ', discounts ' || cast(f.taken as text) || ' of ' || cast(f.discount as text)
                || ', taxes ' || cast(f.taxes as text) || ' of ' || cast(f.tax as text)
                || ', wrongly taxed ' || cast(f.wrong as text) as what
             from (select l.id, l.discount, l.tax, l.total, l.quantity * l.unit_price as units,
                    coalesce((select sum(a.amount) from order_adjustments a where a.order_id = l.order_id and a.order_line_id = l.id), 0) as added,
                    coalesce((select -sum(a.amount) from order_adjustments a
                        where a.order_id = l.order_id and a.order_line_id = l.id and a.kind = 'discount'), 0) as taken,
                    coalesce((select sum(t.tax) from order_taxes t where t.order_id = l.order_id and t.order_line_id = l.id), 0) as taxes,
                    (select count(*) from order_taxes t
                        where t.order_id = l.order_id and t.order_line_id = l.id and t.net <> l.total - l.tax) as wrong
                from order_lines l where l.id > $1 and l.id <= $2) f
             where f.units + f.added <> f.total or f.taken <> f.discount or f.taxes <> f.tax or f.wrong > 0 order by f.id",
        ),
        name_of: line,
    },
    Check {
        name: "the tax of each adjustment of an order is that of its rows",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::Sql(
            "select f.id, 'adjustment ' || cast(f.n as text) || ' has ' || cast(f.tax as text) || ' of tax, its rows say '
                || cast(f.taxes as text) || ', wrongly taxed ' || cast(f.wrong as text) as what
             from (select a.order_id as id, a.n, a.tax,
                    coalesce((select sum(t.tax) from order_taxes t where t.order_id = a.order_id and t.adjustment = a.n), 0) as taxes,
                    (select count(*) from order_taxes t
                        where t.order_id = a.order_id and t.adjustment = a.n and t.net <> a.amount - a.tax) as wrong
                from order_adjustments a where a.order_id > $1 and a.order_id <= $2 and a.order_line_id is null) f
             where f.tax <> f.taxes or f.wrong > 0 order by f.id, f.n",
        ),
        name_of: order,
    },
    Check {
        name: "what is owed for each order is what the books say",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::Sql(
            "select f.id, 'owed ' || cast(f.owed as text) || ', the books say ' || cast(f.booked as text) as what
             from (select o.id,
                    case when o.cancelled_at is null then o.total - o.waived
                        - coalesce((select sum(a.amount) from payment_allocations a
                            where a.order_id = o.id and a.capture_id is not null), 0)
                        + coalesce((select sum(r.amount) from refunds r where r.order_id = o.id and r.state = 'done'), 0)
                        - coalesce((select sum(c.amount) from credit_lines c join refunds r on r.id = c.refund_id
                            where c.order_id = o.id and r.state = 'done'), 0)
                    else -coalesce((select sum(a.amount) from payment_allocations a where a.order_id = o.id), 0) end as owed,
                    coalesce((select sum(b.amount) from journal_entries e join postings b on b.entry_id = e.id
                        where e.order_id = o.id and b.account = 'accounts_receivable'), 0) as booked
                from orders o where o.id > $1 and o.id <= $2) f
             where f.owed <> f.booked order by f.id",
        ),
        name_of: order,
    },
    Check {
        name: "no more of a line's price is credited than it has, nor of its tax",
        count: count!("order_lines"),
        page: page!("order_lines"),
        find: Find::Sql(concat!(
            "select l.id, cast(sum(c.units) as text) || ' of ' || cast(l.quantity as text) || ' units, ' || cast(sum(c.amount) as text)
                || ' of ' || cast(l.total as text) || ' and ' || cast(sum(c.tax) as text) || ' of ' || cast(l.tax as text)
                || ' tax are credited' as what
             from order_lines l join credit_lines c on c.order_id = l.order_id and c.order_line_id = l.id
             where l.id > $1 and l.id <= $2 and ",
            is_credited!(),
            " group by l.id, l.quantity, l.total, l.tax
             having sum(c.units) > l.quantity or sum(c.amount) > l.total or sum(c.tax) > l.tax
                or l.tax - sum(c.tax) > l.total - sum(c.amount)
             order by l.id"
        )),
        name_of: line,
    },
    Check {
        name: "what is not charged of each order is the sum of its credit lines, and no more of its adjustments than they have",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::Sql(concat!(
            "select f.id, 'not charged are ' || cast(f.waived as text) || ' with ' || cast(f.waived_tax as text)
                || ' tax, the credit lines say ' || cast(f.credited as text) || ' with ' || cast(f.credited_tax as text)
                || '; adjustments credited beyond what they have: ' || cast(f.beyond as text) as what
             from (select o.id, o.waived, o.waived_tax,
                    coalesce((select sum(c.amount) from credit_lines c where c.order_id = o.id and c.refund_id is null), 0) as credited,
                    coalesce((select sum(c.tax) from credit_lines c where c.order_id = o.id and c.refund_id is null), 0) as credited_tax,
                    (select count(*) from (
                        select a.n from order_adjustments a join credit_lines c on c.order_id = a.order_id and c.adjustment = a.n
                        where a.order_id = o.id and ",
            is_credited!(),
            " group by a.n, a.amount, a.tax
                        having sum(c.amount) > a.amount or sum(c.tax) > a.tax or a.tax - sum(c.tax) > a.amount - sum(c.amount)) b) as beyond
                from orders o where o.id > $1 and o.id <= $2) f
             where f.waived <> f.credited or f.waived_tax <> f.credited_tax or f.beyond > 0 order by f.id"
        )),
        name_of: order,
    },
    Check {
        name: "each refund's credit lines come to its amount, and its entry reverses their tax",
        count: count!("refunds"),
        page: page!("refunds"),
        find: Find::Sql(
            "select f.id, f.state || ', ' || cast(f.amount as text) || ' back, its credit lines are ' || cast(f.credited as text) || ' with '
                || cast(f.tax as text) || ' tax, the books say ' || cast(f.booked as text) as what
             from (select r.id, r.state, r.amount, o.cancelled_at,
                    (select count(*) from payments p where p.id = r.payment_id and p.tender = o.payment_method) as wanted,
                    o.total - o.waived - coalesce((select sum(a.amount) from payment_allocations a
                        where a.order_id = o.id and a.capture_id is not null), 0) as owed,
                    coalesce((select sum(c.amount) from credit_lines c where c.refund_id = r.id), 0) as credited,
                    coalesce((select sum(c.tax) from credit_lines c where c.refund_id = r.id), 0) as tax,
                    (select count(*) from journal_entries e where e.reference = r.id and e.kind = 'payment.refunded') as entries,
                    coalesce((select sum(b.amount) from journal_entries e join postings b on b.entry_id = e.id
                        where e.reference = r.id and e.kind = 'payment.refunded' and b.account = 'vat_payable'), 0) as booked
                from refunds r join orders o on o.id = r.order_id where r.id > $1 and r.id <= $2) f
             where f.credited > f.amount or (f.entries > 0 and f.booked <> f.tax)
                or (f.credited < f.amount and f.cancelled_at is null and f.wanted > 0 and f.owed >= 0 and f.state <> 'failed')
             order by f.id",
        ),
        name_of: refund,
    },
    Check {
        name: "an order's states follow from its facts",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::States,
        name_of: order,
    },
    Check {
        name: "a discount code's uses are the orders that used it and were not cancelled, and at most as many as it allows",
        count: count!("discount_codes"),
        page: page!("discount_codes"),
        find: Find::Sql(concat!(
            "select f.id, f.code || ' was used ' || cast(f.uses as text) || ' times'
                || coalesce(' of ' || cast(f.most_uses as text), '') || ', orders with it are ' || cast(f.orders as text) as what
             from (select d.id, d.code, d.uses, d.most_uses,
                    (select count(distinct o.id) from order_adjustments a join orders o on o.id = a.order_id where ",
            of_discount_code!(),
            " and a.reference = d.code and o.cancelled_at is null) as orders
                from discount_codes d where d.id > $1 and d.id <= $2) f
             where f.uses <> f.orders or f.uses > f.most_uses order by f.id",
        )),
        name_of: discount,
    },
];
