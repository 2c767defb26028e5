-- Why: the engine that reads connections. A run is held by one worker at a time, which must say so again and again, so
-- that a killed worker's run is taken over and a zombie's writing is refused; due connections are queued fairly; and a
-- shop's orders are kept as facts, from which the days of its books are counted.

alter table connection
  -- Handed to the queue and not begun yet.
  add column queued_at timestamptz,
  -- The last look at whether it works: when, how long the answer took, and what was wrong.
  add column tested_at timestamptz,
  add column tested_ms integer,
  add column tested_fault text;

alter table sync_run
  -- The worker that reads, and until when it is believed without a word from it.
  add column holder uuid,
  add column held_until timestamptz,
  -- How often the provider could not be reached in a row.
  add column attempts integer not null default 0;

-- The run that last moved the cursor: one that goes on after a kill skips what it has read itself.
alter table sync_cursor add column sync_run_id uuid;

create table shop_order (
  organization_id uuid not null,
  channel_id uuid not null,
  external_id text not null,
  name text not null,
  -- In the shop's own zone: the day of its books.
  day date not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  cancelled_at timestamptz,
  test boolean not null,
  goods numeric not null,
  taxes numeric not null,
  shipping numeric not null,
  customer_id text,
  sync_run_id uuid not null,
  primary key (organization_id, channel_id, external_id),
  foreign key (organization_id, channel_id) references channel on delete cascade
);
create index shop_order_day on shop_order (organization_id, channel_id, day);
create index shop_order_run on shop_order (organization_id, channel_id, sync_run_id);

create table shop_refund (
  organization_id uuid not null,
  channel_id uuid not null,
  external_id text not null,
  order_id text not null,
  day date not null,
  created_at timestamptz not null,
  goods numeric not null,
  taxes numeric not null,
  shipping numeric not null,
  sync_run_id uuid not null,
  primary key (organization_id, channel_id, external_id),
  foreign key (organization_id, channel_id, order_id) references shop_order on delete cascade
);
create index shop_refund_day on shop_refund (organization_id, channel_id, day);

-- Days whose books must be counted anew: an order or refund of them changed and the pass is not read to its end.
create table shop_day (
  organization_id uuid not null,
  channel_id uuid not null,
  day date not null,
  primary key (organization_id, channel_id, day),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

-- What a provider sent by itself, stored once by its own id before anybody acts on it.
create table webhook_event (
  organization_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  external_id text not null check (length(external_id) between 1 and 200),
  topic text not null check (length(topic) <= 200),
  received_at timestamptz not null,
  handled_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, connection_id) references connection on delete cascade,
  constraint webhook_event_once unique (organization_id, connection_id, external_id)
);

do $$
declare name text;
begin
  foreach name in array array['shop_order', 'shop_refund', 'shop_day', 'webhook_event'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
  end loop;
  foreach name in array array['shop_order', 'shop_refund', 'shop_day'] loop
    execute format($p$create policy see on %1$I for select to audienceos_runtime using (
      organization_id = current_organization() and exists (
        select from channel c where c.organization_id = %1$I.organization_id and c.id = %1$I.channel_id))$p$, name);
    execute format($p$create policy run on %I to audienceos_runtime
      using (organization_id = current_organization() and runs_agency())$p$, name);
  end loop;
end $$;
grant select, insert, update on shop_order to audienceos_runtime;
-- A refund that the shop took out of an order goes.
grant select, insert, update, delete on shop_refund to audienceos_runtime;
grant select, insert, delete on shop_day to audienceos_runtime;
