-- What an import last read, so that a second run changes nothing and fetches no picture twice.

create table product_imports (
    product_id uuid primary key references products (id),
    hash text not null,
    -- What is left to do: 1 pictures that could not be had, 2 rows that were refused.
    unfinished bigint not null default 0,
    at bigint not null
);

create table imported_pictures (
    source text primary key,
    picture_id uuid not null references pictures (id)
);
create index imported_pictures_picture on imported_pictures (picture_id);
