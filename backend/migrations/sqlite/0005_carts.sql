-- Carts, and what their totals are made of.

create table carts (
    id blob primary key,
    user_id blob references users (id),
    channel text not null,
    currency text not null,
    discount_code text,
    version integer not null default 1,
    order_id blob,
    created_at integer not null,
    updated_at integer not null
) strict;
create index carts_user on carts (user_id, updated_at);

create table cart_lines (
    cart_id blob not null references carts (id),
    variant_id blob not null references variants (id),
    quantity integer not null check (quantity > 0),
    seen_price integer not null,
    position integer not null,
    primary key (cart_id, variant_id)
) strict, without rowid;

create table discount_codes (
    id blob primary key,
    code text not null unique,
    percent_bp integer,
    amount integer,
    min_subtotal integer not null default 0,
    valid_from integer,
    valid_to integer,
    most_uses integer,
    uses integer not null default 0,
    active integer not null default 1
) strict;

create table delivery_methods (
    code text primary key,
    position integer not null,
    fee integer not null,
    per_kg_fee integer not null default 0,
    free_from integer,
    days_min integer not null,
    days_max integer not null,
    -- Minutes after midnight; what is ordered later counts as ordered on the next day.
    cutoff integer,
    regions text not null,
    -- Does whoever brings it take money at the door?
    collects_cash integer not null default 1,
    active integer not null default 1
) strict;

create table delivery_method_texts (
    code text not null references delivery_methods (code),
    locale text not null,
    name text not null,
    description text not null,
    primary key (code, locale)
) strict, without rowid;
