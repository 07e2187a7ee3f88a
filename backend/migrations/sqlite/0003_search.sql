-- Postgres gets the function `glob`, which SQLite has.
select 1;
