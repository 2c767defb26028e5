-- Why: the page of findings shows everything that the newest state noticed, and what people did about each. A finding is seen to
-- by the alert that it is, so that there are no two truths about it; several findings of a state can be one alert, so which is
-- which is kept when alerts follow a state. An alert keeps where in its state its finding stands, so that its figures open. And
-- a summary is mailed once for each click and person, so the click is a row.

alter table alert
  -- Where in the state of state_id its finding stands; absent where that was not kept.
  add column number integer;

create table alert_finding (
  organization_id uuid not null,
  state_id uuid not null,
  -- The finding's place in the state.
  number integer not null,
  alert_id uuid not null,
  primary key (organization_id, state_id, number),
  foreign key (organization_id, state_id, number) references brain_result on delete cascade,
  foreign key (organization_id, alert_id) references alert on delete cascade
);
create index alert_finding_alert on alert_finding (organization_id, alert_id);

create table summary_mail (
  organization_id uuid not null,
  -- The click that asked for it: the same one asks for it once.
  id uuid not null,
  -- Who gets it.
  member_id uuid not null,
  asked_by uuid not null,
  persona text not null check (persona in ('cmo', 'vp_growth', 'director')),
  -- Absent: of all clients that whoever gets it sees.
  client_id uuid,
  -- It tells what was known then.
  as_of timestamptz not null,
  asked_at timestamptz not null,
  -- When nothing was left to send: it went, or it was not theirs to read.
  settled_at timestamptz,
  primary key (organization_id, id, member_id),
  foreign key (organization_id, member_id) references member on delete cascade,
  foreign key (organization_id, client_id) references client on delete cascade
);
create index summary_mail_asked on summary_mail (asked_at);

do $$
declare name text;
begin
  foreach name in array array['alert_finding', 'summary_mail'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
    execute format('create policy run on %I to audienceos_runtime using (organization_id = current_organization() and runs_agency())', name);
  end loop;
end $$;

-- Which alert a finding is sees who sees the alert.
grant select, insert, update on alert_finding to audienceos_runtime;
create policy see on alert_finding for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from alert a where a.organization_id = alert_finding.organization_id and a.id = alert_finding.alert_id));
grant select, insert, update on summary_mail to audienceos_runtime;
create policy own on summary_mail to audienceos_runtime
  using (organization_id = current_organization() and asked_by = current_member());

-- What is there already: a finding that became an alert is stored in it as its state says it. The system role sees the rows of
-- all organizations; whoever migrates may see none.
set local role audienceos_system;
update alert a set number = (
  select min(r.number) from brain_result r
  where r.organization_id = a.organization_id and r.state_id = a.state_id and r.kind = 'finding' and r.body = a.body);
insert into alert_finding (organization_id, state_id, number, alert_id)
  select organization_id, state_id, number, id from alert where number is not null
  on conflict (organization_id, state_id, number) do nothing;
reset role;
