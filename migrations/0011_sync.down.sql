drop table webhook_event, shop_day, shop_refund, shop_order;
alter table sync_cursor drop column sync_run_id;
alter table sync_run drop column attempts, drop column held_until, drop column holder;
alter table connection drop column tested_fault, drop column tested_ms, drop column tested_at, drop column queued_at;
