//! Rows that no action of a test makes.

use sqlx::PgPool;

use crate::support::execute;

/// A row for every agency in each table of the integrations.
const INTEGRATIONS: &str = "
insert into connection (organization_id, id, provider, label, created_by, created_at)
  select organization_id, gen_random_uuid(), 'google_ads', 'Ads', id, now() from member where role = 'owner';
insert into credential (organization_id, connection_id, field, sealed, updated_at)
  select organization_id, id, 'access_token', '\\x02016b' || sha512('s'), now() from connection;
insert into oauth_state (organization_id, id, state_hash, provider, member_id, session_id, sealed_verifier, created_at, expires_at)
  select organization_id, gen_random_uuid(), organization_id::text::bytea, 'google_ads', created_by, gen_random_uuid(), '\\x02016b' || sha512('v'), now(), now()
  from connection;
insert into channel (organization_id, id, connection_id, provider, kind, external_id, name, currency, time_zone, created_at)
  select organization_id, gen_random_uuid(), id, provider, 'ads', '1', 'Account', 'EUR', 'UTC', now() from connection;
insert into sync_run (organization_id, id, connection_id, cause, state, started_at)
  select organization_id, gen_random_uuid(), id, 'first', 'running', now() from connection;
insert into sync_cursor (organization_id, channel_id, stream, updated_at) select organization_id, id, 'days', now() from channel;
insert into staged_page (organization_id, channel_id, stream, first_day, number, last_day, next, report, created_at)
  select organization_id, id, 'days', '2026-03-01', 0, '2026-03-02', 'n', '{}', now() from channel;
insert into ad_entity (organization_id, channel_id, level, external_id, name, status, updated_at)
  select organization_id, id, 'campaign', '1', 'Spring', 'active', now() from channel;
insert into metric_moment (organization_id, channel_id, at) select organization_id, id, now() from channel;
insert into metric_observation (organization_id, channel_id, day, level, entity_id, attribution, observed_at, sync_run_id, spend)
  select organization_id, id, '2026-03-01', 'campaign', '1', '', now(), gen_random_uuid(), 1 from channel;
insert into metric_daily (organization_id, channel_id, day, level, entity_id, attribution, observed_at, sync_run_id, spend)
  select organization_id, id, '2026-03-01', 'campaign', '1', '', now(), gen_random_uuid(), 1 from channel;
insert into shop_order (organization_id, channel_id, external_id, name, day, created_at, updated_at, test, goods, taxes, shipping, sync_run_id, observed_at)
  select organization_id, id, '1', '#1001', '2026-03-01', now(), now(), false, 1, 0, 0, gen_random_uuid(), now() from channel;
insert into shop_refund (organization_id, channel_id, external_id, order_id, day, created_at, goods, taxes, shipping, sync_run_id)
  select organization_id, id, '1', '1', '2026-03-01', now(), 1, 0, 0, gen_random_uuid() from channel;
insert into shop_day (organization_id, channel_id, day) select organization_id, id, '2026-03-01' from channel;
insert into import_mapping (organization_id, id, name, mapping, created_by, created_at, updated_at)
  select organization_id, gen_random_uuid(), 'Radio', '{\"kind\":\"ads\",\"format\":{\"format\":\"csv\",\"encoding\":\"utf8\",\"delimiter\":\"comma\"},\"header\":1,\"columns\":{\"day\":{\"number\":1,\"name\":\"Day\"},\"spend\":{\"number\":2,\"name\":\"Cost\"}},\"numbers\":\"point\",\"days\":\"year_first\"}', created_by, now(), now() from connection;
insert into import (organization_id, id, channel_id, way, state, file_name, size, file_hash, created_by, member_name, created_at, updated_at)
  select organization_id, gen_random_uuid(), id, 'file', 'open', 'a.csv', 1, sha256('a'), gen_random_uuid(), 'Olga', now(), now() from channel;
insert into brain_state (organization_id, id, day, input_hash, output_hash, code_version, created_at)
  select organization_id, gen_random_uuid(), '2026-03-01', sha256('i'), sha256('o'), '0', now() from organization;
insert into brain_result (organization_id, state_id, number, kind, client_id, body)
  select s.organization_id, s.id, 0, 'risk', (select min(c.id::text)::uuid from client c where c.organization_id = s.organization_id), '{}' from brain_state s;
insert into action (organization_id, id, client_id, key, kind, state, since, state_id, probability, proposal, proposed_at)
  select s.organization_id, gen_random_uuid(), c.id, 'investigate:x', 'investigate', 'proposed', '2026-03-01', s.id, 0.9,
    '{\"key\":\"investigate:x\",\"kind\":\"investigate\",\"target\":{\"id\":\"x\",\"level\":\"client\"},\"currency\":\"EUR\",\"changes\":[],\"horizon_days\":28,\"prediction\":null,\"unpredicted\":\"nothing_tells\",\"probability\":0.9,\"effort_minutes\":15,\"score\":null,\"because\":[],\"basis\":[],\"doubts\":[]}', now()
  from brain_state s join client c on c.organization_id = s.organization_id and c.id = (select min(o.id::text)::uuid from client o where o.organization_id = s.organization_id);
insert into action_event (organization_id, id, action_id, state, at)
  select organization_id, gen_random_uuid(), id, 'proposed', now() from action;
insert into brain_cycle (organization_id, id, cause, state, asked_at)
  select organization_id, gen_random_uuid(), 'manual', 'failed', now() from organization;
insert into brain_choice (organization_id, series, choice, chosen_at) select organization_id, 'x', '{}', now() from organization;
insert into exchange_rate (organization_id, currency, day, per_euro, imported_at)
  select organization_id, 'USD', '2026-03-01', 1.05, now() from organization;
insert into exchange_rate_observation (organization_id, currency, day, observed_at, per_euro)
  select organization_id, currency, day, imported_at, per_euro from exchange_rate;
insert into lift_test (organization_id, id, channel_id, first_day, last_day, roas, standard_error, created_by, created_at)
  select organization_id, gen_random_uuid(), id, '2026-03-01', '2026-03-14', 1.8, 0.2, gen_random_uuid(), now() from channel;
insert into alert (organization_id, id, story, kind, level, entity, severity, first_day, last_day, client_id, body, first_state_id, state_id, first_seen_at, last_seen_at)
  select s.organization_id, gen_random_uuid(), 'down', 'drop', 'client', 'x', 'high', '2026-03-01', '2026-03-02', (select min(c.id::text)::uuid from client c where c.organization_id = s.organization_id), '{}', s.id, s.id, now(), now() from brain_state s;
insert into alert_finding (organization_id, state_id, number, alert_id) select organization_id, state_id, 0, id from alert;
insert into summary_mail (organization_id, id, member_id, asked_by, persona, as_of, asked_at)
  select organization_id, gen_random_uuid(), id, id, 'cmo', now(), now() from member where role = 'owner';
insert into alert_channel (organization_id, alert_id, channel_id)
  select a.organization_id, a.id, h.id from alert a join channel h on h.organization_id = a.organization_id;
insert into alert_mail (organization_id, alert_id, member_id, way, state, queued_at)
  select a.organization_id, a.id, m.id, 'mail', 'sent', now() from alert a join member m on m.organization_id = a.organization_id and m.role = 'owner';
insert into alert_setting (organization_id, member_id, digest) select organization_id, id, true from member where role = 'owner';
insert into report_schedule (organization_id, id, client_id, title, persona, sections, every, on_day, hour, recipients, enabled, created_by, created_name, created_at, changed_at)
  select organization_id, gen_random_uuid(), min(id::text)::uuid, 'Weekly', 'cmo', '{method}', 'weekly', 1, 8, '{}', false, gen_random_uuid(), 'Olga', now(), now() from client group by organization_id;
insert into report (organization_id, id, client_id, title, persona, sections, first_day, last_day, as_of, state, fault, created_name, created_at)
  select organization_id, gen_random_uuid(), client_id, 'R', 'cmo', '{method}', '2026-03-01', '2026-03-02', now(), 'failed', 'x', 'Olga', now() from report_schedule;
insert into report_file (organization_id, report_id, bytes) select organization_id, id, 'x' from report;
insert into report_mail (organization_id, report_id, email, state) select organization_id, id, 'jane@client.test', 'waiting' from report;
insert into brand (organization_id, owner_id, accent) select organization_id, organization_id, '#123456' from organization;
insert into inbox (organization_id, channel_id, addresses, updated_at) select organization_id, id, '{hello@agency.test}', now() from channel;
insert into missed_message (organization_id, channel_id, external_id, fault, missed_at) select organization_id, id, '9', 'x', now() from channel;
insert into conversation (organization_id, id, channel_id, subject, created_at, messages, last_at)
  select organization_id, gen_random_uuid(), id, 'Spring', now(), 1, now() from channel;
insert into conversation_member (organization_id, conversation_id, member_id)
  select c.organization_id, c.id, m.id from conversation c join member m on m.organization_id = c.organization_id and m.role = 'owner';
insert into message (organization_id, id, channel_id, conversation_id, external_id, header_id, inbound, kind, from_name, from_address, subject, text, snippet, at, stored_at, place, seen, seen_first, html, attachments, size, source_hash)
  select organization_id, gen_random_uuid(), channel_id, id, '1', 'one@client.test', true, 'person', 'Jane', 'jane@client.test', 'Spring', 'Hello', 'Hello', now(), now(), 'inbox', false, false, false, 1, 5, sha256('s') from conversation;
insert into message_reference (organization_id, channel_id, header_id, message_id) select organization_id, channel_id, 'none@client.test', id from message;
insert into message_address (organization_id, message_id, role, position, name, address) select organization_id, id, 'to', 0, '', 'hello@agency.test' from message;
insert into message_source (organization_id, message_id, bytes) select organization_id, id, 'Hello' from message;
insert into attachment (organization_id, message_id, part, name, content_type, size, inline) select organization_id, id, 0, 'a.txt', 'text/plain', 1, false from message;
insert into read_mark (organization_id, conversation_id, member_id, read_at) select organization_id, conversation_id, member_id, now() from conversation_member;
insert into label (organization_id, id, name, created_at) select organization_id, gen_random_uuid(), 'Urgent', now() from organization;
insert into conversation_label (organization_id, conversation_id, label_id)
  select c.organization_id, c.id, l.id from conversation c join label l on l.organization_id = c.organization_id;
insert into note (organization_id, id, conversation_id, member_id, member_name, text, created_at)
  select organization_id, gen_random_uuid(), conversation_id, member_id, 'Olga', 'Hello', now() from conversation_member;
insert into conversation_change (organization_id, id, conversation_id, member_id, member_name, what, created_at)
  select organization_id, gen_random_uuid(), conversation_id, member_id, 'Olga', 'closed', now() from conversation_member;
insert into message_move (organization_id, change_id, message_id, from_id)
  select c.organization_id, c.id, m.id, m.conversation_id from conversation_change c join message m on m.organization_id = c.organization_id;
insert into client_rule (organization_id, kind, value, client_id, created_by, created_at)
  select organization_id, 'domain', 'client.test', min(id::text)::uuid, gen_random_uuid(), now() from client group by organization_id;
insert into upload (organization_id, id, member_id, name, content_type, bytes, created_at)
  select organization_id, gen_random_uuid(), id, 'a.txt', 'text/plain', 'x', now() from member where role = 'owner';
insert into draft (organization_id, conversation_id, member_id, content, revision, updated_at)
  select organization_id, conversation_id, member_id, '{}', 1, now() from conversation_member;
insert into outgoing (organization_id, id, conversation_id, channel_id, member_id, member_name, header_id, to_addresses, cc_addresses, bcc_addresses, subject, text, state, fault, send_at, created_at, settled_at)
  select c.organization_id, gen_random_uuid(), c.id, c.channel_id, m.member_id, 'Olga', 'two@agency.test', '[]', '[]', '[]', 'Re: Spring', 'Hello', 'unconfirmed', 'x', now(), now(), now()
  from conversation c join conversation_member m on m.organization_id = c.organization_id and m.conversation_id = c.id;
insert into signature (organization_id, member_id, text) select organization_id, id, 'Olga' from member where role = 'owner';
insert into template (organization_id, id, name, text, created_at) select organization_id, gen_random_uuid(), 'Thanks', 'Thank you', now() from organization";

/// Stores a row for every agency in each table of the integrations.
#[expect(clippy::disallowed_methods, reason = "writes as the superuser")]
pub async fn integrations(pool: &PgPool) {
    for sql in INTEGRATIONS.split(";\n") {
        sqlx::query(sql).execute(pool).await.unwrap();
    }
}

/// The id of an alert about a client.
pub async fn alert(pool: &PgPool, client: &str) -> String {
    let state = "insert into brain_state (organization_id, id, day, input_hash, output_hash, code_version, created_at)
        select organization_id, gen_random_uuid(), '2026-03-01', sha256('i'), sha256('o'), '0', now() from client";
    execute(pool, format!("{state} where id = '{client}'")).await;
    let alert = "insert into alert (organization_id, id, story, kind, level, entity, severity, first_day, last_day, client_id, body,
          first_state_id, state_id, first_seen_at, last_seen_at)
        select c.organization_id, gen_random_uuid(), 'down', 'drop', 'client', c.id, 'high', '2026-03-01', '2026-03-02', c.id, '{}',
          s.id, s.id, now(), now() from client c join brain_state s on s.organization_id = c.organization_id";
    execute(pool, format!("{alert} where c.id = '{client}'")).await;
    id_in(pool, "alert", "Acme").await
}

/// The id of the agency's row in `table`.
#[expect(clippy::disallowed_methods, reason = "asks as the superuser")]
pub async fn id_in(pool: &PgPool, table: &str, agency: &str) -> String {
    let sql = format!(
        "select id::text from {table} where organization_id = (select organization_id from organization where name = '{agency}')"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await.unwrap()
}
