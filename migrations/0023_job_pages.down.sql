drop function list_unfinished_jobs(boolean, timestamptz, bigint, bigint);
drop function list_jobs(timestamptz, bigint, bigint);
drop function queued_jobs;
