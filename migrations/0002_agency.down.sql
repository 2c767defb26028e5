drop trigger role_guard on member;
drop function member_role_guard;
drop policy see on member;
drop policy edit on member;
drop policy remove on member;
revoke delete on member from audienceos_runtime;
create policy tenant on member to audienceos_runtime using (organization_id = current_organization());
drop policy own on session;
create policy own on session to audienceos_runtime
  using (organization_id = current_organization() and member_id = current_member());
drop policy see on client;
drop policy add on client;
drop policy edit on client;
create policy tenant on client to audienceos_runtime
  using (organization_id = current_organization() and current_member_role() in ('owner', 'admin'));
drop table contact_address, contact, stage_change, audit_event, invitation, assignment;
alter table client
  drop column website, drop column industry, drop column currency, drop column time_zone, drop column owner_id,
  drop column tags, drop column notes, drop column stage_id, drop column stage_since, drop column archived_at;
drop table stage;
alter table member drop column nickname;
drop index member_newest;
alter table organization
  drop constraint organization_thresholds, drop column time_zone, drop column currency,
  drop column stage_yellow_days, drop column stage_red_days;
drop function runs_agency;
