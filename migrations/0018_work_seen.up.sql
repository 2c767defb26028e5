-- Why: those who run an agency see how much work waits, runs and failed, however long the list; and the operator of the
-- installation sees failed work that belongs to no agency yet (mails of sign-ups and of forgotten passwords) and has it
-- tried again.

create function count_jobs() returns table (waiting bigint, running bigint, retrying bigint, failed bigint)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
  return query
    select count(*) filter (where j.locked_at is null and j.attempts = 0),
           count(*) filter (where j.locked_at is not null),
           count(*) filter (where j.locked_at is null and j.attempts > 0 and j.attempts < j.max_attempts),
           count(*) filter (where j.locked_at is null and j.attempts >= j.max_attempts)
    from graphile_worker._private_jobs j
    where j.payload::jsonb ->> 'organization_id' = public.current_organization()::text;
end $$;

create function list_unfinished_jobs() returns table (
  id bigint, payload jsonb, attempts integer, max_attempts integer, last_error text,
  run_at timestamptz, created_at timestamptz, running boolean
) language plpgsql stable security definer set search_path = pg_catalog as $$
begin
  return query
    select j.id::bigint, j.payload::jsonb, j.attempts::integer, j.max_attempts::integer, j.last_error::text,
           j.run_at, j.created_at, j.locked_at is not null
    from graphile_worker._private_jobs j
    where j.attempts > 0 and j.locked_at is null
    order by j.attempts >= j.max_attempts desc, j.created_at desc, j.id desc limit 200;
end $$;

create function retry_any_job(job_id bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform graphile_worker.reschedule_jobs(array[job_id], run_at => now(), attempts => 0)
  from graphile_worker._private_jobs j
  where j.id = job_id and j.locked_at is null;
  return found;
end $$;

revoke execute on function count_jobs, list_unfinished_jobs, retry_any_job from public;
grant execute on function count_jobs to audienceos_runtime;
grant execute on function list_unfinished_jobs, retry_any_job to audienceos_system;
