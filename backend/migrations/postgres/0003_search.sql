-- One SQL text for both databases: SQLite has this function, in whose patterns `*` stands for anything and `[…]` for one of some characters.
-- The program writes no other signs of patterns, and neither backslashes nor `^` in them.
create function glob(text, text) returns boolean language sql immutable
    as 'select $2 ~ (''^'' || replace($1, ''*'', ''.*'') || ''$'')';
