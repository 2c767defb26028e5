drop trigger tell_new on conversation_member;
drop trigger tell_gone on conversation_member;
drop trigger tell_sight on conversation;
drop table listener;
