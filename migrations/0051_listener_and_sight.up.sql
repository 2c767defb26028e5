-- Why: a mail server may tell by itself that something came (IMAP's IDLE). One worker over all processes listens to a mailbox for
-- that, and when it ends, whoever listens next knows what was told already, and after how many failures it begins. And pages that show
-- a conversation are told when their members do not see it any more: nothing else would tell them, as nobody is told of what is out of
-- sight.

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

create trigger tell_sight after update on conversation for each row
  when ((new.private and not old.private) or (old.client_id is not null and old.client_id is distinct from new.client_id))
  execute function tell_change('sight', 'id');
create trigger tell_gone after delete on conversation_member for each row execute function tell_change('sight', 'conversation_id');
create trigger tell_new after insert on conversation_member for each row execute function tell_change('conversation', 'conversation_id');
