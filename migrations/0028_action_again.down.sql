drop index action_once;
create unique index action_once on action (organization_id, client_id, key) where state in ('proposed', 'withdrawn', 'approved', 'done');
