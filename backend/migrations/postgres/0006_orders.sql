-- Orders: an immutable copy of what was bought, and the facts that follow it.

create table orders (
    id uuid primary key,
    number text not null unique,
    cart_id uuid unique,
    contact_id uuid not null references contacts (id),
    user_id uuid references users (id),
    channel text not null,
    currency text not null,
    locale text not null,
    shipping_address_id uuid not null references addresses (id),
    billing_address_id uuid not null references addresses (id),
    delivery_code text not null,
    delivery_name text not null,
    promised_from bigint not null,
    promised_to bigint not null,
    payment_method text not null check (payment_method in ('cod', 'card')),
    subtotal bigint not null,
    discount bigint not null,
    discount_code text,
    shipping bigint not null,
    tax bigint not null,
    total bigint not null,
    -- What goods cost that came back or are not sent any more: no longer due, as is the tax inside it.
    waived bigint not null default 0,
    waived_tax bigint not null default 0,
    payment_state text not null,
    fulfilment_state text not null,
    delivery_state text not null,
    placed_at bigint not null,
    cancelled_at bigint,
    cancel_reason text,
    version bigint not null default 1
);
create index orders_placed on orders (placed_at, id);
create index orders_payment on orders (payment_state, placed_at, id);
create index orders_fulfilment on orders (fulfilment_state, placed_at, id);
create index orders_user on orders (user_id, placed_at, id);
create index orders_contact on orders (contact_id);

-- What open orders are counted by: keyed hashes of e-mail, telephone number, address and network address. They go with the order's end.
create table order_marks (
    mark bytea not null,
    order_id uuid not null,
    is_client bigint not null,
    primary key (mark, order_id)
);
create index order_marks_order on order_marks (order_id);

create table order_lines (
    id uuid primary key,
    order_id uuid not null references orders (id),
    position bigint not null,
    variant_id uuid not null,
    product_id uuid not null,
    sku text not null,
    name text not null,
    options text not null,
    picture_id uuid,
    quantity bigint not null,
    unit_price bigint not null,
    discount bigint not null,
    tax_class text not null,
    tax_rate_bp bigint not null,
    tax bigint not null,
    total bigint not null,
    unit_cost bigint not null,
    weight_g bigint not null,
    unique (order_id, position)
);
create index order_lines_variant on order_lines (variant_id);

-- One press makes one order: the key and what it was used for.
create table idempotency_keys (
    key text primary key,
    body_hash bytea not null,
    order_id uuid not null,
    at bigint not null
);
create index idempotency_keys_order on idempotency_keys (order_id);

create table payments (
    id uuid primary key,
    order_id uuid not null references orders (id),
    method text not null,
    amount bigint not null,
    currency text not null,
    state text not null check (state in ('pending', 'requires_action', 'authorised', 'captured', 'failed', 'voided')),
    captured bigint not null default 0,
    refunded bigint not null default 0,
    gateway_ref text unique,
    failure text,
    -- Which gateway and which account there the intent is with; null while there is none.
    gateway_account text,
    -- Minor units of a capture that was asked for and is not answered yet, and who asked.
    capturing bigint,
    capturing_by text,
    attempt bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (order_id, attempt)
);

create table payment_events (
    id uuid primary key,
    payment_id uuid not null references payments (id),
    kind text not null,
    amount bigint not null,
    gateway_event text unique,
    data text not null,
    at bigint not null
);
create index payment_events_payment on payment_events (payment_id, at);

create table refunds (
    id uuid primary key,
    payment_id uuid not null references payments (id),
    order_id uuid not null references orders (id),
    amount bigint not null check (amount > 0),
    reason text not null,
    state text not null check (state in ('pending', 'done', 'failed')),
    gateway_ref text unique,
    failure text,
    actor text not null default 'system',
    at bigint not null
);
create index refunds_order on refunds (order_id);
create index refunds_payment on refunds (payment_id);

create table shipments (
    id uuid primary key,
    order_id uuid not null references orders (id),
    location_id uuid not null,
    state text not null check (state in ('picked', 'packed', 'shipped', 'delivered', 'cancelled', 'returned')),
    carrier text,
    tracking_number text,
    created_at bigint not null,
    packed_at bigint,
    shipped_at bigint,
    delivered_at bigint,
    returned_at bigint,
    return_cause text check (return_cause in ('refused', 'undeliverable')),
    return_note text not null default ''
);
create index shipments_order on shipments (order_id);
create index shipments_tracking on shipments (tracking_number);
create index shipments_waiting on shipments (order_id) where state in ('picked', 'packed');

create table shipment_lines (
    shipment_id uuid not null references shipments (id),
    order_line_id uuid not null references order_lines (id),
    quantity bigint not null check (quantity > 0),
    primary key (shipment_id, order_line_id)
);

-- What somebody outside refused for good, or was not reached for: until it succeeds, is settled in another way, or is dismissed.
create table refusals (
    id uuid primary key,
    key text not null,
    kind text not null,
    order_id uuid references orders (id),
    payment_id uuid references payments (id),
    refund_id uuid references refunds (id),
    job_id uuid,
    amount bigint,
    currency text,
    reason text not null,
    times bigint not null default 1,
    first_at bigint not null,
    last_at bigint not null,
    ended_at bigint,
    ended_by text,
    outcome text,
    note text
);
-- One open row for each thing that is refused.
create unique index refusals_open on refusals (key) where ended_at is null;
create index refusals_job on refusals (job_id);
create index refusals_order on refusals (order_id);
