-- What has no business meaning: events, jobs, settings.

create table events (
    seq integer primary key autoincrement,
    id blob not null unique,
    kind text not null,
    subject blob not null,
    actor text not null,
    on_behalf_of text,
    request blob not null,
    data text not null,
    at integer not null,
    tx integer not null default 0
) strict;
create index events_subject on events (subject, seq);
create index events_kind on events (kind, seq);

create table event_cursors (
    name text primary key,
    seq integer not null
) strict;

create table trials (
    id blob primary key,
    filling text not null
) strict;

create table jobs (
    id blob primary key,
    kind text not null,
    payload text not null,
    key text unique,
    run_at integer not null,
    attempts integer not null default 0,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'dead')),
    lease_until integer,
    last_error text,
    created_at integer not null
) strict;
create index jobs_due on jobs (state, run_at);

create table settings (
    key text primary key,
    value text not null,
    updated_at integer not null
) strict;

-- The key that a form or a call carries: what was done under it is done once, and answered again.
create table request_keys (
    key text not null,
    action text not null,
    asked text not null,
    answer text not null,
    at integer not null,
    primary key (key, action)
) strict, without rowid;
create index request_keys_at on request_keys (at);
