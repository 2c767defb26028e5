drop table lift_test;
drop table exchange_rate;
drop table brain_choice;
drop table brain_cycle;
drop table brain_result;
drop table brain_state;
alter table client drop column margin_percent;
alter table organization drop column brain_next_at;
create or replace function enqueue_job(payload jsonb, job_key text, run_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
  perform graphile_worker.add_job('job', payload::json, run_at => run_at, max_attempts => 12, job_key => job_key);
end $$;
