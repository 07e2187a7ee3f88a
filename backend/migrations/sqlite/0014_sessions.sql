-- What is known of the browser: its name, its system and the address on the network that it signed in from, sealed. Null for a session that is
-- older than this.
alter table sessions add column sealed blob;
-- When the account's owner last showed that it is them; null for a session that is older than this, which is asked once more.
alter table sessions add column confirmed_at integer;
