-- When an account's address was proved to be its owner's, by a link that was mailed to it. Null until then.
alter table users add column email_proved_at bigint;
-- The keyed hash of a former address, for which nobody else signs up while the change can be undone.
alter table users add column reserved_email_hash bytea;
alter table users add column reserved_until bigint;
create index users_reserved_email on users (reserved_email_hash) where reserved_email_hash is not null;
-- A change of the address was undone: links that undo one and were made in this time hold no more.
alter table users add column undone_from bigint;
alter table users add column undone_until bigint;
