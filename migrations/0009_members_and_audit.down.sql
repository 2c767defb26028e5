drop index client_owner, audit_event_action, audit_event_member;
alter table audit_event drop column resource_name, drop column member_name;
