-- Stock: movements are the truth, `stock` is their sum, kept in the same transaction.

create table locations (
    id blob primary key,
    code text not null unique,
    name text not null,
    kind text not null check (kind in ('warehouse', 'store')),
    position integer not null
) strict;

create table stock (
    variant_id blob not null references variants (id),
    location_id blob not null references locations (id),
    on_hand integer not null default 0,
    reserved integer not null default 0 check (reserved >= 0),
    available integer not null default 0 check (available >= 0),
    primary key (variant_id, location_id)
) strict, without rowid;

create table stock_movements (
    id blob primary key,
    variant_id blob not null references variants (id),
    location_id blob not null references locations (id),
    kind text not null check (kind in ('received', 'shipped', 'returned', 'adjusted')),
    quantity integer not null,
    reason text not null,
    order_id blob,
    at integer not null
) strict;
create index stock_movements_variant on stock_movements (variant_id, location_id, id);

create table reservations (
    id blob primary key,
    order_id blob not null,
    order_line_id blob not null,
    variant_id blob not null,
    location_id blob not null,
    quantity integer not null check (quantity > 0),
    shipped integer not null default 0,
    state text not null check (state in ('open', 'released', 'shipped')),
    expires_at integer,
    at integer not null
) strict;
create index reservations_order on reservations (order_id);
create index reservations_variant on reservations (variant_id, state);
create index reservations_expiry on reservations (state, expires_at);

-- Variants that run low and of which staff were told: once for each time that they do.
create table low_stock (
    variant_id blob primary key references variants (id),
    since integer not null
) strict;
