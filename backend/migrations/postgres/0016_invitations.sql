-- Invitations to the staff, each by a link that is mailed. `sealed` has name and e-mail.
create table invitations (
    id uuid primary key,
    sealed bytea not null,
    email_hash bytea not null,
    role text not null,
    created_at bigint not null,
    expires_at bigint not null,
    -- Was its link mailed? Otherwise whoever has it has not proved the address.
    is_mailed bigint not null,
    accepted_at bigint,
    withdrawn_at bigint
);
-- One holds for an address at a time.
create unique index invitations_open on invitations (email_hash) where accepted_at is null and withdrawn_at is null;
