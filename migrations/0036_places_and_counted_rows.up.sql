-- Why: a preview of a file waited behind accounts that were being read. Readings and thinking may take long, and nobody waits
-- for them: they are marked, so that the places that each process keeps for what people wait for refuse them, and come after
-- that in the others. What a person asked of a provider has a mark of its own: it waits for no reading, and a provider that is
-- silent keeps no import and no mail waiting.

create or replace function enqueue_job(payload jsonb, job_key text, run_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
  kind text := payload->>'job';
  mark text := case
    when kind = 'run_brain' then 'reading'
    when kind = 'sync_connection' and (payload->>'asked')::boolean is not true then 'reading'
    when kind in ('sync_connection', 'test_connection') then 'asked' end;
begin
  perform graphile_worker.add_job('job', payload::json,
    queue_name => case
      when kind = 'run_brain' then 'brain:' || (payload->>'organization_id')
      when kind in ('mail_alert', 'mail_digest', 'mail_alert_again') then 'alerts:' || (payload->>'member_id') end,
    run_at => run_at, max_attempts => 12, job_key => job_key,
    priority => case when mark is null then 0 else 10 end,
    flags => case when mark is not null then array[mark] end);
end $$;

-- Which stored rows a day of a channel is made of was told twice, for its sums and for where they come from. Windows of
-- attribution are parts of one day; but rows that name none and rows that do are the same day said twice, of which the newer
-- count, and those that name one where both are as new. Of what was known at a moment; now, if none is named.
create function counted_rows(channels uuid[], first_day date, last_day date, as_of timestamptz)
returns table (
  channel_id uuid, day date, level text, entity_id text, depth integer, observed_at timestamptz, sync_run_id uuid, spend numeric,
  impressions bigint, clicks bigint, conversions numeric, claimed_revenue numeric, orders bigint, ledger_revenue numeric,
  refunds numeric, taxes numeric, shipping numeric
) language sql stable parallel safe as $$
  select w.channel_id, w.day, w.level, w.entity_id, array_position(array['account', 'campaign', 'group', 'ad'], w.level),
    w.observed_at, w.sync_run_id, w.spend, w.impressions, w.clicks, w.conversions, w.claimed_revenue, w.orders, w.ledger_revenue, w.refunds, w.taxes, w.shipping
  from (
    select k.*, first_value(k.unnamed) over (
      partition by k.channel_id, k.day, k.level, k.entity_id order by k.observed_at desc, k.unnamed) as chosen
    from (
      select m.channel_id, m.day, m.level, m.entity_id, m.attribution = '' as unnamed, m.observed_at, m.sync_run_id, m.spend,
        m.impressions, m.clicks, m.conversions, m.claimed_revenue, m.orders, m.ledger_revenue, m.refunds, m.taxes, m.shipping
      from public.metric_daily m
      where $4 is null and m.channel_id = any($1) and m.day between $2 and $3
      union all
      select n.channel_id, n.day, n.level, n.entity_id, n.attribution = '', n.observed_at, n.sync_run_id, n.spend,
        n.impressions, n.clicks, n.conversions, n.claimed_revenue, n.orders, n.ledger_revenue, n.refunds, n.taxes, n.shipping
      from (
        select distinct on (o.channel_id, o.day, o.level, o.entity_id, o.attribution) o.*
        from public.metric_observation o
        where $4 is not null and o.channel_id = any($1) and o.day between $2 and $3 and o.observed_at <= $4
        order by o.channel_id, o.day, o.level, o.entity_id, o.attribution, o.observed_at desc, o.sync_run_id desc
      ) n
      where not n.withdrawn
    ) k
  ) w
  where w.unnamed = w.chosen
$$;
