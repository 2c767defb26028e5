alter table shop_order drop column observed_at;
