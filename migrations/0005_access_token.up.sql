-- Why: programs act for a member without its password. A token is shown once and kept as a hash; it ends by itself, can
-- be taken back, and may be limited to reading.

create table access_token (
  organization_id uuid not null,
  id uuid not null,
  member_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  scope text not null check (scope in ('read', 'write')),
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, member_id) references member on delete cascade
);
create index access_token_member on access_token (organization_id, member_id);

alter table access_token enable row level security;
alter table access_token force row level security;
create policy system on access_token to audienceos_system using (true) with check (true);
grant select, insert, update, delete on access_token to audienceos_system;
grant select, insert, delete on access_token to audienceos_runtime;
create policy own on access_token to audienceos_runtime
  using (organization_id = current_organization() and member_id = current_member());
