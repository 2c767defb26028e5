drop trigger days_added on metric_daily;
drop trigger days_changed on metric_daily;
drop trigger days_left on metric_daily;
drop trigger days_gone on metric_daily;
drop function reported_bits;
drop table counted_day, counted_channel;
drop function days_changed, count_days, counted_days_of;
create or replace function counted_rows(channels uuid[], first_day date, last_day date, as_of timestamptz)
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
drop function counted_rows_of;
