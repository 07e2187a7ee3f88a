-- Who hands a subscriber its events: one node at a time, by a lease of some seconds in the row of its cursor.
-- `holder` is made up by each node at its start. `epoch` numbers the leases: only who took the last one moves the cursor. `held_until` is by
-- the clock of the database, not of a node; 0 before the first lease, and after one that was given back.
alter table event_cursors add column holder uuid;
alter table event_cursors add column epoch bigint not null default 0;
alter table event_cursors add column held_until bigint not null default 0;

-- One SQL text for both databases: SQLite has this function, which gives fractions of a second when it is asked for them ('subsec').
create function unixepoch(text) returns double precision language sql volatile
    as 'select cast(extract(epoch from clock_timestamp()) as double precision)';
