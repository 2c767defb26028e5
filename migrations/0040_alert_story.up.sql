-- Why: a new level and the change that it turns out to be are one event, as are what a channel costs with the clicks and
-- impressions that it buys, and a shop's orders with their revenue. What makes an alert the same event is told of them by one
-- name; alerts that are known go on under it instead of being told anew.

update alert set story = regexp_replace(story, '^change_point (up|down) ', '\1 ') where story ~ '^change_point (up|down) ';
update alert set story = regexp_replace(story, ' (spend|clicks|impressions)$', ' delivery')
  where story ~ '^(up|down|change_point) .* (spend|clicks|impressions)$';
update alert set story = regexp_replace(story, ' (orders|ledger_revenue)$', ' sales')
  where story ~ '^(up|down|change_point) .* (orders|ledger_revenue)$';
