//! What is checked. The statement of a check lists the wrong rows with an id after `$1` up to `$2`: the id, and what is wrong.

use domain::id::{DiscountId, EntryId, MovementId, OrderId, OrderLineId, ParcelId, PaymentId, RefundId, ReservationId, VariantId};
use uuid::Uuid;

use crate::Shop;
use crate::orders::{Facts, facts_of, is_credited};
use platform::db::DbError;

pub(super) struct Check {
    pub name: &'static str,
    /// The statement that counts the rows to check.
    pub count: &'static str,
    /// Lists the ids of the next page after `$1`.
    pub page: &'static str,
    pub find: Find,
    /// How the report writes the id of a wrong row.
    pub name_of: fn(Uuid) -> String,
}

/// How a check finds what is wrong.
#[derive(Clone, Copy)]
pub(super) enum Find {
    /// The statement finds the wrong rows.
    Sql(&'static str),
    /// By computing each order's states from its facts.
    States,
}

#[derive(platform::db::FromRow)]
pub(super) struct Wrong {
    pub id: Uuid,
    pub what: String,
}

macro_rules! page {
    ($table:literal) => {
        concat!("select id from ", $table, " where id > $1 order by id limit 1000")
    };
}
macro_rules! count {
    ($table:literal) => {
        concat!("select count(*) from ", $table)
    };
}

fn all_stock(_: Uuid) -> String {
    "all stock".to_owned()
}
fn discount(id: Uuid) -> String {
    DiscountId(id).to_string()
}
fn entry(id: Uuid) -> String {
    EntryId(id).to_string()
}
fn movement(id: Uuid) -> String {
    MovementId(id).to_string()
}
fn order(id: Uuid) -> String {
    OrderId(id).to_string()
}
fn line(id: Uuid) -> String {
    OrderLineId(id).to_string()
}
fn parcel(id: Uuid) -> String {
    ParcelId(id).to_string()
}
fn payment(id: Uuid) -> String {
    PaymentId(id).to_string()
}
fn refund(id: Uuid) -> String {
    RefundId(id).to_string()
}
fn reservation(id: Uuid) -> String {
    ReservationId(id).to_string()
}
fn variant(id: Uuid) -> String {
    VariantId(id).to_string()
}

/// Stock has a row a variant and location; a page is a page of variants.
const STOCK_PAGE: &str = "select distinct variant_id from stock where variant_id > $1 order by variant_id limit 1000";
const STOCK_COUNT: &str = "select count(distinct variant_id) from stock";

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
                    when e.kind in ('shipment.shipped', 'shipment.returned') then
                        (select min(s.cost_currency) from shipment_lines s
                         where s.shipment_id = e.reference and s.cost_currency <> e.currency)
                    when e.kind in ('stock.received', 'stock.adjusted') then
                        (select m.currency from stock_movements m where m.id = e.reference)
                    else (select o.currency from orders o where o.id = e.order_id) end as other
                from journal_entries e where e.id > $1 and e.id <= $2) f
             where f.currency <> f.other order by f.id",
        ),
        name_of: entry,
    },
    Check {
        name: "each payment is in the currency of its order",
        count: count!("payments"),
        page: page!("payments"),
        find: Find::Sql(
            "select p.id, 'in ' || p.currency || ', the order in ' || o.currency as what
             from payments p join orders o on o.id = p.order_id
             where p.id > $1 and p.id <= $2 and p.currency <> o.currency order by p.id",
        ),
        name_of: payment,
    },
    Check {
        name: "on hand is the sum of movements",
        count: STOCK_COUNT,
        page: STOCK_PAGE,
        find: Find::Sql(
            "select s.variant_id as id, 'at ' || l.code || ' on hand is ' || cast(s.on_hand as text) || ', the movements add up to '
                || cast(coalesce(m.units, 0) as text) as what
             from stock s
             join stock_locations l on l.id = s.location_id
             left join (select variant_id, location_id, status, sum(quantity) as units from stock_movements
                where variant_id > $1 and variant_id <= $2 group by variant_id, location_id, status) m
                on m.variant_id = s.variant_id and m.location_id = s.location_id and m.status = s.status
             where s.variant_id > $1 and s.variant_id <= $2 and s.on_hand <> coalesce(m.units, 0)
             order by s.variant_id, l.code",
        ),
        name_of: variant,
    },
    Check {
        name: "the value of stock is the sum of its movements, and nothing where nothing is on hand",
        count: STOCK_COUNT,
        page: STOCK_PAGE,
        find: Find::Sql(
            "select s.variant_id as id, 'at ' || l.code || ' ' || cast(s.on_hand as text) || ' units are worth ' || cast(s.value as text)
                || ' ' || s.currency || ', the movements add up to ' || cast(coalesce(m.value, 0) as text) as what
             from stock s
             join stock_locations l on l.id = s.location_id
             left join (select variant_id, location_id, status, sum(value) as value from stock_movements
                where variant_id > $1 and variant_id <= $2 group by variant_id, location_id, status) m
                on m.variant_id = s.variant_id and m.location_id = s.location_id and m.status = s.status
             where s.variant_id > $1 and s.variant_id <= $2
                and (s.value <> coalesce(m.value, 0) or s.value < 0 or (s.on_hand = 0 and s.value <> 0))
             order by s.variant_id, l.code",
        ),
        name_of: variant,
    },
    Check {
        name: "the account of the stock is its value",
        count: "select count(*) from (select 1 as n) x",
        page: "select x.id from (select unhex('ffffffffffffffffffffffffffffffff') as id) x where x.id > $1",
        find: Find::Sql(
            "select x.id, 'worth ' || cast(f.value as text) || ' ' || f.currency || ', the books say ' || cast(f.booked as text) as what
             from (select unhex('ffffffffffffffffffffffffffffffff') as id) x
             cross join (select u.currency, sum(u.value) as value, sum(u.booked) as booked from (
                    select s.currency, s.value, 0 as booked from stock s
                    union all
                    select e.currency, 0 as value, p.amount as booked
                    from postings p join journal_entries e on e.id = p.entry_id where p.account = 'inventory') u
                group by u.currency) f
             where x.id > $1 and x.id <= $2 and f.value <> f.booked order by f.currency",
        ),
        name_of: all_stock,
    },
    Check {
        name: "cost layers hold the units on hand",
        count: STOCK_COUNT,
        page: STOCK_PAGE,
        find: Find::Sql(
            "select s.variant_id as id, 'at ' || l.code || ' on hand is ' || cast(s.on_hand as text) || ', the layers hold '
                || cast(coalesce(y.units, 0) as text) as what
             from (select variant_id, location_id, sum(on_hand) as on_hand from stock
                where variant_id > $1 and variant_id <= $2 group by variant_id, location_id) s
             join stock_locations l on l.id = s.location_id
             left join (select variant_id, location_id, sum(remaining) as units from stock_layers
                where variant_id > $1 and variant_id <= $2 and remaining > 0 group by variant_id, location_id) y
                on y.variant_id = s.variant_id and y.location_id = s.location_id
             where s.on_hand <> coalesce(y.units, 0) order by s.variant_id, l.code",
        ),
        name_of: variant,
    },
    Check {
        name: "each cost layer is what its movement brought in",
        count: count!("stock_layers"),
        page: page!("stock_layers"),
        find: Find::Sql(
            "select y.id, cast(y.remaining as text) || ' of ' || cast(y.received as text) || ' units at ' || cast(y.cost as text)
                || coalesce(', the movement has ' || cast(m.quantity as text) || ' at ' || cast(m.value as text), ', without a movement')
                as what
             from stock_layers y left join stock_movements m on m.id = y.id
             where y.id > $1 and y.id <= $2
                and (m.id is null or m.quantity <> y.received or m.value <> y.cost or m.currency <> y.currency
                    or m.variant_id <> y.variant_id or m.location_id <> y.location_id or y.remaining < 0 or y.remaining > y.received)
             order by y.id",
        ),
        name_of: movement,
    },
    Check {
        name: "what each parcel cost is what the books say",
        count: count!("shipments"),
        page: page!("shipments"),
        find: Find::Sql(
            "select f.id, 'its units cost ' || cast(f.cost as text) || ', the books say ' || cast(f.booked as text) as what
             from (select s.id,
                    (select coalesce(sum(c.cost), 0) from shipment_lines c where c.shipment_id = s.id) as cost,
                    (select coalesce(sum(p.amount), 0) from journal_entries e join postings p on p.entry_id = e.id
                        where e.reference = s.id and e.kind = 'shipment.shipped' and p.account = 'cost_of_goods_sold') as booked
                from shipments s where s.id > $1 and s.id <= $2) f
             where f.cost <> f.booked order by f.id",
        ),
        name_of: parcel,
    },
    Check {
        name: "every movement has its row of stock",
        count: count!("stock_movements"),
        page: page!("stock_movements"),
        find: Find::Sql(
            "select m.id, 'there is no stock of its variant at its location' as what from stock_movements m
             left join stock s on s.variant_id = m.variant_id and s.location_id = m.location_id and s.status = m.status
             where m.id > $1 and m.id <= $2 and s.variant_id is null order by m.id",
        ),
        name_of: movement,
    },
    Check {
        name: "reserved is the sum of open reservations",
        count: STOCK_COUNT,
        page: STOCK_PAGE,
        find: Find::Sql(
            "select s.variant_id as id, 'at ' || l.code || ' reserved is ' || cast(s.reserved as text) || ', the open reservations add up to '
                || cast(coalesce(r.units, 0) as text) as what
             from stock s
             join stock_locations l on l.id = s.location_id
             left join (select variant_id, location_id, sum(quantity - shipped) as units from reservations
                where variant_id > $1 and variant_id <= $2 and state = 'open' group by variant_id, location_id) r
                on r.variant_id = s.variant_id and r.location_id = s.location_id and s.status = 'sellable'
             where s.variant_id > $1 and s.variant_id <= $2 and s.reserved <> coalesce(r.units, 0)
             order by s.variant_id, l.code",
        ),
        name_of: variant,
    },
    Check {
        name: "every open reservation has its order and its row of stock",
        count: count!("reservations"),
        page: page!("reservations"),
        find: Find::Sql(
            "select r.id, case when o.id is null then 'there is no such order'
                when o.cancelled_at is not null then 'its order was cancelled'
                else 'there is no stock of its variant at its location' end as what
             from reservations r
             left join orders o on o.id = r.order_id
             left join stock s on s.variant_id = r.variant_id and s.location_id = r.location_id and s.status = 'sellable'
             where r.id > $1 and r.id <= $2 and r.state = 'open'
                and (o.id is null or o.cancelled_at is not null or s.variant_id is null) order by r.id",
        ),
        name_of: reservation,
    },
    Check {
        name: "available is on hand less reserved, and never below zero",
        count: STOCK_COUNT,
        page: STOCK_PAGE,
        find: Find::Sql(
            "select s.variant_id as id, 'at ' || l.code || ' available is ' || cast(s.available as text) || ', on hand '
                || cast(s.on_hand as text) || ' less reserved ' || cast(s.reserved as text) as what
             from stock s join stock_locations l on l.id = s.location_id
             where s.variant_id > $1 and s.variant_id <= $2
                and (s.available <> case s.status when 'sellable' then s.on_hand - s.reserved else 0 end
                    or s.available < 0 or s.reserved < 0)
             order by s.variant_id, l.code",
        ),
        name_of: variant,
    },
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
        count: count!("shipments"),
        page: page!("shipments"),
        find: Find::Sql(
            "select f.id, case when f.recorded < f.sent then 'shipment.shipped is missing'
                when f.booked <> 1 then 'its cost is not in the books' else 'its return is not in the books' end as what
             from (select s.id, case when s.state = 'returned' then 1 else 0 end as back,
                    (select count(*) from journal_entries e where e.reference = s.id and e.kind = 'shipment.returned') as rebooked,
                    (select count(*) from events e where e.subject = s.order_id and e.kind = 'shipment.shipped') as recorded,
                    (select count(*) from shipments g where g.order_id = s.order_id
                        and g.state in ('shipped', 'delivered', 'returned')) as sent,
                    (select count(*) from journal_entries e where e.reference = s.id and e.kind = 'shipment.shipped') as booked
                from shipments s where s.id > $1 and s.id <= $2 and s.state in ('shipped', 'delivered', 'returned')) f
             where f.recorded < f.sent or f.booked <> 1 or f.rebooked <> f.back order by f.id",
        ),
        name_of: parcel,
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
        name: "what became of each line's units is what its parcels and reservations say",
        count: count!("order_lines"),
        page: page!("order_lines"),
        find: Find::Sql(
            "select f.id, 'of ' || cast(f.quantity as text) || ' units ' || cast(f.cancelled as text) || ' were cancelled, '
                || cast(f.shipped as text) || ' shipped, ' || cast(f.delivered as text) || ' delivered, ' || cast(f.returned as text)
                || ' returned, ' || cast(f.restocked as text) || ' restocked; parcels and reservations say ' || cast(f.reserved as text)
                || ': ' || cast(f.released as text) || ', ' || cast(f.gone as text) || ', ' || cast(f.arrived as text) || ', '
                || cast(f.back as text) || ', ' || cast(f.in_stock as text) as what
             from (select l.id, l.quantity, l.cancelled, l.shipped, l.delivered, l.returned, l.restocked,
                    coalesce((select sum(r.quantity) from reservations r where r.order_id = l.order_id and r.order_line_id = l.id), 0)
                        as reserved,
                    coalesce((select sum(r.quantity - r.shipped) from reservations r
                        where r.order_id = l.order_id and r.order_line_id = l.id and r.state in ('released', 'shipped')), 0) as released,
                    coalesce((select sum(p.quantity) from shipments s join shipment_lines p on p.shipment_id = s.id
                        where s.order_id = l.order_id and p.order_line_id = l.id and s.state in ('shipped', 'delivered', 'returned')), 0)
                        as gone,
                    coalesce((select sum(p.quantity) from shipments s join shipment_lines p on p.shipment_id = s.id
                        where s.order_id = l.order_id and p.order_line_id = l.id and s.state = 'delivered'), 0) as arrived,
                    coalesce((select sum(p.quantity) from shipments s join shipment_lines p on p.shipment_id = s.id
                        where s.order_id = l.order_id and p.order_line_id = l.id and s.state = 'returned'), 0) as back,
                    coalesce((select sum(p.restocked) from shipments s join shipment_lines p on p.shipment_id = s.id
                        where s.order_id = l.order_id and p.order_line_id = l.id and s.state = 'returned'), 0) as in_stock
                from order_lines l where l.id > $1 and l.id <= $2) f
             where f.quantity <> f.reserved or f.cancelled <> f.released or f.shipped <> f.gone or f.delivered <> f.arrived
                or f.returned <> f.back or f.restocked <> f.in_stock or f.cancelled + f.shipped > f.quantity
                or f.delivered > f.shipped or f.returned > f.shipped or f.restocked > f.returned
             order by f.id",
        ),
        name_of: line,
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

/// Orders whose stored states are not those that follow from their facts.
pub(super) async fn wrong_states(shop: &Shop, after: Uuid, to: Uuid) -> Result<Vec<Wrong>, DbError> {
    let facts: Vec<Facts> =
        shop.db().fetch_all(concat!(facts_of!(), " where o.id > $1 and o.id <= $2 order by o.id"), &[&after, &to]).await?;
    let wrong = |facts: Facts| {
        let (payment, fulfilment, delivery) = (facts.payment().state(), facts.units().fulfilment(), facts.units().delivery());
        let stored = (facts.payment_state, facts.fulfilment_state, facts.delivery_state);
        (stored != (payment, fulfilment, delivery)).then(|| {
            let what = format!("kept as {}, {}, {}, but is {payment}, {fulfilment}, {delivery}", stored.0, stored.1, stored.2);
            Wrong { id: facts.id.0, what }
        })
    };
    Ok(facts.into_iter().filter_map(wrong).collect())
}
