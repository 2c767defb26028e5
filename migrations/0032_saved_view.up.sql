-- Why: who looks at the same figures every Monday asks the same question again. A member keeps questions under a name, for
-- itself alone. What a question names may be gone by the time it is asked again, so it is kept as the text of an address and
-- points at nothing.

create table saved_view (
  organization_id uuid not null,
  id uuid not null,
  member_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  query text not null check (length(query) <= 50000),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, member_id) references member on delete cascade
);
create unique index saved_view_name on saved_view (organization_id, member_id, lower(name));

alter table saved_view enable row level security;
alter table saved_view force row level security;
create policy system on saved_view to audienceos_system using (true) with check (true);
grant select, insert, update, delete on saved_view to audienceos_system;
grant select, insert, update, delete on saved_view to audienceos_runtime;
create policy own on saved_view to audienceos_runtime
  using (organization_id = current_organization() and member_id = current_member());
