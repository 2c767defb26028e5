-- Why: figures of accounts that no provider reports come as files, or are pushed by programs. A source is a channel of its
-- own behind a connection of the provider `file`, so that its rows have runs, observations and days like all others. An
-- import is one file or push: what was read, how, by whom, what was left out, and whether it was taken back. All of its
-- accepted rows are kept in one transaction; taking it back adds observations, so that "as of" before it still holds.

alter table channel
  -- What the rows of a file's source are; absent on accounts that a provider reports.
  add column holds text check (holds in ('ads', 'shop')),
  -- The provider whose figures they are, if it is one that we know.
  add column platform text check (platform ~ '^[a-z][a-z0-9_]{1,39}$'),
  add constraint channel_file check ((kind = 'file') = (holds is not null) and (kind = 'file' or platform is null));
create unique index import_source_name on connection (organization_id, lower(label))
  where provider = 'file' and disconnected_at is null;

-- How files of one make are read, under a name.
create table import_mapping (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 100),
  mapping jsonb not null,
  created_by uuid not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (organization_id, id)
);
create unique index import_mapping_name on import_mapping (organization_id, lower(name));

create table import (
  organization_id uuid not null,
  id uuid not null,
  channel_id uuid not null,
  way text not null check (way in ('file', 'push')),
  state text not null check (state in
    ('reading', 'open', 'checking', 'checked', 'importing', 'done', 'undoing', 'undone', 'failed', 'given_up')),
  -- Counts what people changed, so that a job that was overtaken writes nothing.
  revision integer not null default 0,
  file_name text not null check (length(file_name) between 1 and 200),
  size bigint not null check (size >= 0),
  file_hash bytea not null check (length(file_hash) = 32),
  created_by uuid not null,
  member_name text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  chosen jsonb,
  preview jsonb,
  mapping jsonb,
  fault text,
  rows_read bigint,
  rows_wrong bigint,
  rows_left_out bigint,
  first_day date,
  last_day date,
  -- Wrong rows with their lines and reasons, at most 1000 of them.
  errors jsonb not null default '[]' check (jsonb_typeof(errors) = 'array' and jsonb_array_length(errors) <= 1000),
  skip_wrong boolean not null default false,
  rows_done bigint not null default 0,
  rows_new bigint not null default 0,
  rows_changed bigint not null default 0,
  rows_unchanged bigint not null default 0,
  sync_run_id uuid,
  begun_at timestamptz,
  finished_at timestamptz,
  undo_run_id uuid,
  undone_name text,
  undone_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, channel_id) references channel on delete cascade,
  foreign key (organization_id, sync_run_id) references sync_run,
  foreign key (organization_id, undo_run_id) references sync_run
);
create index import_newest on import (organization_id, created_at desc, id desc);
create index import_source on import (organization_id, channel_id, finished_at);
create index import_same on import (organization_id, channel_id, file_hash);
create index import_waiting on import (updated_at) where state in ('reading', 'open', 'checking', 'checked', 'given_up');

do $$
declare name text;
begin
  foreach name in array array['import_mapping', 'import'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
  end loop;
end $$;

grant select, insert, update, delete on import_mapping to audienceos_runtime;
create policy see on import_mapping for select to audienceos_runtime
  using (organization_id = current_organization() and reads_integrations());
create policy run on import_mapping to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());

-- An import is seen by those who see its source.
grant select, insert, update on import to audienceos_runtime;
create policy see on import for select to audienceos_runtime using (
  organization_id = current_organization() and reads_integrations() and exists (
    select from channel c where c.organization_id = import.organization_id and c.id = import.channel_id));
create policy run on import to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());
