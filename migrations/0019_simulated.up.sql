-- Why: a simulated agency shows the product at work beside real ones. What it holds is simulated and nothing elsewhere is:
-- the database keeps it so, whatever code runs. Its clock may be ahead of ours, so that a week can be tried in a moment.

alter table organization add column mode text not null default 'live' check (mode in ('live', 'simulated'));
alter table organization add column ahead_seconds bigint not null default 0
  check (ahead_seconds between 0 and 400 * 86400), add check (ahead_seconds = 0 or mode = 'simulated');
alter table organization add constraint organization_mode unique (organization_id, mode);
alter table connection add constraint connection_mode foreign key (organization_id, mode)
  references organization (organization_id, mode) on delete cascade;

create function keep_mode() returns trigger language plpgsql set search_path = public as $$
begin
  raise exception 'what is live stays live, and what is simulated stays simulated'
    using errcode = 'check_violation', constraint = tg_table_name || '_mode';
end $$;
create trigger keep_mode before update of mode on organization
  for each row when (old.mode is distinct from new.mode) execute function keep_mode();
create trigger keep_mode before update of mode on connection
  for each row when (old.mode is distinct from new.mode) execute function keep_mode();
