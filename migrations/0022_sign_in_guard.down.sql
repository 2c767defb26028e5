drop policy own on access_token;
create policy own on access_token to audienceos_runtime
  using (organization_id = current_organization() and member_id = current_member());
drop table sign_in_attempt;
