-- The books: entries that balance, never edited.

create table journal_entries (
    id blob primary key,
    kind text not null,
    order_id blob,
    reference blob not null,
    currency text not null,
    at integer not null
) strict;
create index journal_entries_order on journal_entries (order_id);
create index journal_entries_reference on journal_entries (reference);

-- Debits are positive, credits negative; an entry's postings add up to nothing.
create table postings (
    entry_id blob not null references journal_entries (id),
    n integer not null,
    account text not null,
    amount integer not null,
    primary key (entry_id, n)
) strict, without rowid;
create index postings_account on postings (account);
