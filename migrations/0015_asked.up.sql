-- Why: what a person, a first mapping or a webhook asks for waits in the same line as what a schedule asks for, so that an
-- agency with many connections does not fill the queue and keep the others waiting.
alter table connection
  add column asked_at timestamptz,
  add column asked_cause text check (asked_cause in ('manual', 'first', 'webhook')),
  add constraint connection_asked check ((asked_at is null) = (asked_cause is null));
