drop trigger keep_mode on connection;
drop trigger keep_mode on organization;
drop function keep_mode;
alter table connection drop constraint connection_mode;
alter table organization drop column ahead_seconds, drop column mode;
