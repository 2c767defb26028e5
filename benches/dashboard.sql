-- Fills the one agency of an installation: ten channels for each of its clients, of which the last is a shop, read to the end of
-- yesterday for 730 days. Amounts have a week, a trend and noise that is the same each time. Rows lie where a reading puts them.
begin;

-- One currency: without rates of exchange nothing else would be added up.
update client c set currency = o.currency from organization o where o.organization_id = c.organization_id;

create temp table made as
select c.organization_id, gen_random_uuid() as id, c.id as client_id, c.currency, n as place,
  (row_number() over (order by c.name, n))::int as number,
  case when n = 10 then 'shop' else 'ads' end as kind,
  case when n = 10 then 'shopify' else (array['google_ads', 'meta_ads', 'tiktok_ads'])[1 + n % 3] end as provider
from client c cross join generate_series(1, 10) n;

-- An account with all of the agency's advertising at each platform, and each shop by itself.
create temp table linked as
select gen_random_uuid() as id, gen_random_uuid() as run_id, organization_id, provider, shop
from (select distinct organization_id, provider, case when kind = 'shop' then client_id end as shop from made) one;

insert into connection (organization_id, id, provider, label, created_by, created_at, last_sync_at, backfill_days)
select l.organization_id, l.id, l.provider, l.provider || coalesce(' ' || c.name, ''),
  (select m.id from member m where m.organization_id = l.organization_id order by m.created_at limit 1), now() - interval '2 years', now(), 730
from linked l left join client c on c.id = l.shop;

insert into channel (organization_id, id, connection_id, client_id, kind, external_id, name, currency, time_zone, created_at, provider)
select m.organization_id, m.id, l.id, m.client_id, m.kind, m.number::text, 'Account ' || m.number, m.currency, 'UTC',
  now() - interval '2 years', m.provider
from made m join linked l on l.provider = m.provider and l.shop is not distinct from case when m.kind = 'shop' then m.client_id end;

insert into sync_run (organization_id, id, connection_id, cause, state, started_at, finished_at, days_done, days_total)
select organization_id, run_id, id, 'first', 'succeeded', now() - interval '1 hour', now(), 730, 730 from linked;

-- The day that has not ended was read, too, and is no whole one.
insert into sync_cursor (organization_id, channel_id, stream, first_day, last_day, updated_at)
select organization_id, id, case kind when 'shop' then 'orders' else 'days' end,
  (now() at time zone 'UTC')::date - 730, (now() at time zone 'UTC')::date, now()
from made;

insert into metric_observation (organization_id, channel_id, day, level, entity_id, attribution, observed_at, sync_run_id,
  spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping)
select m.organization_id, m.id, (now() at time zone 'UTC')::date - d.ago, 'account', m.number::text, '', now(), l.run_id,
  case when kind = 'ads' then amount end,
  case when kind = 'ads' then (amount * 180)::bigint end,
  case when kind = 'ads' then (amount * 3)::bigint end,
  case when kind = 'ads' then round(amount / 20, 2) end,
  case when kind = 'ads' then round(amount * (2.5 + noise), 2) end,
  case when kind = 'shop' then (amount / 2)::bigint end,
  case when kind = 'shop' then round(amount * 30, 2) end,
  case when kind = 'shop' then round(amount * 30 * 0.05 * noise, 2) end,
  case when kind = 'shop' then round(amount * 30 * 0.19, 2) end,
  case when kind = 'shop' then round(amount * 2, 2) end
from made m
join linked l on l.provider = m.provider and l.shop is not distinct from case when m.kind = 'shop' then m.client_id end
cross join generate_series(1, 730) d(ago)
cross join lateral (select (hashint4(m.number * 1009 + d.ago) & 1023)::numeric / 1023 as noise) n
cross join lateral (
  select round((20 + 3 * (m.number % 11)) * (1 + 0.25 * sin(2 * pi() * d.ago / 7.0))::numeric * (1.2 - d.ago / 3650.0)::numeric
    * (0.9 + 0.2 * noise), 2) as amount
) a;

insert into metric_daily (organization_id, channel_id, day, level, entity_id, attribution, observed_at, sync_run_id,
  spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping)
select organization_id, channel_id, day, level, entity_id, attribution, observed_at, sync_run_id,
  spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping
from metric_observation;

insert into metric_moment (organization_id, channel_id, at) select organization_id, id, now() from made;

commit;
analyze;
