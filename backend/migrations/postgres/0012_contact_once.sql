-- A keyed hash of what was written, by whom and on which day: the same message that is sent again is kept once. Null for older ones.
alter table contact_messages add column content_hash bytea;
create unique index contact_messages_content on contact_messages (content_hash) where content_hash is not null;
