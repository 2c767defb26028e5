drop table brand;
drop table report_mail;
drop table report_file;
drop table report;
drop table report_schedule;
