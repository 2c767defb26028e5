-- The roles stay: they belong to the cluster, and another database may use them.
drop function enqueue_job;
drop table client, session, sign_up, sign_in, member, organization;
drop function current_member_role;
drop function current_member;
drop function current_organization;
