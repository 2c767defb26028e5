drop index channel_account_once;
alter table channel drop column provider;
