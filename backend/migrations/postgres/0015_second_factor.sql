-- The second factor of signing in: authenticator apps, and new recovery codes until they are confirmed. `sealed` has the secret.
create table authenticators (
    id uuid primary key,
    user_id uuid not null references users (id),
    kind text not null check (kind in ('app', 'codes')),
    sealed bytea not null,
    created_at bigint not null,
    -- Null while it is set up.
    confirmed_at bigint,
    -- The 30 seconds of the newest code that was used: no code is used twice.
    last_step bigint,
    used_at bigint,
    -- Wrong codes since the last right one.
    wrong_codes bigint not null default 0,
    -- The session that sets it up, which alone sees its secret.
    session_id uuid
);
-- Those of an account; one of each kind is set up at a time.
create index authenticators_user on authenticators (user_id);
create unique index authenticators_setup on authenticators (user_id, kind) where confirmed_at is null;

-- Recovery codes, by keyed hash. Each works once.
create table recovery_codes (
    user_id uuid not null references users (id),
    code_hash bytea not null,
    used_at bigint,
    primary key (user_id, code_hash)
);
