-- Why: what people change at simulated providers (an ad is paused, a budget set) makes that agency's world another one from
-- that moment on. It is kept, so that the world is the same after a restart. What a change means is known to those who
-- answer for the providers only.
create table simulated_change (
  organization_id uuid not null,
  -- In the order in which they were made, from 1 on.
  number integer not null check (number > 0),
  mode text not null default 'simulated' check (mode = 'simulated'),
  change jsonb not null,
  primary key (organization_id, number),
  -- A live agency has none.
  foreign key (organization_id, mode) references organization (organization_id, mode) on delete cascade
);
alter table simulated_change enable row level security;
alter table simulated_change force row level security;
create policy system on simulated_change to audienceos_system using (true) with check (true);
grant select, insert, update, delete on simulated_change to audienceos_system;
