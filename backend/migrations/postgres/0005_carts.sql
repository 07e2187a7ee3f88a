-- Carts, and what their totals are made of.

create table carts (
    id uuid primary key,
    user_id uuid references users (id),
    channel text not null,
    currency text not null,
    discount_code text,
    version bigint not null default 1,
    order_id uuid,
    created_at bigint not null,
    updated_at bigint not null
);
create index carts_user on carts (user_id, updated_at);

create table cart_lines (
    cart_id uuid not null references carts (id),
    variant_id uuid not null references variants (id),
    quantity bigint not null check (quantity > 0),
    seen_price bigint not null,
    position bigint not null,
    primary key (cart_id, variant_id)
);

create table discount_codes (
    id uuid primary key,
    code text not null unique,
    percent_bp bigint,
    amount bigint,
    min_subtotal bigint not null default 0,
    valid_from bigint,
    valid_to bigint,
    most_uses bigint,
    uses bigint not null default 0,
    active bigint not null default 1
);

create table delivery_methods (
    code text primary key,
    position bigint not null,
    fee bigint not null,
    per_kg_fee bigint not null default 0,
    free_from bigint,
    days_min bigint not null,
    days_max bigint not null,
    -- Minutes after midnight; what is ordered later counts as ordered on the next day.
    cutoff bigint,
    regions text not null,
    -- Does whoever brings it take money at the door?
    collects_cash bigint not null default 1,
    active bigint not null default 1
);

create table delivery_method_texts (
    code text not null references delivery_methods (code),
    locale text not null,
    name text not null,
    description text not null,
    primary key (code, locale)
);
