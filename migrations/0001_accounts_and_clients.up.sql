-- Why: the first slice. People sign up, an agency comes into being when their address is verified, and the agency
-- keeps clients. Everything that belongs to an agency is separated here, by row-level security, whatever code runs.
--
-- Two roles do all the work of the running product; neither owns a table nor bypasses row-level security:
--   audienceos_runtime  acts for one signed-in member; sees the rows of the organization set in the transaction
--   audienceos_system   sign-in, the queue and webhook intake, which happen before an organization is known

do $$
declare role text;
begin
  foreach role in array array['audienceos_runtime', 'audienceos_system'] loop
    begin
      if not exists (select from pg_roles where rolname = role) then
        execute format('create role %I nologin', role);
      end if;
    exception when duplicate_object or unique_violation then null;
    end;
    -- A superuser may become anybody. Others need the grant; from Postgres 16 on, having made the role is not enough.
    if not (select rolsuper from pg_roles where rolname = current_user) then
      execute format('grant %I to %I', role, current_user);
    end if;
  end loop;
end $$;

-- Who the transaction acts for. Unset means nobody: every policy then compares with null and shows nothing.
create function current_organization() returns uuid language sql stable parallel safe
  return nullif(current_setting('audienceos.organization_id', true), '')::uuid;
create function current_member() returns uuid language sql stable parallel safe
  return nullif(current_setting('audienceos.member_id', true), '')::uuid;
create function current_member_role() returns text language sql stable parallel safe
  return nullif(current_setting('audienceos.role', true), '');

create table organization (
  organization_id uuid primary key,
  name text not null check (length(name) between 1 and 100),
  created_at timestamptz not null
);

create table member (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 100),
  email text not null check (email = lower(email)),
  role text not null check (role in ('owner', 'admin', 'manager', 'member')),
  deactivated_at timestamptz,
  created_at timestamptz not null,
  primary key (organization_id, id)
);

-- How a person proves who they are: one row an address, over all organizations.
create table sign_in (
  email text primary key check (email = lower(email)),
  organization_id uuid not null,
  member_id uuid not null,
  password_hash text,
  created_at timestamptz not null,
  foreign key (organization_id, member_id) references member on delete cascade
);

-- A sign-up waits here until its address is verified. Only then are the organization and its Owner made, with the ids
-- that the sign-up was given. A sign-up for an address that already signs in is stored alike and can never be verified.
create table sign_up (
  id uuid primary key,
  organization_id uuid not null,
  member_id uuid not null,
  email text not null check (email = lower(email)),
  name text not null,
  organization text not null,
  password_hash text not null,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  mail_sent_at timestamptz,
  mail_error text,
  verified_at timestamptz
);
create index sign_up_email on sign_up (email, created_at desc);

create table session (
  organization_id uuid not null,
  id uuid not null,
  member_id uuid not null,
  token_hash bytea not null unique,
  user_agent text not null,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, member_id) references member on delete cascade
);

create table client (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null,
  primary key (organization_id, id)
);
create index client_newest on client (organization_id, created_at desc, id desc);

do $$
declare name text;
begin
  foreach name in array array['organization', 'member', 'sign_in', 'sign_up', 'session', 'client'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
  end loop;
end $$;

grant select, update on organization to audienceos_runtime;
create policy tenant on organization to audienceos_runtime using (organization_id = current_organization());

grant select, insert, update on member to audienceos_runtime;
create policy tenant on member to audienceos_runtime using (organization_id = current_organization());

grant select, delete on session to audienceos_runtime;
create policy own on session to audienceos_runtime
  using (organization_id = current_organization() and member_id = current_member());

grant select, insert, update on client to audienceos_runtime;
create policy tenant on client to audienceos_runtime
  using (organization_id = current_organization() and current_member_role() in ('owner', 'admin'));

-- Work for the background runner, enqueued in the transaction of the change that causes it. The queue's own tables
-- stay out of reach of both roles. Its schema is installed after this migration, hence the late-bound body.
create function enqueue_job(payload jsonb, job_key text, run_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform graphile_worker.add_job('job', payload::json, run_at => run_at, max_attempts => 12, job_key => job_key);
end $$;
revoke execute on function enqueue_job from public;
grant execute on function enqueue_job to audienceos_runtime, audienceos_system;
