-- Why: what people do at the inbox all day. It is narrowed again and again in the same few ways, as figures are asked for in the same
-- words every Monday: a member keeps both under names. A conversation is handed to whoever is to see to it, also upwards. And who is
-- called by a note finds the conversation unread.

-- A view of the inbox may be called as one of the figures is.
alter table saved_view add column page text not null default 'analytics' check (page in ('analytics', 'inbox'));
drop index saved_view_name;
create unique index saved_view_name on saved_view (organization_id, member_id, page, lower(name));

-- Those who run the agency see every client, and so share one with whoever sees any.
create policy see_above on member for select to audienceos_runtime using (
  organization_id = current_organization() and role in ('owner', 'admin') and exists (
    select from assignment a where a.organization_id = member.organization_id and a.member_id = current_member()));

-- Who may write a note in a conversation may make it unread for those whom it calls; nothing else of what others read is theirs to
-- change. (To write over a row is to see it.)
create policy see_called on read_mark for select to audienceos_runtime using (organization_id = current_organization()
  and current_member_role() in ('owner', 'admin', 'manager') and exists (
  select from conversation c where c.organization_id = read_mark.organization_id and c.id = read_mark.conversation_id));
create policy call on read_mark for insert to audienceos_runtime with check (organization_id = current_organization()
  and read_at = '-infinity' and current_member_role() in ('owner', 'admin', 'manager') and exists (
  select from conversation c where c.organization_id = read_mark.organization_id and c.id = read_mark.conversation_id));
create policy call_again on read_mark for update to audienceos_runtime using (organization_id = current_organization()
  and current_member_role() in ('owner', 'admin', 'manager') and exists (
  select from conversation c where c.organization_id = read_mark.organization_id and c.id = read_mark.conversation_id))
  with check (organization_id = current_organization() and read_at = '-infinity');
