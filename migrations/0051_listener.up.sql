-- Why: a mail server may tell by itself that something came (IMAP's IDLE). One worker over all processes listens to a mailbox for
-- that, and when it ends, whoever listens next knows what was told already, and after how many failures it begins.

create table listener (
  organization_id uuid not null,
  connection_id uuid not null,
  -- The process that listens until then, saying every few seconds that it does; absent: nobody listens before then.
  holder uuid,
  ends_at timestamptz not null,
  -- Of which credential: with another one it begins anew.
  known_at timestamptz not null,
  -- The provider's: up to what the readings were told.
  mark text,
  -- In a row.
  failures integer not null default 0,
  primary key (organization_id, connection_id),
  foreign key (organization_id, connection_id) references connection on delete cascade
);
create index listener_holder on listener (holder) where holder is not null;

alter table listener enable row level security;
alter table listener force row level security;
create policy system on listener to audienceos_system using (true) with check (true);
grant select, insert, update, delete on listener to audienceos_system;
