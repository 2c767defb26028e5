-- Why: an agency connects ad accounts and shops; background syncs store what providers said, exactly once and with who
-- said it when. Credentials lie encrypted in rows that the runtime role can write but never read. What was observed is
-- append-only; the daily figures are derived from it, so that any report can be rebuilt as of a moment.

create table connection (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  provider text not null check (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
  label text not null check (length(label) between 1 and 200),
  mode text not null default 'live' check (mode in ('live', 'simulated')),
  -- Why it waits for "Reconnect", in the provider's words; null while it works.
  reconnect_reason text,
  scopes text[] not null default '{}',
  -- Switched off by a person: no sync begins.
  paused_at timestamptz,
  -- Switched off by the circuit breaker until then.
  broken_until timestamptz,
  failures integer not null default 0,
  created_by uuid not null,
  created_at timestamptz not null,
  last_sync_at timestamptz,
  next_sync_at timestamptz,
  -- Disconnected: the credential is gone, what was read stays.
  disconnected_at timestamptz,
  primary key (organization_id, id)
);
create index connection_due on connection (next_sync_at) where disconnected_at is null and paused_at is null;
create index connection_newest on connection (organization_id, created_at desc, id desc);

-- Which key of the ring sealed these bytes: they say so themselves (docs/adr/0004), so that no column can say another
-- thing. Null when the vault did not write them; a check then keeps them out, whatever code runs.
create function sealed_key(sealed bytea) returns text language sql immutable strict parallel safe
  return case
    when length(sealed) < 42 then null
    when get_byte(sealed, 0) = 1 then 'installation'
    when get_byte(sealed, 0) = 2 and get_byte(sealed, 1) between 1 and 20 then encode(substring(sealed from 3 for get_byte(sealed, 1)), 'escape')
  end;
alter table two_factor add constraint two_factor_sealed check (sealed_key(secret) is not null);

-- The vault. `sealed` is opened with a key that is not in the database, for this organization, connection and field only.
create table credential (
  organization_id uuid not null,
  connection_id uuid not null,
  field text not null check (length(field) between 1 and 100),
  sealed bytea not null constraint credential_sealed check (sealed_key(sealed) is not null),
  expires_at timestamptz,
  updated_at timestamptz not null,
  primary key (organization_id, connection_id, field),
  foreign key (organization_id, connection_id) references connection on delete cascade
);

-- Who renews a connection's credential now. Whoever is killed lets go by falling silent: nobody holds it after `ends_at`.
create table credential_lease (
  organization_id uuid not null,
  connection_id uuid not null,
  holder uuid not null,
  ends_at timestamptz not null,
  primary key (organization_id, connection_id),
  foreign key (organization_id, connection_id) references connection on delete cascade
);

-- A consent that was begun: one-time, ten minutes, for the member and session that began it.
create table oauth_state (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  state_hash bytea not null unique,
  provider text not null,
  member_id uuid not null,
  session_id uuid not null,
  connection_id uuid,
  sealed_verifier bytea not null constraint oauth_state_sealed check (sealed_key(sealed_verifier) is not null),
  fields jsonb not null default '{}',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, member_id) references member on delete cascade
);

-- An ad account or shop. Mapped to at most one client by a person, never guessed.
create table channel (
  organization_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  client_id uuid,
  kind text not null check (kind in ('ads', 'shop', 'file')),
  external_id text not null check (length(external_id) between 1 and 200),
  manager_id text,
  name text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  time_zone text not null,
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, connection_id) references connection on delete cascade,
  foreign key (organization_id, client_id) references client on delete set null (client_id),
  constraint channel_once unique (organization_id, connection_id, external_id)
);
create index channel_client on channel (organization_id, client_id);

create table sync_run (
  organization_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  cause text not null check (cause in ('manual', 'schedule', 'webhook', 'first', 'import')),
  state text not null check (state in ('running', 'succeeded', 'failed')),
  started_at timestamptz not null,
  finished_at timestamptz,
  step text not null default '',
  days_done integer not null default 0,
  days_total integer not null default 0,
  pages bigint not null default 0,
  rows_new bigint not null default 0,
  rows_changed bigint not null default 0,
  rows_unchanged bigint not null default 0,
  rows_withdrawn bigint not null default 0,
  error_kind text,
  error text,
  hint text,
  primary key (organization_id, id),
  foreign key (organization_id, connection_id) references connection on delete cascade
);
create unique index sync_run_one on sync_run (organization_id, connection_id) where state = 'running';
create index sync_run_newest on sync_run (organization_id, connection_id, started_at desc, id desc);

-- How far a channel was read: everything from `first_day` on, as of `read_at`; a shop's changes up to `cursor_at`.
create table sync_cursor (
  organization_id uuid not null,
  channel_id uuid not null,
  stream text not null,
  first_day date,
  last_day date,
  cursor_at timestamptz,
  updated_at timestamptz not null,
  primary key (organization_id, channel_id, stream),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

-- Pages of a piece that is not read to its end: kept, so that a killed sync goes on at the page, and counted by nobody.
create table staged_page (
  organization_id uuid not null,
  channel_id uuid not null,
  stream text not null,
  first_day date not null,
  number integer not null,
  last_day date not null,
  next text not null,
  report jsonb not null,
  created_at timestamptz not null,
  primary key (organization_id, channel_id, stream, first_day, number),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

create table ad_entity (
  organization_id uuid not null,
  channel_id uuid not null,
  level text not null check (level in ('campaign', 'group', 'ad')),
  external_id text not null,
  parent_id text,
  name text not null,
  status text not null,
  creative text,
  updated_at timestamptz not null,
  primary key (organization_id, channel_id, level, external_id),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

-- What a provider said, when it said it, and which run heard it. Never updated, never deleted but with its channel.
create table metric_observation (
  organization_id uuid not null,
  channel_id uuid not null,
  day date not null,
  level text not null check (level in ('account', 'campaign', 'group', 'ad')),
  entity_id text not null,
  attribution text not null,
  observed_at timestamptz not null,
  sync_run_id uuid not null,
  -- True: the provider no longer reports this row.
  withdrawn boolean not null default false,
  spend numeric,
  impressions bigint,
  clicks bigint,
  conversions numeric,
  claimed_revenue numeric,
  orders bigint,
  ledger_revenue numeric,
  refunds numeric,
  taxes numeric,
  shipping numeric,
  primary key (organization_id, channel_id, day, level, entity_id, attribution, observed_at, sync_run_id),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

-- The newest observation of each key: what reports read.
create table metric_daily (
  organization_id uuid not null,
  channel_id uuid not null,
  day date not null,
  level text not null,
  entity_id text not null,
  attribution text not null,
  observed_at timestamptz not null,
  sync_run_id uuid not null,
  spend numeric,
  impressions bigint,
  clicks bigint,
  conversions numeric,
  claimed_revenue numeric,
  orders bigint,
  ledger_revenue numeric,
  refunds numeric,
  taxes numeric,
  shipping numeric,
  primary key (organization_id, channel_id, day, level, entity_id, attribution),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

-- A provider switched off for everybody by an operator, without a new release.
create table provider_switch (
  provider text primary key,
  reason text not null,
  switched_off_at timestamptz not null
);

do $$
declare name text;
begin
  foreach name in array array['connection', 'credential', 'credential_lease', 'oauth_state', 'channel', 'sync_run', 'sync_cursor',
                              'staged_page', 'ad_entity', 'metric_observation', 'metric_daily', 'provider_switch'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
  end loop;
end $$;

create function reads_integrations() returns boolean language sql stable parallel safe
  return current_member_role() in ('owner', 'admin', 'manager');

-- Those who run the agency connect; managers see.
grant select, insert, update on connection to audienceos_runtime;
create policy see on connection for select to audienceos_runtime
  using (organization_id = current_organization() and reads_integrations());
create policy add on connection for insert to audienceos_runtime
  with check (organization_id = current_organization() and runs_agency());
create policy edit on connection for update to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());

-- Written and thrown away by those who run the agency, read by nobody but the system's jobs.
grant insert, delete on credential to audienceos_runtime;
grant select (organization_id, connection_id, field, expires_at, updated_at) on credential to audienceos_runtime;
create policy run on credential to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());

grant select, insert, update on oauth_state to audienceos_runtime;
create policy own on oauth_state to audienceos_runtime
  using (organization_id = current_organization() and member_id = current_member() and runs_agency());

grant select, insert, update on sync_run to audienceos_runtime;
create policy see on sync_run for select to audienceos_runtime
  using (organization_id = current_organization() and reads_integrations());
create policy run on sync_run to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());

-- A channel is seen by those who run the agency and by those who see its client; so is all that was read from it.
grant select, insert, update on channel to audienceos_runtime;
create policy see on channel for select to audienceos_runtime using (
  organization_id = current_organization() and (runs_agency() or exists (
    select from client c where c.organization_id = channel.organization_id and c.id = channel.client_id)));
create policy run on channel to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());

do $$
declare name text;
begin
  foreach name in array array['sync_cursor', 'staged_page', 'ad_entity', 'metric_observation', 'metric_daily'] loop
    execute format($p$create policy see on %1$I for select to audienceos_runtime using (
      organization_id = current_organization() and exists (
        select from channel c where c.organization_id = %1$I.organization_id and c.id = %1$I.channel_id))$p$, name);
    execute format($p$create policy run on %I to audienceos_runtime
      using (organization_id = current_organization() and runs_agency())$p$, name);
  end loop;
end $$;
grant select, insert, update on sync_cursor, ad_entity to audienceos_runtime;
grant select, insert, delete on staged_page to audienceos_runtime;
grant select, insert, update, delete on metric_daily to audienceos_runtime;
-- Append-only: no update, no delete.
grant select, insert on metric_observation to audienceos_runtime;
