-- Who waits for a mail when a variant can be bought again. The address is sealed; the row goes when its mail was sent, or after 180 days.
create table back_in_stock_requests (
    id uuid primary key,
    variant_id uuid not null references variants (id),
    -- A keyed hash, as of contacts: one request for an address and a variant.
    email_hash bytea not null,
    sealed bytea not null,
    locale text not null,
    at bigint not null,
    -- When its mail was taken up to be sent; null for one that waits.
    mail_at bigint,
    unique (variant_id, email_hash)
);
-- The requests of an address.
create index back_in_stock_requests_email on back_in_stock_requests (email_hash);
-- Who asked first for a variant.
create index back_in_stock_requests_waiting on back_in_stock_requests (variant_id, at, id) where mail_at is null;
-- The oldest, which are deleted.
create index back_in_stock_requests_at on back_in_stock_requests (at);

-- The mails about a variant that were sent in the last day, without saying to whom: so many units are already offered.
create table back_in_stock_mails (
    id uuid primary key,
    variant_id uuid not null references variants (id),
    at bigint not null
);
create index back_in_stock_mails_variant on back_in_stock_mails (variant_id, at);
create index back_in_stock_mails_at on back_in_stock_mails (at);

-- A kind of product, such as clothing or food: which facts its products state, and its size guide.
create table product_types (
    id uuid primary key,
    -- What it is called in imports and exports; made from the first English name.
    handle text not null unique,
    -- No longer offered; products keep it.
    archived bigint not null default 0,
    created_at bigint not null,
    -- The version: two saves never have the same.
    updated_at bigint not null
);

create table product_type_texts (
    type_id uuid not null references product_types (id),
    locale text not null,
    name text not null,
    -- A row a line, its cells separated by |, the first row the headings; empty for none.
    size_guide text not null,
    -- How to measure, below the table.
    size_note text not null,
    primary key (type_id, locale)
);

-- A fact that products of a type state, such as ingredients.
create table product_type_fields (
    id uuid primary key,
    type_id uuid not null references product_types (id),
    -- What it is called in imports and exports.
    key text not null,
    position bigint not null,
    -- What it is by schema.org: material, manufacturer …; empty for a fact of the shop's own.
    property text not null,
    unique (type_id, key)
);

create table product_type_field_texts (
    field_id uuid not null references product_type_fields (id),
    locale text not null,
    label text not null,
    primary key (field_id, locale)
);

alter table products add column type_id uuid references product_types (id);
create index products_type on products (type_id) where type_id is not null;

-- What a product states. A value of a field that its type has no more stays until the product is saved.
create table product_facts (
    product_id uuid not null references products (id),
    field_id uuid not null references product_type_fields (id),
    locale text not null,
    value text not null,
    primary key (product_id, field_id, locale)
);
create index product_facts_field on product_facts (field_id);
