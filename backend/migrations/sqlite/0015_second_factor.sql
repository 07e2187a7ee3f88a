-- The second factor of signing in: authenticator apps, and new recovery codes until they are confirmed. `sealed` has the secret.
create table authenticators (
    id blob primary key,
    user_id blob not null references users (id),
    kind text not null check (kind in ('app', 'codes')),
    sealed blob not null,
    created_at integer not null,
    -- Null while it is set up.
    confirmed_at integer,
    -- The 30 seconds of the newest code that was used: no code is used twice.
    last_step integer,
    used_at integer,
    -- Wrong codes since the last right one.
    wrong_codes integer not null default 0,
    -- The session that sets it up, which alone sees its secret.
    session_id blob
) strict;
-- Those of an account; one of each kind is set up at a time.
create index authenticators_user on authenticators (user_id);
create unique index authenticators_setup on authenticators (user_id, kind) where confirmed_at is null;

-- Recovery codes, by keyed hash. Each works once.
create table recovery_codes (
    user_id blob not null references users (id),
    code_hash blob not null,
    used_at integer,
    primary key (user_id, code_hash)
) strict, without rowid;
