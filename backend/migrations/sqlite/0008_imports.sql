-- What an import last read, so that a second run changes nothing and fetches no picture twice.

create table product_imports (
    product_id blob primary key references products (id),
    hash text not null,
    at integer not null
) strict;

create table imported_pictures (
    source text primary key,
    picture_id blob not null references pictures (id)
) strict;
