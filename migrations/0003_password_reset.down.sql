drop table password_reset;
alter table sign_up drop column token_version;
