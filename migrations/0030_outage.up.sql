-- Why: an outage covers channels, and who has seen to the outage of one has not seen to that of another. Each alert about an
-- outage keeps the channels that it covers, so that one that reaches another channel is told again, once, and one that shrinks
-- is not. The weekly digest is told by the Monday it was of: a change of zone moves the hour of a Monday, not the Monday.
-- A mail that was set aside has to stand among the background work until a person has it tried again.

create table alert_channel (
  organization_id uuid not null,
  alert_id uuid not null,
  channel_id uuid not null,
  -- The first day whose state found the outage without this channel; none while the channel is among those that are out.
  missing_since date,
  primary key (organization_id, alert_id, channel_id),
  foreign key (organization_id, alert_id) references alert on delete cascade
);

alter table alert_channel enable row level security;
alter table alert_channel force row level security;
create policy system on alert_channel to audienceos_system using (true) with check (true);
grant select, insert, update, delete on alert_channel to audienceos_system;
create policy run on alert_channel to audienceos_runtime using (organization_id = current_organization() and runs_agency());
create policy see on alert_channel for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from alert a where a.organization_id = alert_channel.organization_id and a.id = alert_channel.alert_id));
grant select, insert, update on alert_channel to audienceos_runtime;

alter table organization
  -- The Monday whose digest went last. When the next one comes is not stored any more: digest_next_at stays until no server
  -- asks for it.
  add column digest_on date;

-- The system role sees the rows of all organizations; whoever migrates may see none.
set local role audienceos_system;
insert into alert_channel (organization_id, alert_id, channel_id)
  select organization_id, id, channel_id from alert where story like 'outage %' and channel_id is not null;
-- What was said of all channels of a client was said without their names.
insert into alert_channel (organization_id, alert_id, channel_id)
  select a.organization_id, a.id, c.id from alert a
    join channel c on c.organization_id = a.organization_id and c.client_id = a.client_id
  where a.story like 'outage %' and a.channel_id is null;
update alert set story = 'outage ' || coalesce(client_id::text, '-') where story like 'outage %';
update organization set digest_on = (digest_next_at at time zone time_zone - interval '7 days')::date
  where digest_next_at is not null;
reset role;

-- Has a job stand among those that failed, for this reason and after so many tries, until a person has it tried again. Without a
-- reason it stands there no more. Neither the job nor what stands under its key may be another organization's.
create function fail_job(payload jsonb, job_key text, reason text, tries integer) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  if public.current_organization() is null
    or payload->>'organization_id' is distinct from public.current_organization()::text
    or exists (select from graphile_worker._private_jobs j where j.key = job_key
      and j.payload::jsonb->>'organization_id' is distinct from public.current_organization()::text) then
    raise exception 'this job is of another organization' using errcode = '42501';
  end if;
  perform graphile_worker.remove_job(job_key);
  if reason is null then
    return;
  end if;
  perform public.enqueue_job(payload, job_key, null);
  perform graphile_worker.reschedule_jobs(array[j.id], max_attempts => greatest(tries, 1))
  from graphile_worker._private_jobs j where j.key = job_key;
  perform graphile_worker.permanently_fail_jobs(array[j.id], reason)
  from graphile_worker._private_jobs j where j.key = job_key;
end $$;
revoke execute on function fail_job from public;
grant execute on function fail_job to audienceos_runtime;

-- Mails to one person go one after the other, and so does having them sent again.
create or replace function enqueue_job(payload jsonb, job_key text, run_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform graphile_worker.add_job('job', payload::json,
    queue_name => case
      when payload->>'job' = 'run_brain' then 'brain:' || (payload->>'organization_id')
      when payload->>'job' in ('mail_alert', 'mail_digest', 'mail_alert_again') then 'alerts:' || (payload->>'member_id') end,
    run_at => run_at, max_attempts => 12, job_key => job_key);
end $$;
