-- Why: of two answers about one order with the same moment of change, which shops tell in seconds, the one that was asked
-- for later is the newer.

-- When the answer was asked for that the order is as of. Orders from before are as old as they can be.
alter table shop_order add column observed_at timestamptz not null default '-infinity';
alter table shop_order alter column observed_at drop default;
