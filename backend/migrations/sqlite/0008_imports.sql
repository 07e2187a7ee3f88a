-- What an import last read, so that a second run changes nothing and fetches no picture twice.

create table product_imports (
    product_id blob primary key references products (id),
    hash text not null,
    -- What is left to do: 1 pictures that could not be had, 2 rows that were refused.
    unfinished integer not null default 0,
    at integer not null
) strict;

create table imported_pictures (
    source text primary key,
    picture_id blob not null references pictures (id)
) strict;
create index imported_pictures_picture on imported_pictures (picture_id);
