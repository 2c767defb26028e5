-- Why: an agency is several people with different sight. Who sees and edits which client is decided here, in the
-- policies, by role and assignment; invitations bring people in, and the audit log says who did and who was refused what.

alter table organization
  add column time_zone text not null default 'UTC',
  add column currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  add column stage_yellow_days integer not null default 7,
  add column stage_red_days integer not null default 14,
  add constraint organization_thresholds check (0 < stage_yellow_days and stage_yellow_days < stage_red_days);

alter table member
  add column nickname text not null default '' check (length(nickname) <= 50);
create index member_newest on member (organization_id, created_at desc, id desc);

create table assignment (
  organization_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  member_id uuid not null,
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, client_id) references client on delete cascade,
  foreign key (organization_id, member_id) references member on delete cascade,
  constraint assignment_once unique (organization_id, member_id, client_id)
);
create index assignment_client on assignment (organization_id, client_id);

create table invitation (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  email text not null check (email = lower(email)),
  role text not null check (role in ('owner', 'admin', 'manager', 'member')),
  invited_by uuid not null,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  mail_sent_at timestamptz,
  mail_error text,
  accepted_at timestamptz,
  cancelled_at timestamptz,
  primary key (organization_id, id)
);
create index invitation_newest on invitation (organization_id, created_at desc, id desc);
create unique index invitation_pending on invitation (organization_id, email) where accepted_at is null and cancelled_at is null;

create table audit_event (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  member_id uuid not null,
  action text not null,
  allowed boolean not null,
  resource_id uuid,
  detail jsonb not null default '{}',
  method text not null,
  path text not null,
  created_at timestamptz not null,
  primary key (organization_id, id)
);
create index audit_event_newest on audit_event (organization_id, created_at desc, id desc);

create table stage (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 50),
  position integer not null,
  primary key (organization_id, id),
  constraint stage_name unique (organization_id, name) deferrable initially deferred,
  constraint stage_position unique (organization_id, position) deferrable initially deferred
);

alter table client
  add column website text not null default '',
  add column industry text not null default '',
  add column currency text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  add column time_zone text not null default 'UTC',
  add column owner_id uuid,
  add column tags text[] not null default '{}',
  add column notes text not null default '',
  add column stage_id uuid,
  add column stage_since timestamptz,
  add column archived_at timestamptz;
-- Agencies that are there already get the stages of a new one, and their clients stand in the first.
insert into stage (organization_id, id, name, position)
  select o.organization_id, gen_random_uuid(), s.name, s.position - 1
  from organization o
  cross join unnest(array['Onboarding', 'Installation', 'Audit', 'Live', 'Needs Support', 'Off-boarding'])
    with ordinality as s (name, position);
update client c set stage_since = c.created_at, stage_id =
  (select s.id from stage s where s.organization_id = c.organization_id and s.position = 0);
alter table client
  alter column stage_id set not null,
  alter column stage_since set not null,
  add foreign key (organization_id, stage_id) references stage,
  add foreign key (organization_id, owner_id) references member;

create table stage_change (
  organization_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  stage_id uuid not null,
  stage_name text not null,
  member_id uuid not null,
  member_name text not null,
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, client_id) references client on delete cascade
);
create index stage_change_client on stage_change (organization_id, client_id, created_at desc, id desc);

create table contact (
  organization_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, client_id) references client on delete cascade
);
create index contact_client on contact (organization_id, client_id);

-- How a contact writes to us. Unique in an agency, so that a message finds its client.
create table contact_address (
  organization_id uuid not null,
  kind text not null check (kind in ('email', 'phone', 'handle')),
  address text not null check (length(address) between 1 and 254),
  contact_id uuid not null,
  position integer not null,
  primary key (organization_id, kind, address),
  foreign key (organization_id, contact_id) references contact on delete cascade
);
create index contact_address_contact on contact_address (organization_id, contact_id);

do $$
declare name text;
begin
  foreach name in array array['assignment', 'invitation', 'audit_event', 'stage', 'stage_change', 'contact', 'contact_address'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
  end loop;
end $$;

create function runs_agency() returns boolean language sql stable parallel safe
  return current_member_role() in ('owner', 'admin');

-- Assignments are pairs of ids; everybody in the agency may compare them, only those who run it may change them.
grant select, insert, delete on assignment to audienceos_runtime;
create policy see on assignment for select to audienceos_runtime using (organization_id = current_organization());
create policy add on assignment for insert to audienceos_runtime
  with check (organization_id = current_organization() and runs_agency());
create policy remove on assignment for delete to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());

drop policy tenant on client;
create policy see on client for select to audienceos_runtime using (
  organization_id = current_organization() and (runs_agency() or exists (
    select from assignment a
    where a.organization_id = client.organization_id and a.member_id = current_member() and a.client_id = client.id)));
create policy add on client for insert to audienceos_runtime
  with check (organization_id = current_organization() and runs_agency());
create policy edit on client for update to audienceos_runtime using (
  organization_id = current_organization() and (runs_agency() or current_member_role() = 'manager' and exists (
    select from assignment a
    where a.organization_id = client.organization_id and a.member_id = current_member() and a.client_id = client.id)));

-- Everybody reads their own row and the names of those they share a client with.
drop policy tenant on member;
create policy see on member for select to audienceos_runtime using (
  organization_id = current_organization() and (runs_agency() or id = current_member() or exists (
    select from assignment mine join assignment theirs using (organization_id, client_id)
    where mine.organization_id = member.organization_id and mine.member_id = current_member()
      and theirs.member_id = member.id)));
create policy edit on member for update to audienceos_runtime
  using (organization_id = current_organization() and (runs_agency() or id = current_member()));
grant delete on member to audienceos_runtime;
create policy remove on member for delete to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());
-- Nobody makes themselves more than they are, whatever code runs.
create function member_role_guard() returns trigger language plpgsql set search_path = public as $$
begin
  if current_user = 'audienceos_runtime' and new.role <> old.role and (old.id = current_member() or not runs_agency()) then
    raise exception 'a role can only be changed by somebody else who runs the agency' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger role_guard before update of role on member for each row execute function member_role_guard();

-- Those who run the agency end the sessions of a member whom they deactivate; everybody ends their own.
drop policy own on session;
create policy own on session to audienceos_runtime
  using (organization_id = current_organization() and (member_id = current_member() or runs_agency()));

grant select, insert, update on invitation to audienceos_runtime;
create policy run on invitation to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());

grant select, insert on audit_event to audienceos_runtime;
create policy see on audit_event for select to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());
create policy add on audit_event for insert to audienceos_runtime
  with check (organization_id = current_organization() and member_id = current_member());

grant select, insert, update, delete on stage to audienceos_runtime;
create policy see on stage for select to audienceos_runtime using (organization_id = current_organization());
create policy run on stage to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());

-- What belongs to a client is seen and changed with it: the client's own policies decide.
grant select, insert on stage_change to audienceos_runtime;
create policy see on stage_change for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from client c where c.organization_id = stage_change.organization_id and c.id = stage_change.client_id));
create policy add on stage_change for insert to audienceos_runtime with check (
  organization_id = current_organization() and current_member_role() <> 'member' and exists (
    select from client c where c.organization_id = stage_change.organization_id and c.id = stage_change.client_id));

grant select, insert, update, delete on contact, contact_address to audienceos_runtime;
create policy see on contact for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from client c where c.organization_id = contact.organization_id and c.id = contact.client_id));
create policy edit on contact to audienceos_runtime using (
  organization_id = current_organization() and current_member_role() <> 'member' and exists (
    select from client c where c.organization_id = contact.organization_id and c.id = contact.client_id));
create policy see on contact_address for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from contact c where c.organization_id = contact_address.organization_id and c.id = contact_address.contact_id));
create policy edit on contact_address to audienceos_runtime using (
  organization_id = current_organization() and current_member_role() <> 'member' and exists (
    select from contact c where c.organization_id = contact_address.organization_id and c.id = contact_address.contact_id));
