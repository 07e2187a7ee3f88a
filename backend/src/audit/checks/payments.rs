//! Checks of payments, captures, refunds and payment allocations.

use super::{Check, Find, allocation, capture, payment, refund};

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
                    coalesce((select sum(b.amount) from captures c join journal_entries e on e.reference = c.id
                        join postings b on b.entry_id = e.id
                        where c.payment_id = p.id and e.kind = 'payment.captured'
                            and b.account = case p.tender when 'cod' then 'cash' else 'gateway_clearing' end), 0) as booked
                from payments p where p.id > $1 and p.id <= $2) f
             where f.captured <> f.booked or f.captured > f.amount or (f.captured > 0 and not f.has_order) order by f.id",
        ),
        name_of: payment,
    },
    Check {
        name: "what each payment took is the sum of its captures",
        count: count!("payments"),
        page: page!("payments"),
        find: Find::Sql(
            "select f.id, f.state || ', took ' || cast(f.captured as text) || ', its captures add up to ' || cast(f.taken as text)
                || ' and ' || cast(f.open as text) || ' are open' as what
             from (select p.id, p.state, p.captured,
                    coalesce((select sum(c.amount) from captures c where c.payment_id = p.id and c.state = 'done'), 0) as taken,
                    (select count(*) from captures c where c.payment_id = p.id and c.state = 'requested') as open
                from payments p where p.id > $1 and p.id <= $2) f
             where f.captured <> f.taken or (f.open > 0 and f.state = 'captured') order by f.id",
        ),
        name_of: payment,
    },
    Check {
        name: "each capture that was made has its entry and its payment allocation",
        count: count!("captures"),
        page: page!("captures"),
        find: Find::Sql(
            "select f.id, f.state || ', took ' || cast(f.amount as text) || ', the books say ' || cast(f.booked as text)
                || ', orders got ' || cast(f.allocated as text) as what
             from (select c.id, c.state, c.amount,
                    coalesce((select sum(b.amount) from journal_entries e join postings b on b.entry_id = e.id
                        where e.reference = c.id and e.kind = 'payment.captured' and b.amount > 0), 0) as booked,
                    coalesce((select sum(a.amount) from payment_allocations a where a.capture_id = c.id), 0) as allocated
                from captures c where c.id > $1 and c.id <= $2) f
             where f.booked <> case when f.state = 'done' then f.amount else 0 end or f.allocated <> f.booked order by f.id",
        ),
        name_of: capture,
    },
    Check {
        name: "each refund has its entry and its payment allocation",
        count: count!("refunds"),
        page: page!("refunds"),
        find: Find::Sql(
            "select f.id, f.state || ', ' || cast(f.amount as text) || ' back, the books say ' || cast(f.booked as text)
                || ', orders gave ' || cast(f.allocated as text) as what
             from (select r.id, r.state, r.amount,
                    coalesce((select -sum(b.amount) from journal_entries e join postings b on b.entry_id = e.id
                        where e.reference = r.id and e.kind in ('payment.refunded', 'payment.returned', 'payment.refund_reversed')
                            and b.account in ('cash', 'gateway_clearing')), 0) as booked,
                    coalesce((select -sum(a.amount) from payment_allocations a where a.refund_id = r.id), 0) as allocated
                from refunds r where r.id > $1 and r.id <= $2) f
             where f.booked <> case when f.state = 'done' then f.amount else 0 end or f.allocated <> f.booked order by f.id",
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
        name: "what each payment took and did not give back pays orders",
        count: count!("payments"),
        page: page!("payments"),
        find: Find::Sql(
            "select f.id, 'took ' || cast(f.captured as text) || ' and gave ' || cast(f.refunded as text) || ' back, orders got '
                || cast(f.allocated as text) as what
             from (select p.id, p.captured, p.refunded,
                    coalesce((select sum(a.amount) from payment_allocations a where a.payment_id = p.id), 0) as allocated
                from payments p where p.id > $1 and p.id <= $2) f
             where f.captured - f.refunded <> f.allocated order by f.id",
        ),
        name_of: payment,
    },
    Check {
        name: "each payment allocation is of its payment's own capture or refund, and pays the order of that",
        count: count!("payment_allocations"),
        page: page!("payment_allocations"),
        find: Find::Sql(
            "select a.id, cast(a.amount as text) || ' comes of a capture or refund of another payment or order' as what
             from payment_allocations a join payments p on p.id = a.payment_id
                left join captures c on c.id = a.capture_id left join refunds r on r.id = a.refund_id
             where a.id > $1 and a.id <= $2
                and (a.payment_id <> coalesce(c.payment_id, r.payment_id) or a.order_id <> coalesce(r.order_id, p.order_id))
             order by a.id",
        ),
        name_of: allocation,
    },
];
