-- Why: what the brain notices has to reach the people who look after the client, once. The same event is found again by every
-- cycle; an alert is that event, with what people did about it. Rules say who gets mail about what, and a row for each alert
-- and member is the effect key by which nothing is mailed twice. Who sees an alert is decided by the client's own policies,
-- also when a mail is written: it is read as the member who gets it.

alter table organization
  -- When the weekly digest comes next: Monday 08:00 in the agency's zone.
  add column digest_next_at timestamptz;

create table alert (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  -- What makes it the same event in another cycle, beside its days: family of kinds, entity, metric.
  story text not null check (length(story) between 1 and 500),
  kind text not null check (kind ~ '^[a-z_]{1,40}$'),
  -- What it is about: how deep it lies, and its id there.
  level text not null check (level in ('agency', 'client', 'channel', 'campaign', 'group', 'creative')),
  entity text not null,
  severity text not null check (severity in ('info', 'low', 'medium', 'high')),
  first_day date not null,
  last_day date not null check (last_day >= first_day),
  -- Absent: of the agency as a whole, or of channels that belong to no client.
  client_id uuid,
  channel_id uuid,
  -- The finding as the newest state that has it says it.
  body text not null,
  first_state_id uuid not null,
  state_id uuid not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- The first day whose state did not find it any more; none while it is found.
  missing_since date,
  ended_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by uuid,
  acknowledged_name text,
  snoozed_until timestamptz,
  snoozed_by uuid,
  snoozed_name text,
  primary key (organization_id, id),
  foreign key (organization_id, client_id) references client on delete cascade,
  foreign key (organization_id, first_state_id) references brain_state,
  foreign key (organization_id, state_id) references brain_state
);
create index alert_newest on alert (organization_id, first_seen_at desc, id desc);
create index alert_client on alert (organization_id, client_id);

create table alert_rule (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 100),
  enabled boolean not null,
  way text not null check (way in ('mail', 'digest')),
  least_severity text not null check (least_severity in ('info', 'low', 'medium', 'high')),
  -- Those that are named; all if none is.
  client_ids uuid[] not null,
  channel_ids uuid[] not null,
  providers text[] not null,
  kinds text[] not null,
  -- Who gets it: everybody of these roles, and these members; each only of the clients in their sight.
  roles text[] not null check (roles <@ array['owner', 'admin', 'manager', 'member']),
  member_ids uuid[] not null,
  created_at timestamptz not null,
  primary key (organization_id, id)
);

create table alert_setting (
  organization_id uuid not null,
  member_id uuid not null,
  -- Minutes of the day; the hours may go over midnight.
  quiet_from smallint check (quiet_from between 0 and 1439),
  quiet_until smallint check (quiet_until between 0 and 1439),
  -- Absent: the agency's.
  time_zone text,
  digest boolean not null,
  primary key (organization_id, member_id),
  foreign key (organization_id, member_id) references member on delete cascade,
  check ((quiet_from is null) = (quiet_until is null) and quiet_from <> quiet_until)
);

create table alert_mail (
  organization_id uuid not null,
  alert_id uuid not null,
  member_id uuid not null,
  way text not null check (way in ('mail', 'digest')),
  -- Dropped: it was not theirs to see when the mail was written, or they want no digest. Refused: the mail with it could not
  -- be built, or the mail server refused it half a day long.
  state text not null check (state in ('waiting', 'sending', 'sent', 'dropped', 'refused')),
  queued_at timestamptz not null,
  -- The Monday on which the digest may have it.
  released_at timestamptz,
  -- The mail that it is in: the same for every attempt.
  mail_id uuid,
  tried_at timestamptz,
  -- How often the mail server refused that mail, and when one that did not go is tried again.
  refusals smallint not null default 0,
  retry_at timestamptz,
  sent_at timestamptz,
  primary key (organization_id, alert_id, member_id),
  foreign key (organization_id, alert_id) references alert on delete cascade,
  foreign key (organization_id, member_id) references member on delete cascade
);
create index alert_mail_open on alert_mail (organization_id, member_id) where state in ('waiting', 'sending');

-- Whether somebody wants no mail at this moment; hours that go over midnight do so on the clock of their zone.
create function in_quiet_hours(quiet_from smallint, quiet_until smallint, zone text, at timestamptz) returns boolean
language sql stable parallel safe as $$
  select coalesce(case when quiet_from < quiet_until then quiet_from <= now.minute and now.minute < quiet_until
    else quiet_from <= now.minute or now.minute < quiet_until end, false)
  from (select (extract(hour from at at time zone zone) * 60 + extract(minute from at at time zone zone))::int as minute) now
$$;

do $$
declare name text;
begin
  foreach name in array array['alert', 'alert_rule', 'alert_setting', 'alert_mail'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
    execute format('create policy run on %I to audienceos_runtime using (organization_id = current_organization() and runs_agency())', name);
  end loop;
end $$;

-- An alert is seen and dealt with like its client.
grant select, insert, update on alert to audienceos_runtime;
create policy see on alert for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from client c where c.organization_id = alert.organization_id and c.id = alert.client_id));
create policy edit on alert for update to audienceos_runtime using (
  organization_id = current_organization() and current_member_role() <> 'member' and exists (
    select from client c where c.organization_id = alert.organization_id and c.id = alert.client_id));
grant select, insert, update, delete on alert_rule to audienceos_runtime;
grant select, insert, update on alert_setting, alert_mail to audienceos_runtime;
create policy own on alert_setting to audienceos_runtime
  using (organization_id = current_organization() and member_id = current_member());

-- Agencies that are there already get the rules of a new one. The system role sees the rows of all organizations; whoever
-- migrates may see none.
set local role audienceos_system;
insert into alert_rule (organization_id, id, name, enabled, way, least_severity, client_ids, channel_ids, providers, kinds, roles,
    member_ids, created_at)
  select organization_id, gen_random_uuid(), r.name, true, r.way, r.least, '{}', '{}', '{}', '{}', '{owner,admin,manager}', '{}', now()
  from organization
  cross join (values ('High and medium, at once', 'mail', 'medium'), ('Everything else, on Mondays', 'digest', 'info'))
    as r (name, way, least);
reset role;

-- Mails to one person go one after the other: two at once would be two mails where one was meant.
create or replace function enqueue_job(payload jsonb, job_key text, run_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform graphile_worker.add_job('job', payload::json,
    queue_name => case
      when payload->>'job' = 'run_brain' then 'brain:' || (payload->>'organization_id')
      when payload->>'job' in ('mail_alert', 'mail_digest') then 'alerts:' || (payload->>'member_id') end,
    run_at => run_at, max_attempts => 12, job_key => job_key);
end $$;
