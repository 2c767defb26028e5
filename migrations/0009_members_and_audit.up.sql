-- Why: people read the audit log long after a client was renamed or a member has left, so an entry keeps the names of its
-- time. Entries from before have none; they are shown with today's. The log is also read by member and by rule.

alter table audit_event
  add column member_name text not null default '',
  add column resource_name text not null default '';
create index audit_event_member on audit_event (organization_id, member_id, created_at desc, id desc);
create index audit_event_action on audit_event (organization_id, action, created_at desc, id desc);

-- Who answers for which clients, asked whenever a member is to go.
create index client_owner on client (organization_id, owner_id) where owner_id is not null;

-- Lines of a text end with a line feed, whatever machine they were typed on.
-- The system role sees the rows of all organizations; whoever migrates may see none.
set local role audienceos_system;
update client set notes = replace(replace(notes, e'\r\n', e'\n'), e'\r', e'\n') where position(e'\r' in notes) > 0;
reset role;
