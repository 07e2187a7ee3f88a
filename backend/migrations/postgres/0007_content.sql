-- The pages that the owner of the shop writes: about, contact, delivery, returns, privacy, terms and further ones.
create table pages (
    id uuid primary key,
    -- Made from the first English title; the page with the handle `contact` has the contact form.
    handle text not null unique,
    position bigint not null,
    published bigint not null default 0,
    created_at bigint not null,
    -- The version: two saves never have the same.
    updated_at bigint not null
);

create table page_texts (
    page_id uuid not null references pages (id),
    locale text not null,
    slug text not null,
    title text not null,
    -- Markdown; it is sanitised when it is shown.
    body text not null,
    description text not null,
    primary key (page_id, locale),
    unique (locale, slug)
);

-- What visitors wrote through the contact page, sealed. `actor` is who handled it, as in events; a while later it is deleted.
create table contact_messages (
    id uuid primary key,
    sealed bytea not null,
    at bigint not null,
    handled_at bigint,
    actor text
);
-- Those that wait, the newest first.
create index contact_messages_open on contact_messages (id) where handled_at is null;
-- Those that were handled, the oldest first.
create index contact_messages_handled on contact_messages (handled_at) where handled_at is not null;
