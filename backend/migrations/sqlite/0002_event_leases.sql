-- Who hands a subscriber its events: one node at a time, by a lease of some seconds in the row of its cursor.
-- `holder` is made up by each node at its start. `epoch` numbers the leases: only who took the last one moves the cursor. `held_until` is by
-- the clock of the database, not of a node; 0 before the first lease, and after one that was given back.
alter table event_cursors add column holder blob;
alter table event_cursors add column epoch integer not null default 0;
alter table event_cursors add column held_until integer not null default 0;
