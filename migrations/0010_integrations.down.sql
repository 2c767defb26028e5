drop table provider_switch, metric_daily, metric_observation, ad_entity, staged_page, sync_cursor, sync_run, channel,
  oauth_state, credential, connection;
drop function reads_integrations;
