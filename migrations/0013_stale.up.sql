-- Why: those who run the agency are told once when a connection was not read for a day, whatever the reason.
alter table connection add column stale_told_at timestamptz;
