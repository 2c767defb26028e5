-- Why: what was repaired may break again, and a creative may tire again, before it is known what came of the first time. One
-- thing stands in the ledger once until it was done; from then on it may be proposed again beside it.

drop index action_once;
create unique index action_once on action (organization_id, client_id, key) where state in ('proposed', 'withdrawn', 'approved');
