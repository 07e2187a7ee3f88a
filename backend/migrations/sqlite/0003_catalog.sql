-- What is sold, in words and pictures, and at which price.

create table pictures (
    id blob primary key,
    hash text not null,
    width integer not null,
    height integer not null,
    created_at integer not null
) strict;
create index pictures_hash on pictures (hash);

create table picture_texts (
    picture_id blob not null references pictures (id),
    locale text not null,
    alt text not null,
    primary key (picture_id, locale)
) strict, without rowid;

create table categories (
    id blob primary key,
    handle text not null unique,
    position integer not null,
    picture_id blob references pictures (id),
    published integer not null default 1,
    created_at integer not null,
    updated_at integer not null
) strict;

create table category_texts (
    category_id blob not null references categories (id),
    locale text not null,
    name text not null,
    slug text not null,
    blurb text not null,
    primary key (category_id, locale),
    unique (locale, slug)
) strict;

create table products (
    id blob primary key,
    handle text not null unique,
    category_id blob references categories (id),
    vendor text not null,
    tax_class text not null,
    status text not null check (status in ('draft', 'published', 'archived')),
    featured integer,
    version integer not null default 1,
    created_at integer not null,
    updated_at integer not null
) strict;
create index products_status on products (status, id);

create table product_texts (
    product_id blob not null references products (id),
    locale text not null,
    name text not null,
    slug text not null,
    summary text not null,
    description text not null,
    seo_title text not null default '',
    seo_description text not null default '',
    primary key (product_id, locale),
    unique (locale, slug)
) strict;

create table product_tags (
    product_id blob not null references products (id),
    tag text not null,
    primary key (product_id, tag)
) strict, without rowid;
create index product_tags_tag on product_tags (tag, product_id);

create table product_pictures (
    product_id blob not null references products (id),
    picture_id blob not null references pictures (id),
    position integer not null,
    primary key (product_id, picture_id)
) strict, without rowid;

create table product_options (
    id blob primary key,
    product_id blob not null references products (id),
    position integer not null,
    key text not null,
    unique (product_id, position)
) strict;

create table product_option_texts (
    option_id blob not null references product_options (id),
    locale text not null,
    name text not null,
    primary key (option_id, locale)
) strict, without rowid;

create table option_values (
    id blob primary key,
    option_id blob not null references product_options (id),
    position integer not null,
    key text not null,
    unique (option_id, key)
) strict;

create table option_value_texts (
    value_id blob not null references option_values (id),
    locale text not null,
    name text not null,
    primary key (value_id, locale)
) strict, without rowid;

create table variants (
    id blob primary key,
    product_id blob not null references products (id),
    sku text not null unique,
    position integer not null,
    weight_g integer not null,
    cost integer not null default 0,
    barcode text,
    picture_id blob references pictures (id),
    archived integer not null default 0,
    version integer not null default 1,
    created_at integer not null
) strict;
create index variants_product on variants (product_id, position);

create table variant_values (
    variant_id blob not null references variants (id),
    option_id blob not null references product_options (id),
    value_id blob not null references option_values (id),
    primary key (variant_id, option_id)
) strict, without rowid;
create index variant_values_value on variant_values (value_id);

create table price_lists (
    id blob primary key,
    name text not null unique,
    currency text not null,
    channel text,
    position integer not null,
    valid_from integer,
    valid_to integer
) strict;

create table prices (
    variant_id blob not null references variants (id),
    price_list_id blob not null references price_lists (id),
    amount integer not null check (amount >= 0),
    compare_at integer,
    primary key (variant_id, price_list_id)
) strict, without rowid;

create table tax_rates (
    id blob primary key,
    class text not null,
    country text not null,
    rate_bp integer not null,
    valid_from integer not null,
    valid_to integer,
    source text not null,
    unique (class, country, valid_from)
) strict;

-- What lists and filters need of each published product, kept with every change of the product.
create table product_cards (
    product_id blob primary key references products (id),
    category_id blob,
    price_from integer not null,
    price_to integer not null,
    compare_at integer,
    in_stock integer not null,
    featured integer,
    created_at integer not null
) strict;
create index product_cards_new on product_cards (created_at, product_id);
create index product_cards_price on product_cards (price_from, product_id);
create index product_cards_category_new on product_cards (category_id, created_at, product_id);
create index product_cards_category_price on product_cards (category_id, price_from, product_id);
create index product_cards_featured on product_cards (featured);

create table product_facets (
    category_id blob not null,
    option_key text not null,
    value_key text not null,
    product_id blob not null references products (id),
    primary key (category_id, option_key, value_key, product_id)
) strict, without rowid;
create index product_facets_product on product_facets (product_id);
