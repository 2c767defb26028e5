drop table lift_test;
drop table exchange_rate;
drop table brain_choice;
drop table brain_cycle;
drop table brain_result;
drop table brain_state;
alter table client drop column margin_percent;
alter table organization drop column brain_next_at;
