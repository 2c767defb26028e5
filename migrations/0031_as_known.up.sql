-- Why: what was done was proposed again after a single cycle without it, and as of an earlier moment nobody could say whether it
-- was gone by then. It is gone once a week of cycles has passed without it; when that was so is written once.

-- The first day of those on which no state proposed it, since it was done; none while one does. What an older version noted
-- here was never taken back, so it begins anew.
alter table action drop column gone_on;
alter table action add column gone_on date check (gone_on >= done_on);
-- When those days had become a week: from then on what begins later is another matter.
alter table action add column gone_at timestamptz check (done_on is not null or gone_at is null);

-- What was said of a rate, and when: one that is corrected later is still there as it was when a state was made with it. The
-- current rates stay what is asked every day.
create table exchange_rate_observation (
  organization_id uuid not null references organization on delete cascade,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  day date not null,
  observed_at timestamptz not null,
  per_euro numeric not null check (per_euro > 0),
  primary key (organization_id, currency, day, observed_at)
);
-- The owner sees the rows of all agencies for as long as this takes.
alter table exchange_rate no force row level security;
insert into exchange_rate_observation (organization_id, currency, day, observed_at, per_euro)
  select organization_id, currency, day, imported_at, per_euro from exchange_rate;
alter table exchange_rate force row level security;
alter table exchange_rate_observation enable row level security;
alter table exchange_rate_observation force row level security;
create policy system on exchange_rate_observation to audienceos_system using (true) with check (true);
grant select, insert, update, delete on exchange_rate_observation to audienceos_system;
create policy see on exchange_rate_observation for select to audienceos_runtime using (organization_id = current_organization());
create policy run on exchange_rate_observation to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());
-- Append-only: no update, no delete.
grant select, insert on exchange_rate_observation to audienceos_runtime;

-- Which accounts a credential reached that somebody typed: SHA-256 of their ids. The same accounts are one connection, also for a
-- form that is sent twice at once. What was typed before this is known again once it is typed anew.
alter table connection add column reached_hash bytea check (length(reached_hash) = 32);
create unique index connection_reached on connection (organization_id, provider, reached_hash)
  where given = 'token' and disconnected_at is null;
