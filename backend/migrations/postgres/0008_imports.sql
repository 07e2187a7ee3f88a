-- What an import last read, so that a second run changes nothing and fetches no picture twice.

create table product_imports (
    product_id uuid primary key references products (id),
    hash text not null,
    at bigint not null
);

create table imported_pictures (
    source text primary key,
    picture_id uuid not null references pictures (id)
);
