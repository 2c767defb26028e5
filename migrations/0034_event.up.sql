-- Why: pages that are open are told when what they show has changed, on whichever server they are open. The database tells all
-- servers once a change is committed: the agency, what kind of change it is, and an id. What of that a member may know is looked
-- up by the server that tells it, as that member.
create function tell_change() returns trigger language plpgsql as $$
declare changed record;
begin
  if tg_op = 'DELETE' then changed := old; else changed := new; end if;
  perform pg_catalog.pg_notify('audienceos_change',
    concat_ws(' ', changed.organization_id::text, tg_argv[0], to_jsonb(changed) ->> tg_argv[1]));
  return null;
end $$;

-- A run began, or one ended and the figures of its clients are newer.
create trigger tell_begin after insert on sync_run for each row
  when (new.state = 'running') execute function tell_change('connection', 'connection_id');
create trigger tell_end after update of state on sync_run for each row
  when (old.state is distinct from new.state) execute function tell_change('read', 'connection_id');
create trigger tell_new after insert on connection for each row execute function tell_change('connection', 'id');
create trigger tell after update on connection for each row
  when (old.* is distinct from new.*) execute function tell_change('connection', 'id');
create trigger tell after update of client_id on channel for each row
  when (old.client_id is distinct from new.client_id) execute function tell_change('read', 'connection_id');
create trigger tell_new after insert on client for each row execute function tell_change('client', 'id');
create trigger tell after update on client for each row
  when (old.* is distinct from new.*) execute function tell_change('client', 'id');

-- What a cycle proposes and notices comes with it; after that, people decide.
create trigger tell after update of state on brain_cycle for each row
  when (old.state is distinct from new.state and new.state in ('done', 'failed')) execute function tell_change('brain', 'id');
create trigger tell after update of state on action for each row
  when (old.state is distinct from new.state) execute function tell_change('action', 'id');
create trigger tell after update of acknowledged_at, snoozed_until, ended_at on alert for each row
  when ((old.acknowledged_at, old.snoozed_until, old.ended_at) is distinct from (new.acknowledged_at, new.snoozed_until, new.ended_at))
  execute function tell_change('alert', 'id');

-- Whose stream it is may have to end.
create trigger tell after delete on session for each row execute function tell_change('session', 'member_id');
create trigger tell after update of role, deactivated_at on member for each row
  when (old.role is distinct from new.role or old.deactivated_at is distinct from new.deactivated_at)
  execute function tell_change('session', 'id');
