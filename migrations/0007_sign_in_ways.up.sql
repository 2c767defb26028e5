-- Why: people also sign in with Google, and open verification links that a newer one has replaced. A way to Google is
-- remembered until the browser comes back, once and from the same browser only; nothing secret is kept of it, since what
-- Google is told is derived from the id. A replaced link is remembered by its hash, so that it can say what it is.

create table google_attempt (
  id uuid primary key,
  state_hash bytea not null unique,
  browser_hash bytea not null,
  redirect text not null,
  expires_at timestamptz not null
);

create table replaced_link (
  token_hash bytea primary key,
  sign_up_id uuid not null references sign_up on delete cascade
);

do $$
declare name text;
begin
  foreach name in array array['google_attempt', 'replaced_link'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy system on %I to audienceos_system using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to audienceos_system', name);
  end loop;
end $$;
