-- Why: what the brain proposes is held to account afterwards. An action is proposed by a state and changes with every newer one
-- until somebody approves it; from then on its prediction is registered and no code can change it. What people decide, and when,
-- is kept for ever. Days are those of the client's zone, so that "the days after it was done" are the days that figures have.

create table action (
  organization_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  channel_id uuid,
  -- The same thing proposed by another state has the same key.
  key text not null check (length(key) between 1 and 1200),
  kind text not null check (kind ~ '^[a-z_]{1,40}$'),
  state text not null check (state in ('proposed', 'withdrawn', 'approved', 'dismissed', 'done', 'measured', 'undone')),
  -- The day on which it came to stand so.
  since date not null,
  -- The newest state that proposed it before anybody decided.
  state_id uuid not null,
  -- Its place in the ranking: what it is worth in the agency's currency, and how probable it is that its grounds are true.
  score double precision,
  probability double precision not null,
  proposal jsonb not null,
  proposed_at timestamptz not null,
  -- When somebody said that it was done, and on which day that was.
  done_at timestamptz,
  done_on date,
  -- What came of it, or why that cannot be said.
  measured jsonb,
  unmeasured text check (length(unmeasured) between 1 and 2000),
  primary key (organization_id, id),
  foreign key (organization_id, client_id) references client on delete cascade,
  foreign key (organization_id, channel_id) references channel,
  foreign key (organization_id, state_id) references brain_state,
  constraint action_done check ((state in ('done', 'measured', 'undone')) = (done_on is not null) and (done_on is null) = (done_at is null)),
  constraint action_measured check ((state = 'measured') = (num_nonnulls(measured, unmeasured) = 1) and num_nonnulls(measured, unmeasured) < 2)
);
-- One thing stands in the ledger once until it is known what came of it.
create unique index action_once on action (organization_id, client_id, key) where state in ('proposed', 'withdrawn', 'approved', 'done');
create index action_state on action (organization_id, state);
create index action_client on action (organization_id, client_id);

-- What happened to an action, and who did it: nobody's account where the product itself did. Only ever added to.
create table action_event (
  organization_id uuid not null,
  id uuid not null,
  action_id uuid not null,
  state text not null check (state in ('proposed', 'withdrawn', 'approved', 'dismissed', 'done', 'measured', 'undone')),
  at timestamptz not null,
  member_id uuid,
  member_name text,
  reason text check (length(reason) between 1 and 2000),
  primary key (organization_id, id),
  foreign key (organization_id, action_id) references action on delete cascade,
  constraint action_event_reason check (state <> 'dismissed' or reason is not null)
);
create index action_event_action on action_event (organization_id, action_id, at, id);

-- Whoever asks, in whatever role: what an action is never changes, it goes from one state to another only as written here, and
-- what was promised of it stays as it stood when somebody approved it.
create function keep_action() returns trigger language plpgsql set search_path = public as $$
begin
  if (new.id, new.client_id, new.key, new.kind, new.proposed_at)
    is distinct from (old.id, old.client_id, old.key, old.kind, old.proposed_at) then
    raise exception 'an action stays the one that it is';
  end if;
  if new.state <> old.state and (old.state, new.state) not in (('proposed', 'approved'), ('proposed', 'dismissed'),
      ('proposed', 'withdrawn'), ('withdrawn', 'proposed'), ('approved', 'done'), ('approved', 'dismissed'),
      ('done', 'measured'), ('done', 'undone')) then
    raise exception 'an action that is % does not become %', old.state, new.state;
  end if;
  if (new.proposal, new.score, new.probability, new.state_id, new.channel_id)
      is distinct from (old.proposal, old.score, old.probability, old.state_id, old.channel_id)
    and not (old.state in ('proposed', 'withdrawn') and new.state = 'proposed') then
    raise exception 'what was predicted of an action does not change once somebody decided';
  end if;
  if new.state = old.state and (new.since, new.done_at, new.done_on, new.measured, new.unmeasured)
      is distinct from (old.since, old.done_at, old.done_on, old.measured, old.unmeasured)
    or old.done_on is not null and (new.done_at, new.done_on) is distinct from (old.done_at, old.done_on) then
    raise exception 'what came of an action is written once';
  end if;
  return new;
end $$;
create trigger keep_action before update on action for each row execute function keep_action();

do $$
declare name text;
begin
  foreach name in array array['action', 'action_event'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
  end loop;
end $$;

-- Nothing is deleted, and no event is changed.
grant select, insert, update on action to audienceos_runtime;
grant select, insert on action_event to audienceos_runtime;
-- Everybody reads those of the clients in their sight; a client is changed by those who run the agency and by its Managers, and
-- so are its actions. Only the product itself, which runs the agency, proposes.
create policy see on action for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from client c where c.organization_id = action.organization_id and c.id = action.client_id));
create policy propose on action for insert to audienceos_runtime
  with check (organization_id = current_organization() and runs_agency());
create policy decide on action for update to audienceos_runtime using (
  organization_id = current_organization() and current_member_role() in ('owner', 'admin', 'manager') and exists (
    select from client c where c.organization_id = action.organization_id and c.id = action.client_id));
create policy see on action_event for select to audienceos_runtime using (
  organization_id = current_organization() and exists (
    select from action a where a.organization_id = action_event.organization_id and a.id = action_event.action_id));
create policy tell on action_event for insert to audienceos_runtime with check (
  organization_id = current_organization() and current_member_role() in ('owner', 'admin', 'manager') and exists (
    select from action a where a.organization_id = action_event.organization_id and a.id = action_event.action_id));
