-- Stock: movements are the truth, `stock` is their sum, kept in the same transaction.

create table locations (
    id uuid primary key,
    code text not null unique,
    name text not null,
    kind text not null check (kind in ('warehouse', 'store')),
    position bigint not null
);

create table stock (
    variant_id uuid not null references variants (id),
    location_id uuid not null references locations (id),
    on_hand bigint not null default 0,
    reserved bigint not null default 0 check (reserved >= 0),
    available bigint not null default 0 check (available >= 0),
    primary key (variant_id, location_id)
);

create table stock_movements (
    id uuid primary key,
    variant_id uuid not null references variants (id),
    location_id uuid not null references locations (id),
    kind text not null check (kind in ('received', 'shipped', 'returned', 'adjusted')),
    quantity bigint not null,
    reason text not null,
    order_id uuid,
    at bigint not null
);
create index stock_movements_variant on stock_movements (variant_id, location_id, id);

create table reservations (
    id uuid primary key,
    order_id uuid not null,
    order_line_id uuid not null,
    variant_id uuid not null,
    location_id uuid not null,
    quantity bigint not null check (quantity > 0),
    shipped bigint not null default 0,
    state text not null check (state in ('open', 'released', 'shipped')),
    expires_at bigint,
    at bigint not null
);
create index reservations_order on reservations (order_id);
create index reservations_variant on reservations (variant_id, state);
create index reservations_expiry on reservations (state, expires_at);

-- Room for updates beside the row: stock is what changes most.
alter table stock set (fillfactor = 50);

-- Variants that run low and of which staff were told: once for each time that they do.
create table low_stock (
    variant_id uuid primary key references variants (id),
    since bigint not null
);
