-- Why: the inbox is narrowed every day in the same few ways, as figures are asked for in the same words every Monday. A member keeps
-- both under names, and those of each page by themselves: a view of the inbox may be called as one of the figures is.

alter table saved_view add column page text not null default 'analytics' check (page in ('analytics', 'inbox'));
drop index saved_view_name;
create unique index saved_view_name on saved_view (organization_id, member_id, page, lower(name));
