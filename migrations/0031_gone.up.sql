-- Why: what was done was proposed again after a single cycle without it, and as of an earlier moment nobody could say whether it
-- was gone by then. It is gone once a week of cycles has passed without it; when that was so is written once.

-- The first day of those on which no state proposed it, since it was done; none while one does. What an older version noted
-- here was never taken back, so it begins anew.
alter table action drop column gone_on;
alter table action add column gone_on date check (gone_on >= done_on);
-- When those days had become a week: from then on what begins later is another matter.
alter table action add column gone_at timestamptz check (done_on is not null or gone_at is null);
