-- Why: what was observed later must win, whoever wrote it. Clocks of servers differ, so the moments at which a channel's
-- values are said come from the database and grow from one to the next.
create table metric_moment (
  organization_id uuid not null,
  channel_id uuid not null,
  -- When the channel's newest observations were said.
  at timestamptz not null,
  primary key (organization_id, channel_id),
  foreign key (organization_id, channel_id) references channel on delete cascade
);
insert into metric_moment (organization_id, channel_id, at)
  select organization_id, channel_id, max(observed_at) from metric_observation group by 1, 2;
alter table metric_moment enable row level security;
alter table metric_moment force row level security;
create policy system on metric_moment to audienceos_system using (true) with check (true);
grant select, insert, update, delete on metric_moment to audienceos_system;
create policy see on metric_moment for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from channel c where c.organization_id = metric_moment.organization_id and c.id = metric_moment.channel_id));
create policy run on metric_moment to audienceos_runtime
  using (organization_id = current_organization() and runs_agency());
grant select, insert, update on metric_moment to audienceos_runtime;
