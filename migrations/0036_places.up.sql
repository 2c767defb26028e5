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
