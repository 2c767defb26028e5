-- Why: every message of every client in one place. What arrived is stored once, whole, as it was transferred; conversations, clients
-- and what still wants an answer are derived from it and kept beside it. What is to be sent is a row before it is sent, with an id
-- of its own that the world sees, so that nothing goes out twice.

-- A mailbox is a channel, too: it has no amounts and no days.
alter table channel drop constraint channel_kind_check;
alter table channel add constraint channel_kind_check check (kind in ('ads', 'shop', 'file', 'inbox'));
alter table channel drop constraint channel_currency_check;
alter table channel add constraint channel_currency_check check (case kind when 'inbox' then currency = '' else currency ~ '^[A-Z]{3}$' end);
-- Who sees a conversation sees through which mailbox it goes.
create policy see_inbox on channel for select to audienceos_runtime
  using (organization_id = current_organization() and kind = 'inbox');

-- How far a mailbox was read, and under which addresses it writes.
create table inbox (
  organization_id uuid not null,
  channel_id uuid not null,
  -- Its own first.
  addresses text[] not null default '{}',
  -- The provider's, never looked into; absent until the first page was kept.
  cursor text,
  -- When all of its first reading was there.
  complete_at timestamptz,
  updated_at timestamptz not null,
  primary key (organization_id, channel_id),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

-- A message that could not be read while others could, or for which its page had no room: it is asked for again.
create table missed_message (
  organization_id uuid not null,
  channel_id uuid not null,
  external_id text not null,
  -- None: it was not tried yet.
  attempts integer not null default 1,
  fault text not null,
  missed_at timestamptz not null,
  primary key (organization_id, channel_id, external_id),
  foreign key (organization_id, channel_id) references channel on delete cascade
);

create table conversation (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  channel_id uuid not null,
  -- Absent: it waits in triage.
  client_id uuid,
  -- What its client was known by.
  matched_by text check (matched_by in ('contact', 'address', 'domain', 'person')),
  subject text not null,
  status text not null default 'open' check (status in ('open', 'snoozed', 'closed')),
  snoozed_until timestamptz,
  assignee_id uuid,
  -- Only the members named see it.
  private boolean not null default false,
  -- Its messages are in this one now.
  merged_into uuid,
  created_at timestamptz not null,
  -- Derived from its messages, in the transaction that changes them.
  messages integer not null default 0,
  attachments integer not null default 0,
  last_at timestamptz not null,
  last_message_id uuid,
  -- When a person wrote last.
  last_inbound_at timestamptz,
  -- Of those that were not seen at the provider before they came here.
  last_unseen_at timestamptz,
  needs_reply boolean not null default false,
  -- Up to then nothing wants an answer any more, as somebody said.
  settled_at timestamptz,
  settled_by uuid,
  primary key (organization_id, id),
  foreign key (organization_id, channel_id) references channel on delete cascade,
  foreign key (organization_id, client_id) references client on delete set null (client_id),
  foreign key (organization_id, assignee_id) references member on delete set null (assignee_id),
  check ((status = 'snoozed') = (snoozed_until is not null))
);
create index conversation_newest on conversation (organization_id, last_at desc, id desc) where merged_into is null;
create index conversation_client on conversation (organization_id, client_id, last_at desc, id desc);
create index conversation_assignee on conversation (organization_id, assignee_id, last_at desc, id desc) where assignee_id is not null;
create index conversation_waits on conversation (organization_id, last_at desc, id desc) where needs_reply;
create index conversation_merged on conversation (organization_id, merged_into) where merged_into is not null;
create index conversation_wakes on conversation (snoozed_until) where status = 'snoozed';

create table conversation_member (
  organization_id uuid not null,
  conversation_id uuid not null,
  member_id uuid not null,
  primary key (organization_id, conversation_id, member_id),
  foreign key (organization_id, conversation_id) references conversation on delete cascade,
  foreign key (organization_id, member_id) references member on delete cascade
);

create table message (
  organization_id uuid not null,
  id uuid not null,
  channel_id uuid not null,
  conversation_id uuid not null,
  -- The provider's id, and that of the conversation there.
  external_id text not null check (length(external_id) between 1 and 1000),
  thread text,
  -- RFC 5322 §3.6.4, without angle brackets.
  header_id text,
  inbound boolean not null,
  kind text not null check (kind in ('person', 'automatic', 'bulk')),
  from_name text not null,
  from_address text not null,
  subject text not null,
  -- What it says, in plain text; the whole is in message_source.
  text text not null,
  snippet text not null check (length(snippet) <= 300),
  -- As its writer says, and as the provider received it.
  sent_at timestamptz,
  at timestamptz not null,
  stored_at timestamptz not null,
  place text not null check (place in ('inbox', 'archive', 'sent', 'draft', 'spam', 'trash')),
  seen boolean not null,
  -- Whether it had been seen there before it came here.
  seen_first boolean not null,
  html boolean not null,
  attachments smallint not null,
  size integer not null,
  source_hash bytea not null check (length(source_hash) = 32),
  -- Why it could not be parsed.
  fault text,
  -- What we sent, and who wrote it here.
  outgoing_id uuid,
  -- Thrown away at the provider; what we have of it stays.
  gone_at timestamptz,
  sync_run_id uuid,
  primary key (organization_id, id),
  foreign key (organization_id, channel_id) references channel on delete cascade,
  foreign key (organization_id, conversation_id) references conversation on delete cascade,
  constraint message_once unique (organization_id, channel_id, external_id)
);
create index message_conversation on message (organization_id, conversation_id, at, id);
create index message_header on message (organization_id, channel_id, header_id) where header_id is not null;
create index message_same on message (organization_id, channel_id, source_hash);
create index message_outgoing on message (organization_id, outgoing_id) where outgoing_id is not null;
create index message_thread on message (organization_id, channel_id, thread) where thread is not null;

-- Which earlier messages it names (In-Reply-To, References): those that are not there, too.
create table message_reference (
  organization_id uuid not null,
  channel_id uuid not null,
  header_id text not null,
  message_id uuid not null,
  primary key (organization_id, channel_id, header_id, message_id),
  foreign key (organization_id, message_id) references message on delete cascade
);
create index message_reference_message on message_reference (organization_id, message_id);

create table message_address (
  organization_id uuid not null,
  message_id uuid not null,
  role text not null check (role in ('from', 'reply_to', 'to', 'cc', 'bcc')),
  position smallint not null,
  name text not null,
  address text not null check (length(address) between 1 and 320),
  primary key (organization_id, message_id, role, position),
  foreign key (organization_id, message_id) references message on delete cascade
);
create index message_address_address on message_address (organization_id, address, message_id);

-- The message as it was transferred.
create table message_source (
  organization_id uuid not null,
  message_id uuid not null,
  bytes bytea not null check (octet_length(bytes) <= 62914560),
  primary key (organization_id, message_id),
  foreign key (organization_id, message_id) references message on delete cascade
);

create table attachment (
  organization_id uuid not null,
  message_id uuid not null,
  -- Its place among the parts of the source.
  part integer not null,
  name text not null check (length(name) between 1 and 255),
  content_type text not null check (length(content_type) between 1 and 255),
  size integer not null,
  -- By which the HTML shows it (RFC 2392).
  content_id text,
  inline boolean not null,
  primary key (organization_id, message_id, part),
  foreign key (organization_id, message_id) references message on delete cascade
);

-- Up to which moment a member has read; -infinity where they want it unread.
create table read_mark (
  organization_id uuid not null,
  conversation_id uuid not null,
  member_id uuid not null,
  read_at timestamptz not null,
  primary key (organization_id, conversation_id, member_id),
  foreign key (organization_id, conversation_id) references conversation on delete cascade,
  foreign key (organization_id, member_id) references member on delete cascade
);

create table label (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 50),
  created_at timestamptz not null,
  primary key (organization_id, id)
);
create unique index label_name on label (organization_id, lower(name));

create table conversation_label (
  organization_id uuid not null,
  conversation_id uuid not null,
  label_id uuid not null,
  primary key (organization_id, conversation_id, label_id),
  foreign key (organization_id, conversation_id) references conversation on delete cascade,
  foreign key (organization_id, label_id) references label on delete cascade
);

-- What members say among themselves about a conversation.
create table note (
  organization_id uuid not null,
  id uuid not null,
  conversation_id uuid not null,
  member_id uuid not null,
  member_name text not null,
  text text not null check (length(text) between 1 and 20000),
  -- Who is meant by an @name in it.
  mentions uuid[] not null default '{}',
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, conversation_id) references conversation on delete cascade
);
create index note_conversation on note (organization_id, conversation_id, created_at);

-- What was done to a conversation: assigned, closed, put to a client, merged.
create table conversation_change (
  organization_id uuid not null,
  id uuid not null,
  conversation_id uuid not null,
  member_id uuid not null,
  member_name text not null,
  what text not null check (length(what) between 1 and 40),
  detail jsonb not null default '{}',
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, conversation_id) references conversation on delete cascade
);
create index conversation_change_conversation on conversation_change (organization_id, conversation_id, created_at);

-- Which messages moved with a merge or a split, so that it can be undone.
create table message_move (
  organization_id uuid not null,
  change_id uuid not null,
  message_id uuid not null,
  from_id uuid not null,
  primary key (organization_id, change_id, message_id),
  foreign key (organization_id, change_id) references conversation_change on delete cascade,
  foreign key (organization_id, message_id) references message on delete cascade
);

-- What a person taught about whose messages an address, or all of a domain, are.
create table client_rule (
  organization_id uuid not null references organization on delete cascade,
  kind text not null check (kind in ('address', 'domain')),
  value text not null check (length(value) between 1 and 320 and value = lower(value)),
  client_id uuid not null,
  created_by uuid not null,
  created_at timestamptz not null,
  primary key (organization_id, kind, value),
  foreign key (organization_id, client_id) references client on delete cascade
);

-- A file that somebody adds to what they write.
create table upload (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  member_id uuid not null,
  name text not null check (length(name) between 1 and 255),
  content_type text not null check (length(content_type) between 1 and 255),
  bytes bytea not null check (octet_length(bytes) <= 26214400),
  created_at timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id, member_id) references member on delete cascade
);
alter table upload alter column bytes set storage external;

-- What somebody is writing: theirs, on every device.
create table draft (
  organization_id uuid not null,
  conversation_id uuid not null,
  member_id uuid not null,
  content jsonb not null,
  -- Counts the savings: an older one never replaces a newer.
  revision bigint not null,
  updated_at timestamptz not null,
  primary key (organization_id, conversation_id, member_id),
  foreign key (organization_id, conversation_id) references conversation on delete cascade,
  foreign key (organization_id, member_id) references member on delete cascade
);

-- What is to go out, is going, or went. Its id is the effect key, and stands in the Message-ID that the world sees.
create table outgoing (
  organization_id uuid not null,
  id uuid not null,
  conversation_id uuid not null,
  channel_id uuid not null,
  -- What it answers.
  answers_id uuid,
  member_id uuid not null,
  member_name text not null,
  header_id text not null,
  to_addresses jsonb not null,
  cc_addresses jsonb not null,
  bcc_addresses jsonb not null,
  subject text not null,
  text text not null,
  uploads uuid[] not null default '{}',
  state text not null check (state in ('held', 'sending', 'sent', 'failed', 'unconfirmed', 'withdrawn')),
  -- Not before then: undo, and send later.
  send_at timestamptz not null,
  -- Who sends it now, until when.
  holder uuid,
  held_until timestamptz,
  attempts integer not null default 0,
  -- How often it was put off before anything of it went.
  put_off integer not null default 0,
  -- A person wants it sent although nobody can say whether it went.
  insisted boolean not null default false,
  fault text,
  created_at timestamptz not null,
  settled_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, conversation_id) references conversation on delete cascade,
  foreign key (organization_id, channel_id) references channel on delete cascade,
  check ((state in ('failed', 'unconfirmed')) <= (fault is not null))
);
create index outgoing_conversation on outgoing (organization_id, conversation_id, created_at);
-- Which of ours a message is that a mailbox shows.
create index outgoing_header on outgoing (organization_id, channel_id, header_id);
create index outgoing_due on outgoing (send_at) where state in ('held', 'sending');

-- What is written below a member's messages, and texts that are written often.
create table signature (
  organization_id uuid not null,
  member_id uuid not null,
  text text not null check (length(text) <= 5000),
  primary key (organization_id, member_id),
  foreign key (organization_id, member_id) references member on delete cascade
);
create table template (
  organization_id uuid not null references organization on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 100),
  text text not null check (length(text) between 1 and 20000),
  created_at timestamptz not null,
  primary key (organization_id, id)
);
create unique index template_name on template (organization_id, lower(name));

do $$
declare name text;
begin
  foreach name in array array['inbox', 'missed_message', 'conversation', 'conversation_member', 'message', 'message_reference',
                              'message_address', 'message_source', 'attachment', 'read_mark', 'label', 'conversation_label', 'note',
                              'conversation_change', 'message_move', 'client_rule', 'upload', 'draft', 'outgoing', 'signature',
                              'template'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system, audienceos_runtime', name);
  end loop;
end $$;

-- The product itself, at work in the background.
create function is_machine() returns boolean language sql stable parallel safe
  return current_member() = '00000000-0000-0000-0000-000000000000';

-- Pairs of ids, which everybody in the agency may compare.
create policy pairs on conversation_member to audienceos_runtime using (organization_id = current_organization());

-- A conversation is seen like its client; one in triage by those who run the agency; a private one by those named alone.
create policy see on conversation for select to audienceos_runtime using (
  organization_id = current_organization()
  and (not private or is_machine() or exists (
    select from conversation_member m where m.organization_id = conversation.organization_id
      and m.conversation_id = conversation.id and m.member_id = current_member()))
  and (runs_agency() or exists (
    select from client c where c.organization_id = conversation.organization_id and c.id = conversation.client_id)));
create policy add on conversation for insert to audienceos_runtime
  with check (organization_id = current_organization() and current_member_role() in ('owner', 'admin', 'manager'));
create policy edit on conversation for update to audienceos_runtime using (
  organization_id = current_organization() and current_member_role() in ('owner', 'admin', 'manager')
  and (not private or is_machine() or exists (
    select from conversation_member m where m.organization_id = conversation.organization_id
      and m.conversation_id = conversation.id and m.member_id = current_member()))
  and (runs_agency() or exists (
    select from client c where c.organization_id = conversation.organization_id and c.id = conversation.client_id)))
  with check (organization_id = current_organization());

-- What belongs to a conversation is seen with it, and changed by those who may answer.
do $$
declare name text;
begin
  foreach name in array array['message', 'conversation_label', 'note', 'conversation_change', 'outgoing'] loop
    execute format($p$create policy see on %1$I for select to audienceos_runtime using (organization_id = current_organization() and exists (
      select from conversation c where c.organization_id = %1$I.organization_id and c.id = %1$I.conversation_id))$p$, name);
    execute format($p$create policy edit on %1$I to audienceos_runtime using (organization_id = current_organization()
      and current_member_role() in ('owner', 'admin', 'manager') and exists (
      select from conversation c where c.organization_id = %1$I.organization_id and c.id = %1$I.conversation_id))$p$, name);
  end loop;
  foreach name in array array['message_reference', 'message_address', 'message_source', 'attachment', 'message_move'] loop
    execute format($p$create policy see on %1$I for select to audienceos_runtime using (organization_id = current_organization() and exists (
      select from message m where m.organization_id = %1$I.organization_id and m.id = %1$I.message_id))$p$, name);
    execute format($p$create policy edit on %1$I to audienceos_runtime using (organization_id = current_organization()
      and current_member_role() in ('owner', 'admin', 'manager') and exists (
      select from message m where m.organization_id = %1$I.organization_id and m.id = %1$I.message_id))$p$, name);
  end loop;
  -- Everybody's own.
  foreach name in array array['read_mark', 'draft'] loop
    execute format($p$create policy own on %1$I to audienceos_runtime using (organization_id = current_organization()
      and member_id = current_member() and exists (
      select from conversation c where c.organization_id = %1$I.organization_id and c.id = %1$I.conversation_id))$p$, name);
  end loop;
  foreach name in array array['signature'] loop
    execute format($p$create policy own on %I to audienceos_runtime using (organization_id = current_organization()
      and (member_id = current_member() or is_machine()))$p$, name);
  end loop;
  -- What the background keeps.
  foreach name in array array['inbox', 'missed_message'] loop
    execute format('create policy run on %I to audienceos_runtime using (organization_id = current_organization() and runs_agency())', name);
    execute format('create policy see on %I for select to audienceos_runtime using (organization_id = current_organization())', name);
  end loop;
  -- The agency's words, which all read and those who answer keep.
  foreach name in array array['label', 'template'] loop
    execute format('create policy see on %I for select to audienceos_runtime using (organization_id = current_organization())', name);
    execute format($p$create policy edit on %I to audienceos_runtime using (organization_id = current_organization()
      and current_member_role() in ('owner', 'admin', 'manager'))$p$, name);
  end loop;
end $$;
-- Whoever puts a conversation to a client may teach it, for a client in sight.
create policy see on client_rule for select to audienceos_runtime using (organization_id = current_organization() and (runs_agency() or exists (
  select from client c where c.organization_id = client_rule.organization_id and c.id = client_rule.client_id)));
create policy edit on client_rule to audienceos_runtime using (organization_id = current_organization()
  and current_member_role() in ('owner', 'admin', 'manager') and exists (
  select from client c where c.organization_id = client_rule.organization_id and c.id = client_rule.client_id));
-- A file is its writer's until it is sent; then it is in what was sent.
create policy own on upload to audienceos_runtime using (organization_id = current_organization()
  and (member_id = current_member() or is_machine()));

-- Open pages are told. What comes to a conversation changes what is derived of it.
create trigger tell after update on conversation for each row
  when (old.* is distinct from new.*) execute function tell_change('conversation', 'id');
create trigger tell_new after insert on note for each row execute function tell_change('conversation', 'conversation_id');
create trigger tell after insert or update of state on outgoing for each row execute function tell_change('conversation', 'conversation_id');
create trigger tell after insert or update on read_mark for each row execute function tell_change('conversation', 'conversation_id');
