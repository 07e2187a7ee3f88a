-- People. All personal data of the shop is in `contacts` and `addresses`, sealed; the rest refers to them.

create table contacts (
    id uuid primary key,
    sealed bytea not null,
    email_hash bytea,
    phone_hash bytea,
    locale text not null,
    created_at bigint not null,
    updated_at bigint not null
);
create index contacts_email on contacts (email_hash);
create index contacts_phone on contacts (phone_hash);

-- Words of the name, by keyed hash, so that a name can be looked up.
create table contact_words (
    word_hash bytea not null,
    contact_id uuid not null references contacts (id),
    primary key (word_hash, contact_id)
);
create index contact_words_contact on contact_words (contact_id);

-- An address that an order refers to is never edited: a change makes a new row.
create table addresses (
    id uuid primary key,
    contact_id uuid not null references contacts (id),
    sealed bytea not null,
    country text not null,
    in_book bigint not null default 0,
    is_default bigint not null default 0,
    created_at bigint not null
);
create index addresses_contact on addresses (contact_id, in_book);

create table users (
    id uuid primary key,
    contact_id uuid not null references contacts (id),
    email_hash bytea not null unique,
    password_hash text not null,
    role text check (role in ('owner', 'manager', 'clerk')),
    preferences text not null default '{}',
    active bigint not null default 1,
    -- Of the demonstration, with a password that is printed in its file.
    demo bigint not null default 0,
    created_at bigint not null
);
create index users_contact on users (contact_id);
create index users_staff on users (id) where role is not null;

create table sessions (
    token_hash bytea primary key,
    id uuid not null unique,
    user_id uuid not null references users (id),
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);
create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

-- Tries to sign in or to change an account, counted in slots by a keyed hash of who tries on what: as many rows as slots, at most.
create table attempts (
    slot bigint primary key,
    count bigint not null,
    last bigint not null
);
create index attempts_last on attempts (last);

-- What was refused, counted by the hour, account and client. The client's address is sealed.
create table denials (
    kind text not null,
    hour bigint not null,
    mark bytea not null,
    account uuid,
    client bytea,
    count bigint not null,
    first_at bigint not null,
    last_at bigint not null,
    primary key (kind, hour, mark)
);
create index denials_last on denials (last_at);
create index denials_hour on denials (hour);

create table api_keys (
    id uuid primary key,
    name text not null,
    secret_hash bytea not null unique,
    scopes text not null,
    created_at bigint not null,
    revoked_at bigint
);

create table saved_filters (
    id uuid primary key,
    user_id uuid not null references users (id),
    list text not null,
    name text not null,
    query text not null,
    created_at bigint not null,
    unique (user_id, list, name)
);

-- What members of staff chose to be told by mail, or not to be.
create table staff_notices (
    user_id uuid not null references users (id),
    kind text not null check (kind in ('order', 'refused', 'low_stock')),
    wanted bigint not null,
    primary key (user_id, kind)
);
