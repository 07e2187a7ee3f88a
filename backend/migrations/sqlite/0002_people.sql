-- People. All personal data of the shop is in `contacts` and `addresses`, sealed; the rest refers to them.

create table contacts (
    id blob primary key,
    sealed blob not null,
    email_hash blob,
    phone_hash blob,
    locale text not null,
    created_at integer not null,
    updated_at integer not null
) strict;
create index contacts_email on contacts (email_hash);
create index contacts_phone on contacts (phone_hash);

-- Words of the name, by keyed hash, so that a name can be looked up.
create table contact_words (
    word_hash blob not null,
    contact_id blob not null references contacts (id),
    primary key (word_hash, contact_id)
) strict, without rowid;
create index contact_words_contact on contact_words (contact_id);

-- An address that an order refers to is never edited: a change makes a new row.
create table addresses (
    id blob primary key,
    contact_id blob not null references contacts (id),
    sealed blob not null,
    country text not null,
    in_book integer not null default 0,
    is_default integer not null default 0,
    created_at integer not null
) strict;
create index addresses_contact on addresses (contact_id, in_book);

create table users (
    id blob primary key,
    contact_id blob not null references contacts (id),
    email_hash blob not null unique,
    password_hash text not null,
    role text check (role in ('owner', 'manager', 'clerk')),
    preferences text not null default '{}',
    active integer not null default 1,
    -- Of the demonstration, with a password that is printed in its file.
    demo integer not null default 0,
    created_at integer not null
) strict;
create index users_contact on users (contact_id);
create index users_staff on users (id) where role is not null;

create table sessions (
    token_hash blob primary key,
    id blob not null unique,
    user_id blob not null references users (id),
    created_at integer not null,
    seen_at integer not null,
    expires_at integer not null
) strict;
create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

-- Tries to sign in or to change an account, counted in slots by a keyed hash of who tries on what: as many rows as slots, at most.
create table attempts (
    slot integer primary key,
    count integer not null,
    last integer not null
) strict;
create index attempts_last on attempts (last);

-- What was refused, counted by the hour, account and client. The client's address is sealed.
create table denials (
    kind text not null,
    hour integer not null,
    mark blob not null,
    account blob,
    client blob,
    count integer not null,
    first_at integer not null,
    last_at integer not null,
    primary key (kind, hour, mark)
) strict, without rowid;
create index denials_last on denials (last_at);
create index denials_hour on denials (hour);

create table api_keys (
    id blob primary key,
    name text not null,
    secret_hash blob not null unique,
    scopes text not null,
    created_at integer not null,
    revoked_at integer
) strict;

create table saved_filters (
    id blob primary key,
    user_id blob not null references users (id),
    list text not null,
    name text not null,
    query text not null,
    created_at integer not null,
    unique (user_id, list, name)
) strict;

-- What members of staff chose to be told by mail, or not to be.
create table staff_notices (
    user_id blob not null references users (id),
    kind text not null check (kind in ('order', 'refused', 'low_stock')),
    wanted integer not null,
    primary key (user_id, kind)
) strict, without rowid;
