delete from saved_view where page <> 'analytics';
drop index saved_view_name;
alter table saved_view drop column page;
create unique index saved_view_name on saved_view (organization_id, member_id, lower(name));
