-- Many products changed at once: a preview, then what was done, as long as it can be undone.
create table bulk_edits (
    id blob primary key,
    -- What was asked for, as JSON.
    change text not null,
    -- planned, running, done, undoing or undone
    state text not null,
    -- Who made the preview, did it or undid it, as in events.
    actor text not null,
    created_at integer not null,
    done_at integer
) strict;
-- The latest ones; those that are old enough to go.
create index bulk_edits_created on bulk_edits (created_at);

-- The products of a bulk edit in the order in which they were chosen.
create table bulk_edit_products (
    edit_id blob not null references bulk_edits (id),
    position integer not null,
    product_id blob not null references products (id),
    -- Of the product when the preview was made: one that was changed since is left out.
    version integer not null,
    -- planned, unchanged, refused, done, left_out, undone or kept
    state text not null,
    -- The parts that change, before and after, as JSON; prices in minor units of their list's currency.
    plan text not null,
    -- What is not as it was asked for, as JSON.
    problems text not null,
    primary key (edit_id, position)
) strict, without rowid;
-- Those of one state, in their order: what is still to be done, and what a page shows.
create index bulk_edit_products_state on bulk_edit_products (edit_id, state, position);

-- What fills a category in place of hands, as JSON; null where products are put into it.
alter table categories add column rule text;
