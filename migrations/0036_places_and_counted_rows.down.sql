drop function counted_rows;
create or replace function enqueue_job(payload jsonb, job_key text, run_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform graphile_worker.add_job('job', payload::json,
    queue_name => case
      when payload->>'job' = 'run_brain' then 'brain:' || (payload->>'organization_id')
      when payload->>'job' in ('mail_alert', 'mail_digest', 'mail_alert_again') then 'alerts:' || (payload->>'member_id') end,
    run_at => run_at, max_attempts => 12, job_key => job_key);
end $$;
