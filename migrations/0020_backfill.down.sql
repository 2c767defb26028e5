alter table connection drop column backfill_days;
