-- What staff search for may be a shopper's name, so a saved filter is sealed like one. Filters of before are forgotten.
drop table saved_filters;
create table saved_filters (
    id blob primary key,
    user_id blob not null references users (id),
    list text not null,
    name_hash blob not null,
    -- Name and query.
    sealed blob not null,
    created_at integer not null,
    unique (user_id, list, name_hash)
) strict;
