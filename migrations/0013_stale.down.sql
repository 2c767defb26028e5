alter table connection drop column stale_told_at;
