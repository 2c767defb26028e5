-- Why: an ad account or shop is read through one connection at a time, or its figures would be counted twice: when an agency
-- disconnects and connects again, or two people connect the same account.
alter table channel add column provider text;
update channel h set provider = c.provider from connection c where c.organization_id = h.organization_id and c.id = h.connection_id;
alter table channel alter column provider set not null;
create unique index channel_account_once on channel (organization_id, provider, external_id) where kind <> 'file';
