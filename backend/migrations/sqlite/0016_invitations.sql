-- Invitations to the staff, each by a link that is mailed. `sealed` has name and e-mail.
create table invitations (
    id blob primary key,
    sealed blob not null,
    email_hash blob not null,
    role text not null,
    created_at integer not null,
    expires_at integer not null,
    -- Was its link mailed? Otherwise whoever has it has not proved the address.
    is_mailed integer not null,
    accepted_at integer,
    withdrawn_at integer
) strict;
-- One holds for an address at a time.
create unique index invitations_open on invitations (email_hash) where accepted_at is null and withdrawn_at is null;
