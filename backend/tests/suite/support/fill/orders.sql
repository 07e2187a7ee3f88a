-- The orders numbered from {from} to {to}, of {count}, the last of which is placed at {start}, one every {step} milliseconds; what belongs to
-- them; and one movement of stock for each. The newest hundred are open, all others have come to their end.

drop table if exists fill_orders;
-- `hex` is the id of an order; of what belongs to it, three digits of its own replace the seven's next three.
create table fill_orders as
with recursive
    n (i) as (select cast({from} as bigint) union all select i + 1 from n where i < {to}),
    f (i, at, fate) as (
        select i, {start} - ({count} - i) * {step},
            case
                when {count} - i < 100 then
                    case i % 5 when 0 then 'cash to pack' when 1 then 'to ship' when 2 then 'unpaid' when 3 then 'cash due' else 'card to pack' end
                when i % 20 = 0 then 'never paid'
                when i % 20 = 1 then 'cancelled'
                when i % 20 = 2 then 'came back'
                when i % 20 = 3 then 'partly refunded'
                when i % 20 < 10 then 'cash'
                else 'card'
            end
        from n
    )
select i, at, fate, printf('%012x', at) || '70008' || printf('%015x', i) as hex,
    upper('T' || substr(printf('%08x', i * 2654435 % 4294967296), 1, 4) || '-' || substr(printf('%08x', i * 2654435 % 4294967296), 5, 4)) as number,
    case when fate in ('card', 'unpaid', 'card to pack', 'never paid', 'cancelled', 'came back') then 'card' else 'cod' end as method,
    case fate when 'unpaid' then 'pending' when 'card to pack' then 'authorised' when 'never paid' then 'voided' when 'cancelled' then 'refunded'
        when 'came back' then 'refunded' when 'partly refunded' then 'partly_refunded' when 'cash' then 'paid' when 'card' then 'paid'
        else 'pending' end as payment,
    case when fate in ('cash to pack', 'card to pack', 'to ship', 'unpaid') then 'unfulfilled' when fate in ('never paid', 'cancelled') then 'cancelled'
        when fate = 'came back' then 'returned' else 'fulfilled' end as fulfilment,
    case fate when 'to ship' then 'packed' when 'cash due' then 'in_transit' when 'came back' then 'returned' when 'cash' then 'delivered'
        when 'card' then 'delivered' when 'partly refunded' then 'delivered' else 'none' end as delivery,
    case when fate in ('never paid', 'cancelled') then 1 else 0 end as cancelled,
    case when fate in ('cash', 'card', 'partly refunded', 'came back', 'cash due') then 1 else 0 end as sent,
    case when fate in ('cash', 'card', 'partly refunded', 'came back', 'cancelled') then 1 else 0 end as paid,
    case when fate in ('came back', 'partly refunded', 'cancelled') then 1 else 0 end as refunded,
    i % (select count(*) from fill_people) as person,
    -- Every tenth is the first account's, and every tenth another's.
    case i % 10 when 3 then 0 when 4 then i % (select count(*) from fill_users) end as account
from f;

insert into orders (id, number, contact_id, user_id, channel, currency, locale, delivery_address_id, billing_address_id, delivery_code,
    delivery_name, promised_from, promised_to, payment_method, subtotal, discount, delivery_fee, tax, total, payment_state,
    fulfilment_state, delivery_state, placed_at, cancelled_at, cancel_reason)
select unhex(o.hex), o.number, p.contact_id, u.user_id, 'web', 'PHP', 'en', p.address_id, p.address_id, 'standard', 'Standard', o.at, o.at,
    o.method, 30000, case when o.i % 10 = 1 then 3000 else 0 end, 10000, 4286,
    case when o.i % 10 = 1 then 37000 else 40000 end, o.payment, o.fulfilment, o.delivery, o.at, case when o.cancelled = 1 then o.at end,
    case o.fate when 'never paid' then 'not paid' when 'cancelled' then 'changed mind' end
from fill_orders o join fill_people p on p.k = o.person left join fill_users u on u.k = o.account;

-- Two lines an order, of two variants.
drop table if exists fill_lines;
create table fill_lines as
select o.*, n.i - 1 as position, substr(o.hex, 1, 13) || printf('%03x', n.i) || substr(o.hex, 17) as line_hex,
    case when n.i = 1 and o.i % 5 = 0 then 1 else 2 + (o.i * 7 + n.i) % 599 end as variant
from fill_orders o join fill_numbers n on n.i <= 2;

insert into order_lines (id, order_id, position, variant_id, product_id, sku, name, options, quantity, unit_price, discount, tax, total, weight_g,
    cancelled, shipped, delivered, returned)
select unhex(l.line_hex), unhex(l.hex), l.position, unhex(printf('%032x', l.variant)), unhex(printf('%032x', 1 + (l.variant - 1) / 2)),
    'SKU-' || printf('%04x', l.variant), 'Product', '', 1, 15000, case when l.i % 10 = 1 then 1500 else 0 end, 1607,
    case when l.i % 10 = 1 then 13500 else 15000 end, 100, l.cancelled, l.sent,
    case when l.delivery = 'delivered' then 1 else 0 end, case when l.fate = 'came back' then 1 else 0 end
from fill_lines l;

-- The delivery fee, and of every tenth order a share of a discount by line.
insert into order_adjustments (order_id, n, order_line_id, kind, source, reference, amount, tax)
select unhex(o.hex), 0, null, 'delivery', 'delivery_method', 'standard', 10000, 1071 from fill_orders o;
insert into order_adjustments (order_id, n, order_line_id, kind, source, reference, amount, tax)
select unhex(l.hex), 1 + l.position, unhex(l.line_hex), 'discount', 'discount_code', 'TEN', -1500, -161 from fill_lines l where l.i % 10 = 1;

insert into order_taxes (order_id, n, order_line_id, adjustment, class, country, province, rate_bp, net, tax)
select unhex(o.hex), 0, null, 0, 'standard', 'PH', '', 1200, 8929, 1071 from fill_orders o;
insert into order_taxes (order_id, n, order_line_id, adjustment, class, country, province, rate_bp, net, tax)
select unhex(l.hex), 1 + l.position, unhex(l.line_hex), null, 'standard', 'PH', '', 1200, 13393, 1607 from fill_lines l;

insert into reservations (id, order_id, order_line_id, variant_id, location_id, quantity, shipped, state, expires_at, at)
select unhex(l.line_hex), unhex(l.hex), unhex(l.line_hex), unhex(printf('%032x', l.variant)), s.id, 1, l.sent,
    case when l.sent = 1 then 'shipped' when l.cancelled = 1 then 'released' else 'open' end,
    case when l.fate = 'unpaid' then l.at + 1800000 end, l.at
from fill_lines l join stock_locations s on s.position = 1 + l.i % 2;

insert into payments (id, order_id, tender, amount, currency, state, authorised, captured, refunded,
    gateway_account, gateway_ref, attempt, created_at, updated_at)
select unhex(o.hex), unhex(o.hex), o.method, 40000, 'PHP',
    case when o.paid = 1 then 'captured' when o.fate = 'never paid' then 'voided' when o.fate = 'card to pack' then 'authorised' else 'pending' end,
    case when o.fate = 'card to pack' then 40000 else 0 end, o.paid * 40000, case o.fate when 'partly refunded' then 15000 else o.refunded * 40000 end,
    case when o.method = 'card' then 'fill' end, case when o.method = 'card' then 'pi_' || o.hex end, 1, o.at, o.at
from fill_orders o;

insert into payment_events (id, payment_id, kind, amount, data, at)
select unhex(o.hex), unhex(o.hex), 'captured', 40000, '{}', o.at from fill_orders o where o.paid = 1;

insert into captures (id, payment_id, amount, currency, state, requested_by, at, ended_at)
select unhex(o.hex), unhex(o.hex), 40000, 'PHP', 'done', 'system', o.at, o.at from fill_orders o where o.paid = 1;

insert into refunds (id, payment_id, order_id, capture_id, amount, currency, reason, state, at)
select unhex(o.hex), unhex(o.hex), unhex(o.hex), unhex(o.hex), case o.fate when 'partly refunded' then 15000 else 40000 end, 'PHP', 'filled',
    'done', o.at
from fill_orders o where o.refunded = 1;

insert into payment_allocations (id, payment_id, order_id, amount, currency, capture_id, at)
select unhex(substr(o.hex, 1, 13) || '001' || substr(o.hex, 17)), unhex(o.hex), unhex(o.hex), 40000, 'PHP', unhex(o.hex), o.at
from fill_orders o where o.paid = 1;
insert into payment_allocations (id, payment_id, order_id, amount, currency, refund_id, at)
select unhex(substr(o.hex, 1, 13) || '002' || substr(o.hex, 17)), unhex(o.hex), unhex(o.hex),
    case o.fate when 'partly refunded' then -15000 else -40000 end, 'PHP', unhex(o.hex), o.at
from fill_orders o where o.refunded = 1;

insert into credit_lines (id, order_id, order_line_id, units, amount, tax, refund_id, at)
select unhex(l.line_hex), unhex(l.hex), unhex(l.line_hex), 1, 15000, 1607, unhex(l.hex), l.at
from fill_lines l where l.refunded = 1 and l.position = 0;

insert into parcels (id, order_id, location_id, state, courier, tracking_number, created_at, packed_at, shipped_at, delivered_at)
select unhex(o.hex), unhex(o.hex), s.id,
    case o.fate when 'to ship' then 'packed' when 'cash due' then 'shipped' when 'came back' then 'returned' else 'delivered' end,
    case when o.sent = 1 then 'Courier' end, case when o.sent = 1 then 'TRACK' || o.number end, o.at, o.at,
    case when o.sent = 1 then o.at end, case when o.delivery = 'delivered' then o.at end
from fill_orders o join stock_locations s on s.position = 1 + o.i % 2 where o.sent = 1 or o.fate = 'to ship';

insert into parcel_lines (parcel_id, n, order_line_id, quantity, cost, cost_currency)
select unhex(l.hex), l.position, unhex(l.line_hex), 1, case when l.sent = 1 then 4000 end, case when l.sent = 1 then 'PHP' end
from fill_lines l where l.sent = 1 or l.fate = 'to ship';

-- Every tenth of these came in, all others left.
insert into stock_movements (id, variant_id, location_id, kind, quantity, value, currency, reason, actor, source_kind,
    source_id, at)
select unhex(l.line_hex), unhex(printf('%032x', l.variant)), s.id, case when l.i % 10 = 0 then 'received' else 'shipped' end,
    case when l.i % 10 = 0 then 9 else -1 end, case when l.i % 10 = 0 then 36000 else -4000 end, 'PHP',
    case when l.i % 10 = 0 then 'received' else 'order' end, 'system',
    case when l.i % 10 = 0 then null else 'parcel' end, case when l.i % 10 = 0 then null else unhex(l.hex) end, l.at
from fill_lines l join stock_locations s on s.position = 1 + l.i % 2 where l.position = 0;

insert into stock_layers (id, variant_id, location_id, received, remaining, cost, currency, received_at)
select unhex(l.line_hex), unhex(printf('%032x', l.variant)), s.id, 9, case when {count} - l.i < 2000 then 1 else 0 end, 36000, 'PHP', l.at
from fill_lines l join stock_locations s on s.position = 1 + l.i % 2 where l.position = 0 and l.i % 10 = 0;

insert into journal_entries (id, kind, order_id, reference, currency, at, date)
select unhex(substr(o.hex, 1, 13) || printf('%03x', n.i) || substr(o.hex, 17)), case n.i when 1 then 'order.placed' else 'payment.captured' end,
    unhex(o.hex), unhex(o.hex), 'PHP', o.at, '2026-11-24'
from fill_orders o join fill_numbers n on n.i <= 1 + o.paid;

insert into postings (entry_id, n, account, amount)
select unhex(substr(o.hex, 1, 13) || '001' || substr(o.hex, 17)), n.i,
    case n.i when 1 then 'accounts_receivable' when 2 then 'sales' else 'vat_payable' end, case n.i when 1 then 40000 when 2 then -35714 else -4286 end
from fill_orders o join fill_numbers n on n.i <= 3;
insert into postings (entry_id, n, account, amount)
select unhex(substr(o.hex, 1, 13) || '002' || substr(o.hex, 17)), n.i, case n.i when 1 then 'cash' else 'accounts_receivable' end,
    case n.i when 1 then 40000 else -40000 end
from fill_orders o join fill_numbers n on n.i <= 2 where o.paid = 1;

insert into events (id, kind, subject, actor, request, data, at)
select unhex(substr(o.hex, 1, 13) || printf('%03x', n.i) || substr(o.hex, 17)),
    case n.i when 1 then 'order.placed' when 2 then 'parcel.picked' when 3 then 'parcel.packed' else 'parcel.delivered' end,
    unhex(o.hex), 'system', unhex(o.hex),
    case n.i when 1 then '{"number":"' || o.number || '","total":{"minor":40000,"currency":"PHP"},"channel":"web","payment":"' || o.method || '"}'
        else '{"parcel":"shp_' || o.hex || '"}' end, o.at
from fill_orders o join fill_numbers n on n.i <= case when o.delivery = 'delivered' then 4 when o.sent = 1 or o.fate = 'to ship' then 3 else 1 end;

-- A job of each order paid by card, as if none that was done had been removed yet.
insert into jobs (id, kind, payload, key, run_at, attempts, state, created_at)
select unhex(o.hex), 'order.expire', '{"order":"ord_' || o.hex || '"}', 'order.expire:ord_' || o.hex, o.at + 1800000,
    case when o.fate = 'unpaid' then 0 else 1 end, case when o.fate = 'unpaid' then 'waiting' else 'done' end, o.at
from fill_orders o where o.method = 'card';

-- What the bank refused: the ten of the open orders are open, all others have ended.
insert into refusals (id, key, kind, order_id, payment_id, amount, currency, reason, first_at, last_at, ended_at, ended_by, outcome)
select unhex(o.hex), 'capture:pay_' || o.hex, 'capture', unhex(o.hex), unhex(o.hex), 40000, 'PHP', 'filled', o.at, o.at,
    case when {count} - o.i < 100 then null else o.at end, case when {count} - o.i < 100 then null else 'system' end,
    case when {count} - o.i < 100 then null else 'done' end
from fill_orders o where o.i % 10 = 0;

insert into denials (kind, hour, fingerprint, count, first_at, last_at)
select 'permission', o.at - o.at % 3600000, unhex(o.hex, ''), 1, o.at, o.at from fill_orders o;
