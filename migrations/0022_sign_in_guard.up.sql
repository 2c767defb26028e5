-- Why: how often somebody tries to sign in to an account, or has mail sent to it, is counted in one place for any number
-- of servers: each account from each network, and each account as a whole, so that one stranger neither guesses for long
-- nor locks the owner out. A bucket is named by a keyed hash, says until when it is spoken for, and holds nothing else.
-- And the access tokens of a member end for good when it is deactivated, by those who run the agency.

create table sign_in_attempt (
  bucket text primary key check (length(bucket) = 64),
  free_at timestamptz not null
);
create index sign_in_attempt_free on sign_in_attempt (free_at);
alter table sign_in_attempt enable row level security;
alter table sign_in_attempt force row level security;
create policy system on sign_in_attempt to audienceos_system using (true) with check (true);
grant select, insert, update, delete on sign_in_attempt to audienceos_system;

drop policy own on access_token;
create policy own on access_token to audienceos_runtime
  using (organization_id = current_organization() and (member_id = current_member() or runs_agency()))
  with check (organization_id = current_organization() and member_id = current_member());
-- Tokens of members that are deactivated today: they must not come back to life either.
set local role audienceos_system;
delete from access_token t using member m
where m.organization_id = t.organization_id and m.id = t.member_id and m.deactivated_at is not null;
reset role;
