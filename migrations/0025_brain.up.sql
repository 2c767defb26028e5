-- Why: what the brain said, of which rows and when. A state is immutable: what was stored by its cut-off moment goes in, by
-- its hash the same input is known again, and any past state can be shown as it was. Results belong to a client, so that
-- people see of a state what they see of the rows it was made from. Methods are chosen by backtest once a week and kept.

alter table organization
  -- When the daily cycle comes next: 03:00 in the agency's zone.
  add column brain_next_at timestamptz;

-- What stays of revenue after goods and delivery, in per cent, if somebody said it.
alter table client add column margin_percent numeric check (margin_percent between 0 and 100);

create table brain_state (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  -- The last day that had ended in the agency's zone.
  day date not null,
  input_hash bytea not null check (length(input_hash) = 32),
  output_hash bytea not null check (length(output_hash) = 32),
  code_version text not null,
  created_at timestamptz not null,
  primary key (organization_id, id),
  constraint brain_state_once unique (organization_id, input_hash, code_version)
);

create table brain_result (
  organization_id uuid not null,
  state_id uuid not null,
  -- Its place among the state's results.
  number integer not null,
  kind text not null check (kind ~ '^[a-z_]{1,40}$'),
  -- Absent: of the agency as a whole, or of channels that belong to no client.
  client_id uuid,
  channel_id uuid,
  body text not null,
  primary key (organization_id, state_id, number),
  foreign key (organization_id, state_id) references brain_state on delete cascade
);
create index brain_result_kind on brain_result (organization_id, state_id, kind, number);

create table brain_cycle (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  cause text not null check (cause in ('sync', 'daily', 'manual')),
  state text not null check (state in ('waiting', 'running', 'done', 'failed')),
  asked_at timestamptz not null,
  -- What was stored by then was read.
  cut_off timestamptz,
  finished_at timestamptz,
  error text,
  -- What came out; the same as before where nothing had changed.
  state_id uuid,
  primary key (organization_id, id),
  foreign key (organization_id, state_id) references brain_state
);
create unique index brain_cycle_waiting on brain_cycle (organization_id) where state = 'waiting';
create index brain_cycle_done on brain_cycle (organization_id, cut_off desc, id desc) where state = 'done';

create table brain_choice (
  organization_id uuid not null references organization on delete cascade,
  -- Which series: what it measures, of which channel, client or of all.
  series text not null check (length(series) between 1 and 200),
  choice text not null,
  chosen_at timestamptz not null,
  primary key (organization_id, series)
);

-- Rates of the European Central Bank's kind: units of a currency for one euro on a day.
create table exchange_rate (
  organization_id uuid not null references organization on delete cascade,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  day date not null,
  per_euro numeric not null check (per_euro > 0),
  imported_at timestamptz not null,
  primary key (organization_id, currency, day)
);

-- What an experiment showed a channel to bring: the fit is pulled towards it.
create table lift_test (
  organization_id uuid not null,
  id uuid not null,
  channel_id uuid not null,
  first_day date not null,
  last_day date not null check (last_day >= first_day),
  -- Revenue brought by a unit of spend, and how far that may be off.
  roas numeric not null,
  standard_error numeric not null check (standard_error > 0),
  created_by uuid not null,
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, channel_id) references channel on delete cascade
);
create index lift_test_channel on lift_test (organization_id, channel_id);

do $$
declare name text;
begin
  foreach name in array array['brain_state', 'brain_result', 'brain_cycle', 'brain_choice', 'exchange_rate', 'lift_test'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
    execute format('create policy run on %I to audienceos_runtime using (organization_id = current_organization() and runs_agency())', name);
  end loop;
end $$;

-- Immutable: no update, no delete.
grant select, insert on brain_state, brain_result to audienceos_runtime;
grant select, insert, update on brain_cycle, exchange_rate to audienceos_runtime;
grant select, insert, update, delete on brain_choice to audienceos_runtime;
grant select, insert, delete on lift_test to audienceos_runtime;
create policy see on brain_cycle for select to audienceos_runtime using (organization_id = current_organization());
create policy see on brain_state for select to audienceos_runtime using (organization_id = current_organization());
create policy see on brain_result for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from client c where c.organization_id = brain_result.organization_id and c.id = brain_result.client_id));
create policy see on exchange_rate for select to audienceos_runtime using (organization_id = current_organization());
create policy see on lift_test for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from channel c where c.organization_id = lift_test.organization_id and c.id = lift_test.channel_id));

-- Cycles of one agency run one after the other: a second one would choose the same methods at the same time.
create or replace function enqueue_job(payload jsonb, job_key text, run_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform graphile_worker.add_job('job', payload::json,
    queue_name => case when payload->>'job' = 'run_brain' then 'brain:' || (payload->>'organization_id') end,
    run_at => run_at, max_attempts => 12, job_key => job_key);
end $$;
