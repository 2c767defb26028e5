drop policy call_again on read_mark;
drop policy call on read_mark;
drop policy see_called on read_mark;
drop policy see_above on member;
delete from saved_view where page <> 'analytics';
drop index saved_view_name;
alter table saved_view drop column page;
create unique index saved_view_name on saved_view (organization_id, member_id, lower(name));
