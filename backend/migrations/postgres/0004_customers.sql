-- Customers as staff see them. A customer is a person: an account with what it ordered, or whoever ordered as a guest with one e-mail. That
-- follows from contacts, orders and accounts, so most have no row here; one is made when staff write something about them, or make one of two.
create table customers (
    id uuid primary key,
    -- The customer that this one became a part of; null for one that is there.
    merged_into uuid references customers (id),
    created_at bigint not null
);

-- What a customer with a row is known by: accounts, e-mails by their keyed hash, and contacts without an e-mail. Orders that come later belong
-- to whoever has their key, so two customers are made one by giving the keys of one to the other.
create table customer_keys (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    user_id uuid unique references users (id),
    email_hash bytea unique,
    contact_id uuid unique references contacts (id),
    check (num_nonnulls(user_id, email_hash, contact_id) = 1)
);
-- All keys of a customer.
create index customer_keys_customer on customer_keys (customer_id);

-- What staff noted about a customer. The text is sealed; `actor` is who wrote it, as in events.
create table customer_notes (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    sealed bytea not null,
    actor text not null,
    at bigint not null
);
-- The notes of a customer, newest first.
create index customer_notes_customer on customer_notes (customer_id, id);

-- Words that staff sort customers by. The text is sealed; by the keyed hash all customers with it are found.
create table customer_tags (
    customer_id uuid not null references customers (id),
    tag_hash bytea not null,
    sealed bytea not null,
    at bigint not null,
    primary key (customer_id, tag_hash)
);
-- The customers with a tag, the newest first.
create index customer_tags_tag on customer_tags (tag_hash, customer_id);
