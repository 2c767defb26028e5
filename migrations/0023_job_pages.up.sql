-- Why: the lists of background work are read page by page, like every other list: after a moment and a number, and one
-- row more than a page holds. What a job looks like stands once, for both lists. The lists of before stay until no server
-- asks for them any more.

create function queued_jobs(of_organization text, failed boolean, exhausted boolean, after_at timestamptz, after_id bigint, most bigint)
returns table (
  id bigint, payload jsonb, attempts integer, max_attempts integer, last_error text,
  run_at timestamptz, created_at timestamptz, running boolean
) language plpgsql stable set search_path = pg_catalog as $$
begin
  return query
    select j.id::bigint, j.payload::jsonb, j.attempts::integer, j.max_attempts::integer, j.last_error::text,
           j.run_at, j.created_at, j.locked_at is not null
    from graphile_worker._private_jobs j
    where (of_organization is null or j.payload::jsonb ->> 'organization_id' = of_organization)
      and (not failed or (j.attempts > 0 and j.locked_at is null))
      and (exhausted is null or (j.attempts >= j.max_attempts) = exhausted)
      and (after_at is null or (j.created_at, j.id) < (after_at, after_id))
    order by j.created_at desc, j.id desc limit most;
end $$;

create function list_jobs(after_at timestamptz, after_id bigint, most bigint) returns table (
  id bigint, payload jsonb, attempts integer, max_attempts integer, last_error text,
  run_at timestamptz, created_at timestamptz, running boolean
) language plpgsql stable security definer set search_path = pg_catalog as $$
begin
  -- Without an organization there are none: never all.
  if public.current_organization() is null then
    return;
  end if;
  return query select * from public.queued_jobs(public.current_organization()::text, false, null, after_at, after_id, most);
end $$;

create function list_unfinished_jobs(exhausted boolean, after_at timestamptz, after_id bigint, most bigint) returns table (
  id bigint, payload jsonb, attempts integer, max_attempts integer, last_error text,
  run_at timestamptz, created_at timestamptz, running boolean
) language plpgsql stable security definer set search_path = pg_catalog as $$
begin
  return query select * from public.queued_jobs(null, true, exhausted, after_at, after_id, most);
end $$;

revoke execute on function queued_jobs, list_jobs(timestamptz, bigint, bigint),
  list_unfinished_jobs(boolean, timestamptz, bigint, bigint) from public;
grant execute on function list_jobs(timestamptz, bigint, bigint) to audienceos_runtime;
grant execute on function list_unfinished_jobs(boolean, timestamptz, bigint, bigint) to audienceos_system;
