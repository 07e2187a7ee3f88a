//! Checks of orders, payments, parcels and discount codes.

use crate::orders::is_credited;

use super::{Check, Find, discount, line, order, parcel, payment, refund};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "each captured payment has its entry and its order",
        count: count!("payments"),
        page: page!("payments"),
        find: Find::Sql(
            "select f.id, case when not f.has_order then 'there is no such order'
                when f.captured > f.amount then 'captured ' || cast(f.captured as text) || ' of ' || cast(f.amount as text)
                else 'captured ' || cast(f.captured as text) || ', the books say ' || cast(f.booked as text) end as what
             from (select p.id, p.amount, p.captured, exists (select 1 from orders o where o.id = p.order_id) as has_order,
                    coalesce((select sum(b.amount) from journal_entries e join postings b on b.entry_id = e.id
                        where e.reference = p.id and e.kind = 'payment.captured'
                            and b.account = case p.method when 'cod' then 'cash' else 'gateway_clearing' end), 0) as booked
                from payments p where p.id > $1 and p.id <= $2) f
             where f.captured <> f.booked or f.captured > f.amount or (f.captured > 0 and not f.has_order) order by f.id",
        ),
        name_of: payment,
    },
    Check {
        name: "each refund has its entry",
        count: count!("refunds"),
        page: page!("refunds"),
        find: Find::Sql(
            "select f.id, f.state || ', ' || cast(f.amount as text) || ' back, the books say ' || cast(f.booked as text) as what
             from (select r.id, r.state, r.amount,
                    coalesce((select -sum(b.amount) from journal_entries e join postings b on b.entry_id = e.id
                        where e.reference = r.id and e.kind in ('payment.refunded', 'payment.returned', 'payment.refund_reversed')
                            and b.account in ('cash', 'gateway_clearing')), 0) as booked
                from refunds r where r.id > $1 and r.id <= $2) f
             where f.booked <> case when f.state = 'done' then f.amount else 0 end order by f.id",
        ),
        name_of: refund,
    },
    Check {
        name: "what each payment gave back is the sum of its refunds, and at most what it took",
        count: count!("payments"),
        page: page!("payments"),
        find: Find::Sql(
            "select f.id, 'gave ' || cast(f.refunded as text) || ' back of ' || cast(f.captured as text) || ', its refunds add up to '
                || cast(f.returned as text) as what
             from (select p.id, p.captured, p.refunded,
                    coalesce((select sum(r.amount) from refunds r where r.payment_id = p.id and r.state = 'done'), 0) as returned
                from payments p where p.id > $1 and p.id <= $2) f
             where f.refunded <> f.returned or f.refunded > f.captured order by f.id",
        ),
        name_of: payment,
    },
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
                when f.parts = 0 and f.shipping <> 0 then 'without a delivery it has a fee of ' || cast(f.shipping as text)
                else 'it is of the channel ' || f.channel || ', and lacks its contact or its delivery' end as what
             from (select o.id, o.channel, o.shipping, o.contact_id,
                    case when o.shipping_address_id is null then 0 else 1 end + case when o.billing_address_id is null then 0 else 1 end
                    + case when o.delivery_code is null then 0 else 1 end + case when o.delivery_name is null then 0 else 1 end
                    + case when o.promised_from is null then 0 else 1 end + case when o.promised_to is null then 0 else 1 end as parts
                from orders o where o.id > $1 and o.id <= $2) f
             where (f.parts > 0 and f.parts < 6) or (f.parts = 0 and f.shipping <> 0)
                or (f.channel in ('web', 'api') and (f.contact_id is null or f.parts < 6)) order by f.id",
        ),
        name_of: order,
    },
    Check {
        name: "an order's lines and its delivery add up to its total",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::Sql(
            "select f.id, 'lines and delivery are ' || cast(f.lines + f.shipping as text) || ', the total is ' || cast(f.total as text) as what
             from (select o.id, o.total, o.shipping,
                    coalesce((select sum(l.total) from order_lines l where l.order_id = o.id), 0) as lines
                from orders o where o.id > $1 and o.id <= $2) f
             where f.lines + f.shipping <> f.total order by f.id",
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
                        - coalesce((select sum(p.captured) from payments p where p.order_id = o.id), 0)
                        + coalesce((select sum(r.amount) from refunds r where r.order_id = o.id and r.state = 'done'), 0)
                        - coalesce((select sum(c.amount) from credit_lines c join refunds r on r.id = c.refund_id
                            where c.order_id = o.id and r.state = 'done'), 0)
                    else coalesce((select sum(p.refunded - p.captured) from payments p where p.order_id = o.id), 0) end as owed,
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
        name: "what is not charged of each order is the sum of its credit lines, and no more of its delivery fee than it has",
        count: count!("orders"),
        page: page!("orders"),
        find: Find::Sql(concat!(
            "select f.id, 'not charged are ' || cast(f.waived as text) || ' with ' || cast(f.waived_tax as text)
                || ' tax, the credit lines say ' || cast(f.credited as text) || ' with ' || cast(f.credited_tax as text)
                || '; of the delivery fee ' || cast(f.fee as text) || ' of ' || cast(f.shipping as text) as what
             from (select o.id, o.waived, o.waived_tax, o.shipping,
                    coalesce((select sum(c.amount) from credit_lines c where c.order_id = o.id and c.refund_id is null), 0) as credited,
                    coalesce((select sum(c.tax) from credit_lines c where c.order_id = o.id and c.refund_id is null), 0) as credited_tax,
                    coalesce((select sum(c.amount) from credit_lines c where c.order_id = o.id and c.order_line_id is null and ",
            is_credited!(),
            "), 0) as fee from orders o where o.id > $1 and o.id <= $2) f
             where f.waived <> f.credited or f.waived_tax <> f.credited_tax or f.fee > f.shipping order by f.id"
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
                    (select count(*) from payments p where p.id = r.payment_id and p.method = o.payment_method) as wanted,
                    o.total - o.waived - (select sum(p.captured) from payments p where p.order_id = o.id) as owed,
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
        find: Find::Sql(
            "select f.id, f.code || ' was used ' || cast(f.uses as text) || ' times'
                || coalesce(' of ' || cast(f.most_uses as text), '') || ', orders with it are ' || cast(f.orders as text) as what
             from (select d.id, d.code, d.uses, d.most_uses, (select count(*) from orders o where o.discount_code = d.code and o.cancelled_at is null) as orders
                from discount_codes d where d.id > $1 and d.id <= $2) f
             where f.uses <> f.orders or f.uses > f.most_uses order by f.id",
        ),
        name_of: discount,
    },
];
