-- Why: what was repaired may break again, and a creative may tire again, before it is known what came of the first time. One
-- thing stands in the ledger once until it was done; once nothing asked for it any more it may be proposed again beside that.

drop index action_once;
create unique index action_once on action (organization_id, client_id, key) where state in ('proposed', 'withdrawn', 'approved');

-- The first day after it was done on which no state proposed it any more.
alter table action add column gone_on date check (gone_on >= done_on);
