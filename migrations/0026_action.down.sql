drop table action_event;
drop table action;
drop function keep_action();
