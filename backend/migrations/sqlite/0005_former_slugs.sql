-- Slugs that products had before they were changed: their addresses lead on to the product's of now. One that a product has again, this one or
-- another, is not here.
create table former_product_slugs (
    locale text not null,
    slug text not null,
    product_id blob not null references products (id),
    -- When it was given up.
    at integer not null,
    primary key (locale, slug)
) strict, without rowid;

-- The same of categories.
create table former_category_slugs (
    locale text not null,
    slug text not null,
    category_id blob not null references categories (id),
    at integer not null,
    primary key (locale, slug)
) strict, without rowid;
-- All of a category, which go when it is removed.
create index former_category_slugs_category on former_category_slugs (category_id);
