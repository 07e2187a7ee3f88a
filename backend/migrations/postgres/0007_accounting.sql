-- The books: entries that balance, never edited.

create table journal_entries (
    id uuid primary key,
    kind text not null,
    order_id uuid,
    reference uuid not null,
    currency text not null,
    at bigint not null
);
create index journal_entries_order on journal_entries (order_id);
create index journal_entries_reference on journal_entries (reference);

-- Debits are positive, credits negative; an entry's postings add up to nothing.
create table postings (
    entry_id uuid not null references journal_entries (id),
    n bigint not null,
    account text not null,
    amount bigint not null,
    primary key (entry_id, n)
);
create index postings_account on postings (account);
