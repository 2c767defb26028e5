-- Gives each agency of an installation a mailbox, read by nobody, and each of its clients a contact who writes to it.
begin;

insert into connection (organization_id, id, provider, label, created_by, created_at, last_sync_at)
select o.organization_id, gen_random_uuid(), 'gmail', 'Gmail: owner@agency.example',
  (select m.id from member m where m.organization_id = o.organization_id order by m.created_at limit 1), now(), now()
from organization o;

insert into channel (organization_id, id, connection_id, kind, external_id, name, currency, time_zone, created_at, provider)
select organization_id, gen_random_uuid(), id, 'inbox', 'owner@agency.example', 'owner@agency.example', '', '', now(), 'gmail'
from connection;

insert into inbox (organization_id, channel_id, addresses, updated_at)
select organization_id, id, array['owner@agency.example'], now() from channel;

-- The address says of which client somebody is: person7@client7.example.
with numbered as (
  select organization_id, id, row_number() over (partition by organization_id order by name) - 1 as number from client
), made as (
  insert into contact (organization_id, id, client_id, name, created_at)
  select organization_id, gen_random_uuid(), id, 'Person ' || number, now() from numbered
  returning organization_id, id, client_id
)
insert into contact_address (organization_id, contact_id, kind, position, address)
select m.organization_id, m.id, 'email', 0, 'person' || n.number || '@client' || n.number || '.example'
from made m join numbered n on n.organization_id = m.organization_id and n.id = m.client_id;

commit;
