//! Checks of the books.

use super::{Check, Find, entry, parcel, payment};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "every journal entry balances",
        count: count!("journal_entries"),
        page: page!("journal_entries"),
        find: Find::Sql(
            "select e.id, e.kind || ' adds up to ' || cast(sum(p.amount) as text) || ' ' || e.currency as what
             from journal_entries e join postings p on p.entry_id = e.id
             where e.id > $1 and e.id <= $2 group by e.id, e.kind, e.currency having sum(p.amount) <> 0 order by e.id",
        ),
        name_of: entry,
    },
    Check {
        name: "every posting is on an account of the chart",
        count: count!("journal_entries"),
        page: page!("journal_entries"),
        find: Find::Sql(
            "select p.entry_id as id, 'posts to ' || p.account || ', which is no account' as what
             from postings p left join accounts a on a.key = p.account
             where p.entry_id > $1 and p.entry_id <= $2 and a.key is null order by p.entry_id, p.n",
        ),
        name_of: entry,
    },
    Check {
        name: "each cause is posted once",
        count: count!("journal_entries"),
        page: page!("journal_entries"),
        find: Find::Sql(
            "select e.id, 'its cause has another entry ' || e.kind as what from journal_entries e
             where e.id > $1 and e.id <= $2
                and exists (select 1 from journal_entries d where d.reference = e.reference and d.kind = e.kind and d.id <> e.id)
             order by e.id",
        ),
        name_of: entry,
    },
    Check {
        name: "every journal entry is in the currency of what it records",
        count: count!("journal_entries"),
        page: page!("journal_entries"),
        find: Find::Sql(
            "select f.id, f.kind || ' is in ' || f.currency || ', what it records in ' || f.other as what
             from (select e.id, e.kind, e.currency, case
                    when e.kind in ('parcel.shipped', 'parcel.returned') then
                        (select min(l.cost_currency) from parcel_lines l
                         where l.parcel_id = e.reference and l.cost_currency <> e.currency)
                    when e.kind in ('stock.received', 'stock.adjusted') then
                        (select m.currency from stock_movements m where m.id = e.reference)
                    else (select o.currency from orders o where o.id = e.order_id) end as other
                from journal_entries e where e.id > $1 and e.id <= $2) f
             where f.currency <> f.other order by f.id",
        ),
        name_of: entry,
    },
    Check {
        name: "each payment is in the currency of its order, and so is what came and went back",
        count: count!("payments"),
        page: page!("payments"),
        find: Find::Sql(
            "select f.id, 'in ' || f.currency || ', the order in ' || f.other as what
             from (select p.id, o.currency as other, case when p.currency <> o.currency then p.currency else coalesce(
                    (select min(c.currency) from captures c where c.payment_id = p.id and c.currency <> o.currency),
                    (select min(r.currency) from refunds r where r.payment_id = p.id and r.currency <> o.currency),
                    (select min(a.currency) from payment_allocations a where a.payment_id = p.id and a.currency <> o.currency))
                    end as currency
                from payments p join orders o on o.id = p.order_id where p.id > $1 and p.id <= $2) f
             where f.currency is not null order by f.id",
        ),
        name_of: payment,
    },
    Check {
        name: "what each parcel cost is what the books say",
        count: count!("parcels"),
        page: page!("parcels"),
        find: Find::Sql(
            "select f.id, 'its units cost ' || cast(f.cost as text) || ', the books say ' || cast(f.booked as text) as what
             from (select p.id,
                    (select coalesce(sum(l.cost), 0) from parcel_lines l where l.parcel_id = p.id) as cost,
                    (select coalesce(sum(b.amount), 0) from journal_entries e join postings b on b.entry_id = e.id
                        where e.reference = p.id and e.kind = 'parcel.shipped' and b.account = 'cost_of_goods_sold') as booked
                from parcels p where p.id > $1 and p.id <= $2) f
             where f.cost <> f.booked order by f.id",
        ),
        name_of: parcel,
    },
];
