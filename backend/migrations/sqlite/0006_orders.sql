-- Orders: an immutable copy of what was bought, and the facts that follow it.

create table orders (
    id blob primary key,
    number text not null unique,
    cart_id blob unique,
    contact_id blob not null references contacts (id),
    user_id blob references users (id),
    channel text not null,
    currency text not null,
    locale text not null,
    shipping_address_id blob not null references addresses (id),
    billing_address_id blob not null references addresses (id),
    delivery_code text not null,
    delivery_name text not null,
    promised_from integer not null,
    promised_to integer not null,
    payment_method text not null check (payment_method in ('cod', 'card')),
    subtotal integer not null,
    discount integer not null,
    discount_code text,
    shipping integer not null,
    tax integer not null,
    total integer not null,
    -- What goods cost that came back or are not sent any more: no longer due, as is the tax inside it.
    waived integer not null default 0,
    waived_tax integer not null default 0,
    payment_state text not null,
    fulfilment_state text not null,
    delivery_state text not null,
    placed_at integer not null,
    cancelled_at integer,
    cancel_reason text,
    version integer not null default 1
) strict;
create index orders_placed on orders (placed_at, id);
create index orders_payment on orders (payment_state, placed_at, id);
create index orders_fulfilment on orders (fulfilment_state, placed_at, id);
create index orders_user on orders (user_id, placed_at, id);
create index orders_contact on orders (contact_id);

-- What open orders are counted by: keyed hashes of e-mail, telephone number, address and network address. They go with the order's end.
create table order_marks (
    mark blob not null,
    order_id blob not null,
    is_client integer not null,
    primary key (mark, order_id)
) strict, without rowid;
create index order_marks_order on order_marks (order_id);

create table order_lines (
    id blob primary key,
    order_id blob not null references orders (id),
    position integer not null,
    variant_id blob not null,
    product_id blob not null,
    sku text not null,
    name text not null,
    options text not null,
    picture_id blob,
    quantity integer not null,
    unit_price integer not null,
    discount integer not null,
    tax_class text not null,
    tax_rate_bp integer not null,
    tax integer not null,
    total integer not null,
    unit_cost integer not null,
    weight_g integer not null,
    unique (order_id, position)
) strict;
create index order_lines_variant on order_lines (variant_id);

-- One press makes one order: the key and what it was used for.
create table idempotency_keys (
    key text primary key,
    body_hash blob not null,
    order_id blob not null,
    at integer not null
) strict, without rowid;
create index idempotency_keys_order on idempotency_keys (order_id);

create table payments (
    id blob primary key,
    order_id blob not null references orders (id),
    method text not null,
    amount integer not null,
    currency text not null,
    state text not null check (state in ('pending', 'requires_action', 'authorised', 'captured', 'failed', 'voided')),
    captured integer not null default 0,
    refunded integer not null default 0,
    gateway_ref text unique,
    failure text,
    -- Which gateway and which account there the intent is with; null while there is none.
    gateway_account text,
    -- Minor units of a capture that was asked for and is not answered yet, and who asked.
    capturing integer,
    capturing_by text,
    attempt integer not null,
    created_at integer not null,
    updated_at integer not null,
    unique (order_id, attempt)
) strict;

create table payment_events (
    id blob primary key,
    payment_id blob not null references payments (id),
    kind text not null,
    amount integer not null,
    gateway_event text unique,
    data text not null,
    at integer not null
) strict;
create index payment_events_payment on payment_events (payment_id, at);

create table refunds (
    id blob primary key,
    payment_id blob not null references payments (id),
    order_id blob not null references orders (id),
    amount integer not null check (amount > 0),
    reason text not null,
    state text not null check (state in ('pending', 'done', 'failed')),
    gateway_ref text unique,
    failure text,
    actor text not null default 'system',
    at integer not null
) strict;
create index refunds_order on refunds (order_id);
create index refunds_payment on refunds (payment_id);

create table shipments (
    id blob primary key,
    order_id blob not null references orders (id),
    location_id blob not null,
    state text not null check (state in ('picked', 'packed', 'shipped', 'delivered', 'cancelled', 'returned')),
    carrier text,
    tracking_number text,
    created_at integer not null,
    packed_at integer,
    shipped_at integer,
    delivered_at integer,
    returned_at integer,
    return_cause text check (return_cause in ('refused', 'undeliverable')),
    return_note text not null default ''
) strict;
create index shipments_order on shipments (order_id);
create index shipments_tracking on shipments (tracking_number);
create index shipments_waiting on shipments (order_id) where state in ('picked', 'packed');

create table shipment_lines (
    shipment_id blob not null references shipments (id),
    order_line_id blob not null references order_lines (id),
    quantity integer not null check (quantity > 0),
    primary key (shipment_id, order_line_id)
) strict, without rowid;

-- What somebody outside refused for good, or was not reached for: until it succeeds, is settled in another way, or is dismissed.
create table refusals (
    id blob primary key,
    key text not null,
    kind text not null,
    order_id blob references orders (id),
    payment_id blob references payments (id),
    refund_id blob references refunds (id),
    job_id blob,
    amount integer,
    currency text,
    reason text not null,
    times integer not null default 1,
    first_at integer not null,
    last_at integer not null,
    ended_at integer,
    ended_by text,
    outcome text,
    note text
) strict;
-- One open row for each thing that is refused.
create unique index refusals_open on refusals (key) where ended_at is null;
create index refusals_job on refusals (job_id);
create index refusals_order on refusals (order_id);
