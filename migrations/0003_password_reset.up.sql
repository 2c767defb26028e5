-- Why: people forget passwords and lose mails. A request is stored for every address alike; whether the address signs in
-- is looked at when the mail is sent. A new verification link voids the one before.

alter table sign_up add column token_version integer not null default 1;

create table password_reset (
  id uuid primary key,
  email text not null check (email = lower(email)),
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index password_reset_email on password_reset (email, created_at desc);

alter table password_reset enable row level security;
alter table password_reset force row level security;
create policy system on password_reset to audienceos_system using (true) with check (true);
grant select, insert, update, delete on password_reset to audienceos_system;
