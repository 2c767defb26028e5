drop function queue_depth;
drop function retry_job;
drop function list_jobs;
