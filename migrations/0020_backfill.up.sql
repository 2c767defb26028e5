-- Why: how far back a connection is read for the first time is its own affair: ninety days as a rule, more where the whole
-- past is wanted.
alter table connection add column backfill_days smallint not null default 90 check (backfill_days between 1 and 1100);
