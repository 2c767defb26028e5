-- Why: what an agency tells its clients has to be the same file whenever it is opened, long after figures were corrected. A report
-- is a question (whose, which days, which sections, for whom) and the moment whose rows it shows; its bytes lie beside it, so that a
-- copy of the database holds them too. Schedules make reports by themselves, each due day's once, whatever the number of servers.

create table report_schedule (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  -- Absent: of the agency as a whole.
  client_id uuid,
  title text not null check (length(title) between 1 and 120),
  persona text not null check (persona in ('cmo', 'vp_growth', 'director')),
  sections text[] not null check (cardinality(sections) between 1 and 20),
  every text not null check (every in ('weekly', 'monthly')),
  -- The day of the week from Monday, or of the month; a month that is shorter has it on its last day.
  on_day smallint not null check (on_day between 1 and case every when 'weekly' then 7 else 31 end),
  hour smallint not null check (hour between 0 and 23),
  recipients text[] not null check (cardinality(recipients) <= 20),
  enabled boolean not null,
  -- The due day whose report was made last, whatever became of the zone since.
  done_on date,
  created_by uuid not null,
  created_name text not null,
  created_at timestamptz not null,
  -- What was due before somebody last changed it is not made up for.
  changed_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, client_id) references client on delete cascade
);

create table report (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  client_id uuid,
  schedule_id uuid,
  due_on date,
  title text not null check (length(title) between 1 and 120),
  persona text not null check (persona in ('cmo', 'vp_growth', 'director')),
  sections text[] not null check (cardinality(sections) between 1 and 20),
  first_day date not null,
  last_day date not null check (last_day >= first_day),
  -- The moment whose rows it shows, and the brain state that was the newest then.
  as_of timestamptz not null,
  state_id uuid,
  state text not null check (state in ('queued', 'making', 'made', 'failed')),
  -- How many of its sections are there.
  done smallint not null default 0,
  pages integer check (pages > 0),
  size bigint check (size > 0),
  hash bytea check (length(hash) = 32),
  fault text check (length(fault) between 1 and 2000),
  created_by uuid,
  created_name text not null,
  created_at timestamptz not null,
  made_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, client_id) references client on delete cascade,
  foreign key (organization_id, schedule_id) references report_schedule on delete set null (schedule_id),
  foreign key (organization_id, state_id) references brain_state,
  constraint report_once unique (organization_id, schedule_id, due_on),
  check ((state = 'made') = (num_nonnulls(made_at, pages, size, hash) = 4) and num_nonnulls(made_at, pages, size, hash) in (0, 4)),
  check ((state = 'failed') = (fault is not null))
);
create index report_newest on report (organization_id, created_at desc, id desc);
create index report_client on report (organization_id, client_id);

-- The file, apart from what lists read. It is compressed already.
create table report_file (
  organization_id uuid not null,
  report_id uuid not null,
  bytes bytea not null check (octet_length(bytes) <= 20971520),
  primary key (organization_id, report_id),
  foreign key (organization_id, report_id) references report on delete cascade
);
alter table report_file alter column bytes set storage external;

-- To whom a report goes, each once.
create table report_mail (
  organization_id uuid not null,
  report_id uuid not null,
  email text not null check (length(email) between 3 and 254),
  state text not null check (state in ('waiting', 'sent', 'refused')),
  fault text check (length(fault) between 1 and 2000),
  sent_at timestamptz,
  primary key (organization_id, report_id, email),
  foreign key (organization_id, report_id) references report on delete cascade,
  check ((state = 'sent') = (sent_at is not null))
);

-- How a client looks on paper, or the agency: then the owner is the organization itself.
create table brand (
  organization_id uuid not null references organization on delete cascade,
  owner_id uuid not null,
  client_id uuid,
  accent text check (accent ~ '^#[0-9a-f]{6}$'),
  logo bytea check (octet_length(logo) <= 524288),
  logo_kind text check (logo_kind in ('png', 'jpeg')),
  primary key (organization_id, owner_id),
  foreign key (organization_id, client_id) references client on delete cascade,
  check (owner_id = coalesce(client_id, organization_id)),
  check ((logo is null) = (logo_kind is null))
);

do $$
declare name text;
begin
  foreach name in array array['report', 'report_schedule', 'report_file', 'report_mail', 'brand'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system, audienceos_runtime', name);
    execute format('create policy run on %I to audienceos_runtime using (organization_id = current_organization() and runs_agency())', name);
  end loop;
  -- A client's are seen and kept like the client; those of the agency as a whole are of clients that not everybody sees.
  foreach name in array array['report', 'report_schedule', 'brand'] loop
    execute format('create policy see on %I for select to audienceos_runtime using (organization_id = current_organization() and exists (
      select from client c where c.organization_id = %I.organization_id and c.id = %I.client_id))', name, name, name);
    execute format('create policy edit on %I to audienceos_runtime using (organization_id = current_organization()
      and current_member_role() = ''manager'' and exists (
      select from client c where c.organization_id = %I.organization_id and c.id = %I.client_id))', name, name, name);
  end loop;
  foreach name in array array['report_file', 'report_mail'] loop
    execute format('create policy see on %I for select to audienceos_runtime using (organization_id = current_organization() and exists (
      select from report r where r.organization_id = %I.organization_id and r.id = %I.report_id))', name, name, name);
    execute format('create policy edit on %I to audienceos_runtime using (organization_id = current_organization()
      and current_member_role() = ''manager'' and exists (
      select from report r where r.organization_id = %I.organization_id and r.id = %I.report_id))', name, name, name);
  end loop;
end $$;
-- Everybody's reports fall back to the agency's look.
create policy fall_back on brand for select to audienceos_runtime
  using (organization_id = current_organization() and client_id is null);
