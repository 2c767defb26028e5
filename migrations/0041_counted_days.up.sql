-- Why: figures of an agency took seconds, most of them to find out, each time anew, which stored rows a day of a channel is made of.
-- What counts is worked out once, when rows are stored, in the transaction that stores them: a day of a channel then is one row.
-- What was known at a moment that is over is still read from the observations.

-- What is stored of a channel, for a short answer to what it reports at all; and the days that must be counted anew before the
-- transaction ends. Each bit stands for a measure, in the order of counted_day, that was reported once; ten of them, and an
-- eleventh for an amount below zero that cannot be. A bit stays when what was reported is withdrawn: it says where to look. The
-- revision is another one whenever anything that is stored of the channel's days changed: what was made of the same is the same.
create table counted_channel (
  organization_id uuid not null,
  channel_id uuid not null,
  reported int not null default 0,
  revision uuid not null default gen_random_uuid(),
  due_first date,
  due_last date,
  primary key (organization_id, channel_id),
  foreign key (organization_id, channel_id) references channel on delete cascade,
  constraint counted_channel_due check ((due_first is null) = (due_last is null))
);

-- What counts of the newest observations, by channel and day: the account's own rows, or the sums of what lies below it.
create table counted_day (
  organization_id uuid not null,
  channel_id uuid not null,
  day date not null,
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
  primary key (organization_id, channel_id, day),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

-- Which rows count is told once: here, with the agency named, so that it is quick for whoever asks; in counted_rows for members.
create function counted_rows_of(organization uuid, channels uuid[], first_day date, last_day date, as_of timestamptz)
returns table (
  channel_id uuid, day date, level text, entity_id text, depth integer, observed_at timestamptz, sync_run_id uuid, spend numeric,
  impressions bigint, clicks bigint, conversions numeric, claimed_revenue numeric, orders bigint, ledger_revenue numeric,
  refunds numeric, taxes numeric, shipping numeric
) language sql stable parallel safe as $$
  select w.channel_id, w.day, w.level, w.entity_id, array_position(array['account', 'campaign', 'group', 'ad'], w.level),
    w.observed_at, w.sync_run_id, w.spend, w.impressions, w.clicks, w.conversions, w.claimed_revenue, w.orders, w.ledger_revenue, w.refunds, w.taxes, w.shipping
  from (
    select k.*, first_value(k.unnamed) over (
      partition by k.channel_id, k.day, k.level collate "C", k.entity_id collate "C" order by k.observed_at desc, k.unnamed) as chosen
    from (
      select m.channel_id, m.day, m.level, m.entity_id, m.attribution = '' as unnamed, m.observed_at, m.sync_run_id, m.spend,
        m.impressions, m.clicks, m.conversions, m.claimed_revenue, m.orders, m.ledger_revenue, m.refunds, m.taxes, m.shipping
      from public.metric_daily m
      where $5 is null and m.organization_id = $1 and m.channel_id = any($2) and m.day between $3 and $4
      union all
      select n.channel_id, n.day, n.level, n.entity_id, n.attribution = '', n.observed_at, n.sync_run_id, n.spend,
        n.impressions, n.clicks, n.conversions, n.claimed_revenue, n.orders, n.ledger_revenue, n.refunds, n.taxes, n.shipping
      from (
        select distinct on (o.channel_id, o.day, o.level, o.entity_id, o.attribution) o.*
        from public.metric_observation o
        where $5 is not null and o.organization_id = $1 and o.channel_id = any($2) and o.day between $3 and $4 and o.observed_at <= $5
        order by o.channel_id, o.day, o.level, o.entity_id, o.attribution, o.observed_at desc, o.sync_run_id desc
      ) n
      where not n.withdrawn
    ) k
  ) w
  where w.unnamed = w.chosen
$$;
create or replace function counted_rows(channels uuid[], first_day date, last_day date, as_of timestamptz)
returns table (
  channel_id uuid, day date, level text, entity_id text, depth integer, observed_at timestamptz, sync_run_id uuid, spend numeric,
  impressions bigint, clicks bigint, conversions numeric, claimed_revenue numeric, orders bigint, ledger_revenue numeric,
  refunds numeric, taxes numeric, shipping numeric
) language sql stable parallel safe as $$
  select * from public.counted_rows_of(public.current_organization(), $1, $2, $3, $4)
$$;

-- The days of a channel as they count. Platforms report campaigns and what is below; then the campaigns of a day are the account's
-- day, measure by measure. Where all rows name a window of attribution, or none does, nothing is said twice, and all rows count.
create function counted_days_of(organization uuid, channel uuid, first_day date, last_day date)
returns table (
  day date, spend numeric, impressions bigint, clicks bigint, conversions numeric, claimed_revenue numeric, orders bigint,
  ledger_revenue numeric, refunds numeric, taxes numeric, shipping numeric
) language sql stable parallel safe as $$
  with twice as materialized (
    select coalesce(bool_or(m.attribution = '') and bool_or(m.attribution <> ''), false) as said
    from public.metric_daily m
    where m.organization_id = $1 and m.channel_id = $2 and m.day between $3 and $4
  ), level as (
    select c.day, c.depth, sum(c.spend) as spend, sum(c.impressions)::bigint as impressions, sum(c.clicks)::bigint as clicks,
      sum(c.conversions) as conversions, sum(c.claimed_revenue) as claimed_revenue, sum(c.orders)::bigint as orders,
      sum(c.ledger_revenue) as ledger_revenue, sum(c.refunds) as refunds, sum(c.taxes) as taxes, sum(c.shipping) as shipping
    from (
      select c.day, c.depth, c.spend, c.impressions, c.clicks, c.conversions, c.claimed_revenue, c.orders, c.ledger_revenue, c.refunds,
        c.taxes, c.shipping
      from public.counted_rows_of($1, array[$2], $3, $4, null) c
      where (select said from twice)
      union all
      select m.day, array_position(array['account', 'campaign', 'group', 'ad'], m.level), m.spend, m.impressions, m.clicks,
        m.conversions, m.claimed_revenue, m.orders, m.ledger_revenue, m.refunds, m.taxes, m.shipping
      from public.metric_daily m
      where m.organization_id = $1 and m.channel_id = $2 and m.day between $3 and $4 and not (select said from twice)
    ) c
    group by c.day, c.depth
  )
  select l.day,
    (array_agg(l.spend order by l.depth) filter (where l.spend is not null))[1],
    (array_agg(l.impressions order by l.depth) filter (where l.impressions is not null))[1],
    (array_agg(l.clicks order by l.depth) filter (where l.clicks is not null))[1],
    (array_agg(l.conversions order by l.depth) filter (where l.conversions is not null))[1],
    (array_agg(l.claimed_revenue order by l.depth) filter (where l.claimed_revenue is not null))[1],
    (array_agg(l.orders order by l.depth) filter (where l.orders is not null))[1],
    (array_agg(l.ledger_revenue order by l.depth) filter (where l.ledger_revenue is not null))[1],
    (array_agg(l.refunds order by l.depth) filter (where l.refunds is not null))[1],
    (array_agg(l.taxes order by l.depth) filter (where l.taxes is not null))[1],
    (array_agg(l.shipping order by l.depth) filter (where l.shipping is not null))[1]
  from level l
  group by l.day
$$;

-- Which bits a day sets.
create function reported_bits(d counted_day) returns int language sql immutable parallel safe as $$
  select (d.spend is not null)::int + 2 * (d.impressions is not null)::int + 4 * (d.clicks is not null)::int
    + 8 * (d.conversions is not null)::int + 16 * (d.claimed_revenue is not null)::int + 32 * (d.orders is not null)::int
    + 64 * (d.ledger_revenue is not null)::int + 128 * (d.refunds is not null)::int + 256 * (d.taxes is not null)::int
    + 512 * (d.shipping is not null)::int
    + 1024 * coalesce(least(d.spend, d.impressions, d.clicks, d.conversions, d.orders, d.refunds) < 0, false)::int
$$;

-- The owner sees the rows of all agencies for as long as this takes. Compiling each channel's query would take longer than it does.
set local jit = off;
alter table channel no force row level security;
alter table metric_daily no force row level security;
insert into counted_day
select c.organization_id, c.id, d.*
from channel c cross join lateral counted_days_of(c.organization_id, c.id, '-infinity', 'infinity') d;
insert into counted_channel (organization_id, channel_id, reported)
select d.organization_id, d.channel_id, bit_or(reported_bits(d)) from counted_day d group by d.organization_id, d.channel_id;
alter table metric_daily force row level security;
alter table channel force row level security;

-- A statement that stores rows says which days it touched. They are counted before the transaction ends, and not after each
-- statement: a reading stores its pages one by one, and each may hold some of the same days.
create function days_changed() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into public.counted_channel as c (organization_id, channel_id, due_first, due_last)
    select organization_id, channel_id, min(day), max(day) from changed group by organization_id, channel_id
    order by organization_id, channel_id
    on conflict (organization_id, channel_id) do update
      set due_first = least(c.due_first, excluded.due_first), due_last = greatest(c.due_last, excluded.due_last);
  else
    -- Where something changed something was stored, unless its channel goes with it.
    update public.counted_channel c
    set due_first = least(c.due_first, t.first_day), due_last = greatest(c.due_last, t.last_day)
    from (select organization_id, channel_id, min(day) as first_day, max(day) as last_day from changed
          group by organization_id, channel_id) t
    where c.organization_id = t.organization_id and c.channel_id = t.channel_id;
  end if;
  return null;
end $$;

create function count_days() returns trigger language plpgsql as $$
declare
  due record;
begin
  -- Of several changes the last one says what is due; after the first was counted, nothing is.
  select c.due_first, c.due_last into due from public.counted_channel c
  where c.organization_id = new.organization_id and c.channel_id = new.channel_id;
  if due.due_first is null then return null; end if;
  with counted as materialized (
    select d.* from public.counted_days_of(new.organization_id, new.channel_id, due.due_first, due.due_last) d
  ), gone as (
    delete from public.counted_day d
    where d.organization_id = new.organization_id and d.channel_id = new.channel_id and d.day between due.due_first and due.due_last
      and d.day not in (select c.day from counted c)
  )
  insert into public.counted_day as d
  select new.organization_id, new.channel_id, c.* from counted c
  on conflict (organization_id, channel_id, day) do update
    set spend = excluded.spend, impressions = excluded.impressions, clicks = excluded.clicks, conversions = excluded.conversions,
      claimed_revenue = excluded.claimed_revenue, orders = excluded.orders, ledger_revenue = excluded.ledger_revenue,
      refunds = excluded.refunds, taxes = excluded.taxes, shipping = excluded.shipping
    where (d.spend, d.impressions, d.clicks, d.conversions, d.claimed_revenue, d.orders, d.ledger_revenue, d.refunds, d.taxes, d.shipping)
      is distinct from (excluded.spend, excluded.impressions, excluded.clicks, excluded.conversions, excluded.claimed_revenue,
        excluded.orders, excluded.ledger_revenue, excluded.refunds, excluded.taxes, excluded.shipping);
  update public.counted_channel c
  set due_first = null, due_last = null, revision = gen_random_uuid(), reported = c.reported | coalesce((
    select bit_or(public.reported_bits(d)) from public.counted_day d
    where d.organization_id = new.organization_id and d.channel_id = new.channel_id and d.day between due.due_first and due.due_last), 0)
  where c.organization_id = new.organization_id and c.channel_id = new.channel_id;
  return null;
end $$;

-- Transitions are told of one kind of statement each. A row never changes its key, of which what it was is the same as what it is.
create trigger days_added after insert on metric_daily referencing new table as changed
  for each statement execute function days_changed();
create trigger days_changed after update on metric_daily referencing new table as changed
  for each statement execute function days_changed();
create trigger days_left after update on metric_daily referencing old table as changed
  for each statement execute function days_changed();
create trigger days_gone after delete on metric_daily referencing old table as changed
  for each statement execute function days_changed();
create constraint trigger count_days after insert or update on counted_channel deferrable initially deferred
  for each row when (new.due_first is not null) execute function count_days();

-- Seen and written like the rows that are counted. What is the same for all rows is worked out once for a statement, and not for
-- each of many thousand days.
do $$
declare name text;
begin
  foreach name in array array['counted_channel', 'counted_day'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system, audienceos_runtime', name);
    execute format($p$create policy see on %I for select to audienceos_runtime using (
      organization_id = (select current_organization()) and channel_id in (
        select c.id from channel c where c.organization_id = (select current_organization())))$p$, name);
    execute format($p$create policy add on %I for insert to audienceos_runtime
      with check (organization_id = (select current_organization()) and (select runs_agency()))$p$, name);
    execute format($p$create policy edit on %I for update to audienceos_runtime
      using (organization_id = (select current_organization()) and (select runs_agency()))$p$, name);
    execute format($p$create policy remove on %I for delete to audienceos_runtime
      using (organization_id = (select current_organization()) and (select runs_agency()))$p$, name);
  end loop;
end $$;
