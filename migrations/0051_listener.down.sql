drop table listener;
