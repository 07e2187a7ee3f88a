-- What is sold, in words and pictures, and at which price.

create table pictures (
    id uuid primary key,
    hash text not null,
    width bigint not null,
    height bigint not null,
    created_at bigint not null
);
create index pictures_hash on pictures (hash);

create table picture_texts (
    picture_id uuid not null references pictures (id),
    locale text not null,
    alt text not null,
    primary key (picture_id, locale)
);

create table categories (
    id uuid primary key,
    handle text not null unique,
    position bigint not null,
    picture_id uuid references pictures (id),
    published bigint not null default 1,
    created_at bigint not null,
    updated_at bigint not null
);

create table category_texts (
    category_id uuid not null references categories (id),
    locale text not null,
    name text not null,
    slug text not null,
    blurb text not null,
    primary key (category_id, locale),
    unique (locale, slug)
);

create table products (
    id uuid primary key,
    handle text not null unique,
    category_id uuid references categories (id),
    vendor text not null,
    tax_class text not null,
    status text not null check (status in ('draft', 'published', 'archived')),
    featured bigint,
    version bigint not null default 1,
    created_at bigint not null,
    updated_at bigint not null
);
create index products_status on products (status, id);

create table product_texts (
    product_id uuid not null references products (id),
    locale text not null,
    name text not null,
    slug text not null,
    summary text not null,
    description text not null,
    seo_title text not null default '',
    seo_description text not null default '',
    primary key (product_id, locale),
    unique (locale, slug)
);

create table product_tags (
    product_id uuid not null references products (id),
    tag text not null,
    primary key (product_id, tag)
);
create index product_tags_tag on product_tags (tag, product_id);

create table product_pictures (
    product_id uuid not null references products (id),
    picture_id uuid not null references pictures (id),
    position bigint not null,
    primary key (product_id, picture_id)
);

create table product_options (
    id uuid primary key,
    product_id uuid not null references products (id),
    position bigint not null,
    key text not null,
    unique (product_id, position)
);

create table product_option_texts (
    option_id uuid not null references product_options (id),
    locale text not null,
    name text not null,
    primary key (option_id, locale)
);

create table option_values (
    id uuid primary key,
    option_id uuid not null references product_options (id),
    position bigint not null,
    key text not null,
    unique (option_id, key)
);

create table option_value_texts (
    value_id uuid not null references option_values (id),
    locale text not null,
    name text not null,
    primary key (value_id, locale)
);

create table variants (
    id uuid primary key,
    product_id uuid not null references products (id),
    sku text not null unique,
    position bigint not null,
    weight_g bigint not null,
    cost bigint not null default 0,
    barcode text,
    picture_id uuid references pictures (id),
    archived bigint not null default 0,
    version bigint not null default 1,
    created_at bigint not null
);
create index variants_product on variants (product_id, position);

create table variant_values (
    variant_id uuid not null references variants (id),
    option_id uuid not null references product_options (id),
    value_id uuid not null references option_values (id),
    primary key (variant_id, option_id)
);
create index variant_values_value on variant_values (value_id);

create table price_lists (
    id uuid primary key,
    name text not null unique,
    currency text not null,
    channel text,
    position bigint not null,
    valid_from bigint,
    valid_to bigint
);

create table prices (
    variant_id uuid not null references variants (id),
    price_list_id uuid not null references price_lists (id),
    amount bigint not null check (amount >= 0),
    compare_at bigint,
    primary key (variant_id, price_list_id)
);

create table tax_rates (
    id uuid primary key,
    class text not null,
    country text not null,
    rate_bp bigint not null,
    valid_from bigint not null,
    valid_to bigint,
    source text not null,
    unique (class, country, valid_from)
);

-- What lists and filters need of each published product, kept with every change of the product.
create table product_cards (
    product_id uuid primary key references products (id),
    category_id uuid,
    price_from bigint not null,
    price_to bigint not null,
    compare_at bigint,
    in_stock bigint not null,
    featured bigint,
    created_at bigint not null
);
create index product_cards_new on product_cards (created_at, product_id);
create index product_cards_price on product_cards (price_from, product_id);
create index product_cards_category_new on product_cards (category_id, created_at, product_id);
create index product_cards_category_price on product_cards (category_id, price_from, product_id);
create index product_cards_featured on product_cards (featured);

create table product_facets (
    category_id uuid not null,
    option_key text not null,
    value_key text not null,
    product_id uuid not null references products (id),
    primary key (category_id, option_key, value_key, product_id)
);
create index product_facets_product on product_facets (product_id);
