//! Checks of the stock.

use super::{Check, Find, all_stock, line, movement, reservation, variant};

/// Stock has a row a variant and location; a page is a page of variants.
const STOCK_PAGE: &str = "select distinct variant_id from stock where variant_id > $1 order by variant_id limit 1000";
const STOCK_COUNT: &str = "select count(distinct variant_id) from stock";

/// The sum of a column of amounts. Added up in two parts, because SQLite's `sum` fails beyond 64 bits; where all of it passes them, it
/// is not exact there.
macro_rules! sum_of {
    ($column:literal) => {
        concat!("(sum(", $column, " / 1000000) * 1000000 + sum(", $column, " % 1000000))")
    };
}

pub(super) const CHECKS: &[Check] = &[
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
        find: Find::Sql(concat!(
            "select s.variant_id as id, 'at ' || l.code || ' ' || cast(s.on_hand as text) || ' units are worth ' || cast(s.value as text)
                || ' ' || s.currency || ', the movements add up to ' || cast(coalesce(m.value, 0) as text) as what
             from stock s
             join stock_locations l on l.id = s.location_id
             left join (select variant_id, location_id, status, ",
            sum_of!("value"),
            " as value from stock_movements
                where variant_id > $1 and variant_id <= $2 group by variant_id, location_id, status) m
                on m.variant_id = s.variant_id and m.location_id = s.location_id and m.status = s.status
             where s.variant_id > $1 and s.variant_id <= $2
                and (s.value <> coalesce(m.value, 0) or s.value < 0 or (s.on_hand = 0 and s.value <> 0))
             order by s.variant_id, l.code"
        )),
        name_of: variant,
    },
    Check {
        name: "the account of the stock is its value",
        count: "select count(*) from (select 1 as n) x",
        page: "select x.id from (select unhex('ffffffffffffffffffffffffffffffff') as id) x where x.id > $1",
        find: Find::Sql(concat!(
            "select x.id, 'worth ' || cast(f.value as text) || ' ' || f.currency || ', the books say ' || cast(f.booked as text) as what
             from (select unhex('ffffffffffffffffffffffffffffffff') as id) x
             cross join (select u.currency, ",
            sum_of!("u.value"),
            " as value, ",
            sum_of!("u.booked"),
            " as booked, ",
            sum_of!("(u.value - u.booked)"),
            " as difference from (
                    select s.currency, s.value, 0 as booked from stock s
                    union all
                    select e.currency, 0 as value, p.amount as booked
                    from postings p join journal_entries e on e.id = p.entry_id where p.account = 'inventory') u
                group by u.currency) f
             where x.id > $1 and x.id <= $2 and f.difference <> 0 order by f.currency"
        )),
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
                    coalesce((select sum(pl.quantity) from parcels p join parcel_lines pl on pl.parcel_id = p.id
                        where p.order_id = l.order_id and pl.order_line_id = l.id and p.state in ('shipped', 'delivered', 'returned')), 0)
                        as gone,
                    coalesce((select sum(pl.quantity) from parcels p join parcel_lines pl on pl.parcel_id = p.id
                        where p.order_id = l.order_id and pl.order_line_id = l.id and p.state = 'delivered'), 0) as arrived,
                    coalesce((select sum(pl.quantity) from parcels p join parcel_lines pl on pl.parcel_id = p.id
                        where p.order_id = l.order_id and pl.order_line_id = l.id and p.state = 'returned'), 0) as back,
                    coalesce((select sum(pl.restocked) from parcels p join parcel_lines pl on pl.parcel_id = p.id
                        where p.order_id = l.order_id and pl.order_line_id = l.id and p.state = 'returned'), 0) as in_stock
                from order_lines l where l.id > $1 and l.id <= $2) f
             where f.quantity <> f.reserved or f.cancelled <> f.released or f.shipped <> f.gone or f.delivered <> f.arrived
                or f.returned <> f.back or f.restocked <> f.in_stock or f.cancelled + f.shipped > f.quantity
                or f.delivered > f.shipped or f.returned > f.shipped or f.restocked > f.returned
             order by f.id",
        ),
        name_of: line,
    },
];
