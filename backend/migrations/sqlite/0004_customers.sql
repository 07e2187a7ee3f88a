-- Customers as staff see them. A customer is a person: an account with what it ordered, or whoever ordered as a guest with one e-mail. That
-- follows from contacts, orders and accounts, so most have no row here; one is made when staff write something about them, or make one of two.
create table customers (
    id blob primary key,
    -- The customer that this one became a part of; null for one that is there.
    merged_into blob references customers (id),
    created_at integer not null
) strict;

-- What a customer with a row is known by: accounts, e-mails by their keyed hash, and contacts without an e-mail. Orders that come later belong
-- to whoever has their key, so two customers are made one by giving the keys of one to the other.
create table customer_keys (
    id blob primary key,
    customer_id blob not null references customers (id),
    user_id blob unique references users (id),
    email_hash blob unique,
    contact_id blob unique references contacts (id),
    check ((user_id is not null) + (email_hash is not null) + (contact_id is not null) = 1)
) strict;
-- All keys of a customer.
create index customer_keys_customer on customer_keys (customer_id);

-- What staff noted about a customer. The text is sealed; `actor` is who wrote it, as in events.
create table customer_notes (
    id blob primary key,
    customer_id blob not null references customers (id),
    sealed blob not null,
    actor text not null,
    at integer not null
) strict;
-- The notes of a customer, newest first.
create index customer_notes_customer on customer_notes (customer_id, id);

-- Words that staff sort customers by. The text is sealed; by the keyed hash all customers with it are found.
create table customer_tags (
    customer_id blob not null references customers (id),
    tag_hash blob not null,
    sealed blob not null,
    at integer not null,
    primary key (customer_id, tag_hash)
) strict, without rowid;
-- The customers with a tag, the newest first.
create index customer_tags_tag on customer_tags (tag_hash, customer_id);
