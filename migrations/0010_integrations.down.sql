drop table provider_switch, metric_daily, metric_observation, ad_entity, staged_page, sync_cursor, sync_run, channel,
  oauth_state, credential_lease, credential, connection;
alter table two_factor drop constraint two_factor_sealed;
drop function reads_integrations, sealed_key;
