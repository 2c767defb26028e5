alter table connection drop column reached_hash;
drop table exchange_rate_observation;
alter table action drop column gone_at;
alter table action drop column gone_on;
alter table action add column gone_on date check (gone_on >= done_on);
