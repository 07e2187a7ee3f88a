-- What staff search for may be a shopper's name, so a saved filter is sealed like one. Filters of before are forgotten.
drop table saved_filters;
create table saved_filters (
    id uuid primary key,
    user_id uuid not null references users (id),
    list text not null,
    name_hash bytea not null,
    -- Name and query.
    sealed bytea not null,
    created_at bigint not null,
    unique (user_id, list, name_hash)
);
