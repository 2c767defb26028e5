-- Why: people who run an agency see its background work and have a failed job tried again. The queue's own tables stay
-- out of reach; these functions show and touch only jobs that name the acting member's organization. The queue's schema
-- is installed after this migration, hence the late-bound bodies.

create function list_jobs() returns table (
  id bigint, payload jsonb, attempts integer, max_attempts integer, last_error text,
  run_at timestamptz, created_at timestamptz, running boolean
) language plpgsql stable security definer set search_path = pg_catalog as $$
begin
  return query
    select j.id::bigint, j.payload::jsonb, j.attempts::integer, j.max_attempts::integer, j.last_error::text,
           j.run_at, j.created_at, j.locked_at is not null
    from graphile_worker._private_jobs j
    where j.payload::jsonb ->> 'organization_id' = public.current_organization()::text
    order by j.created_at desc, j.id desc limit 200;
end $$;

create function retry_job(job_id bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform graphile_worker.reschedule_jobs(array[job_id], run_at => now(), attempts => 0)
  from graphile_worker._private_jobs j
  where j.id = job_id and j.locked_at is null
    and j.payload::jsonb ->> 'organization_id' = public.current_organization()::text;
  return found;
end $$;

-- For operators: how much work there is over all organizations, without saying whose.
create function queue_depth() returns table (waiting bigint, running bigint, failed bigint, oldest_seconds double precision)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
  return query
    select count(*) filter (where j.locked_at is null and j.attempts < j.max_attempts),
           count(*) filter (where j.locked_at is not null),
           count(*) filter (where j.attempts >= j.max_attempts and j.locked_at is null),
           coalesce(extract(epoch from now() - min(j.run_at) filter (
             where j.locked_at is null and j.attempts < j.max_attempts and j.run_at <= now())), 0)::double precision
    from graphile_worker._private_jobs j;
end $$;

revoke execute on function list_jobs, retry_job, queue_depth from public;
grant execute on function list_jobs, retry_job to audienceos_runtime;
grant execute on function queue_depth to audienceos_system;
