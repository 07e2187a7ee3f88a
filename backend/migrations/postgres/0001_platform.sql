-- What has no business meaning: events, jobs, settings.

-- One SQL text for both databases: SQLite has these two, Postgres gets them here. As `jsonb` a row is read once; as `json` it
-- would be read anew for each of its values.
create function json_each(text) returns table (value jsonb) language sql stable rows 64
    as 'select jsonb_array_elements($1::jsonb)';
create function unhex(text) returns uuid language sql immutable as 'select $1::uuid';
-- Bytes and no id: `unhex(value->>0, '')`, on SQLite the same function with no letters to skip.
create function unhex(text, text) returns bytea language sql immutable as 'select decode($1, ''hex'')';

create table events (
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    kind text not null,
    subject uuid not null,
    actor text not null,
    on_behalf_of text,
    request uuid not null,
    data text not null,
    at bigint not null,
    tx bigint not null default (pg_current_xact_id()::text::bigint)
);
create index events_subject on events (subject, seq);
create index events_kind on events (kind, seq);
-- The order of the feed.
create index events_feed on events (tx, seq);

create table event_cursors (
    name text primary key,
    seq bigint not null
);

create table trials (
    id uuid primary key,
    filling text not null
);

create table jobs (
    id uuid primary key,
    kind text not null,
    payload text not null,
    key text unique,
    run_at bigint not null,
    attempts bigint not null default 0,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'dead')),
    lease_until bigint,
    last_error text,
    created_at bigint not null
);
create index jobs_due on jobs (state, run_at);

create table settings (
    key text primary key,
    value text not null,
    updated_at bigint not null
);

-- The key that a form or a call carries: what was done under it is done once, and answered again.
create table request_keys (
    key text not null,
    action text not null,
    asked text not null,
    answer text not null,
    at bigint not null,
    primary key (key, action)
);
create index request_keys_at on request_keys (at);
