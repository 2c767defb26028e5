drop table summary_mail;
drop table alert_finding;
alter table alert drop column number;
