-- Why: a password alone can be guessed, stolen or reused. A member may ask for a second proof at sign-in: a code from an
-- app, or one of ten recovery codes. The app's secret is sealed with a key outside the database and bound to its row;
-- recovery codes are kept as keyed hashes. All of this happens before a session is there, so only audienceos_system
-- reaches these tables.

create table two_factor (
  organization_id uuid not null,
  member_id uuid not null,
  secret bytea not null,
  created_at timestamptz not null,
  -- Unset until the app has shown that it knows the secret; only then a code is asked for.
  confirmed_at timestamptz,
  -- The newest time step whose code was taken, so that no code works twice.
  last_step bigint not null default 0,
  failures integer not null default 0,
  failing_since timestamptz,
  primary key (organization_id, member_id),
  foreign key (organization_id, member_id) references member on delete cascade
);

create table recovery_code (
  organization_id uuid not null,
  member_id uuid not null,
  code_hash bytea not null,
  used_at timestamptz,
  primary key (organization_id, member_id, code_hash),
  foreign key (organization_id, member_id) references two_factor on delete cascade
);

-- A sign-in whose first step is done and that waits for a code.
create table login_step (
  organization_id uuid not null,
  id uuid not null,
  member_id uuid not null,
  token_hash bytea not null unique,
  expires_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, member_id) references member on delete cascade
);

do $$
declare name text;
begin
  foreach name in array array['two_factor', 'recovery_code', 'login_step'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
  end loop;
end $$;
