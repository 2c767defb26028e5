drop function retry_any_job, list_unfinished_jobs, count_jobs;
