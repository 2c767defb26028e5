alter table connection drop column asked_at, drop column asked_cause;
