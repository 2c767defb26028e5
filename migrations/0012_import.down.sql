drop table import, import_mapping;
drop index import_source_name;
-- Their figures would belong to accounts that nobody could tell from a provider's. The system role sees the rows of all
-- organizations; whoever migrates may see none.
set local role audienceos_system;
delete from connection where provider = 'file';
reset role;
alter table channel drop constraint channel_file, drop column holds, drop column platform;
