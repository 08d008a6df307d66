-- What becomes of an event after it was kept: its states, what came under its key again, its replays.
alter table events
  -- SHA-256 of what the sender says. Null for rows that are older than this column.
  add column digest bytea,
  add column digest_is_key boolean not null default false,
  -- Empty for the first with its key; for one that came under the same key later, the digest that differs.
  add column variant text not null default '',
  -- The first with the key, where this is not it.
  add column first_id text,
  add column verification json,
  -- Shared by all events of one request; null where the body of the only event is the request's.
  add column delivery_id text,
  add column expires_at timestamptz,
  add column state_at timestamptz not null default now(),
  add column state_by text,
  -- Whether a dispatch of it is in quarantine.
  add column held boolean not null default false,
  -- How often an operator has released or discarded it: what was under way before does not write over that.
  add column generation integer not null default 0,
  -- Whether an operator has replaced the body; the one that came is in `deliveries`.
  add column repaired boolean not null default false,
  drop constraint events_state_check,
  add constraint events_state_check
    check (state in ('accepted', 'waiting', 'dispatched', 'quarantined', 'discarded', 'expired')),
  drop constraint events_tenant_source_key_key,
  add unique (tenant, source, key, variant);

update events set
  state_at = coalesce((select max(at) from dispatches where event_id = events.id), received_at),
  held = exists (select from dispatches where event_id = events.id and state = 'quarantined');

-- Costs a fraction of the default's time. A server may be built without it, or older than it.
do $$ begin
  execute 'alter table events alter column body set compression lz4';
exception when feature_not_supported or invalid_parameter_value or syntax_error then null;
end $$;

-- Where nobody signed the key, equal content is the same event. What waits in quarantine as reused blocks nobody.
create unique index events_by_digest on events (tenant, source, digest) where digest_is_key and variant = '';

create index events_by_delivery on events (delivery_id) where delivery_id is not null;

-- For the list: newest first, by type, source and state, by state, by subject, and by what was set aside.
drop index events_by_type;
create index events_by_type on events (tenant, type, source, state, received_at);
create index events_by_state on events (tenant, state, received_at);
create index events_by_subject on events (tenant, subject, received_at) where subject is not null;
create index events_set_aside
  on events (tenant, (case when held then 'quarantined' else state end), type, source, received_at)
  where held or state not in ('accepted', 'dispatched');

-- Requests as they came, where that is not the body of their only event.
create table deliveries (
  id text primary key,
  body bytea not null
);

do $$ begin
  execute 'alter table deliveries alter column body set compression lz4';
exception when feature_not_supported or invalid_parameter_value or syntax_error then null;
end $$;

-- What came again, by the key under which it came.
create table event_duplicates (
  event_id text not null references events (id) on delete cascade,
  key text not null,
  times integer not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (event_id, key)
);

create index event_duplicates_by_key on event_duplicates (key);

-- States that an event has left, but for the first one where that was `accepted`.
create table event_states (
  event_id text not null references events (id) on delete cascade,
  at timestamptz not null,
  state text not null,
  reason text,
  by text,
  primary key (event_id, at)
);

alter table dispatches
  -- Id of the replay; empty for what came of the event itself.
  add column replay text not null default '',
  drop constraint dispatches_pkey,
  add primary key (event_id, trigger, replay),
  drop constraint dispatches_state_check,
  add constraint dispatches_state_check check (state in ('started', 'quarantined', 'discarded'));

create index dispatches_by_replay on dispatches (replay, state) where replay <> '';

-- The run of the same trigger that the event itself had started.
alter table runs add column replay_of text;

-- Events that are dispatched once more, at a chosen rate.
create table replays (
  id text primary key,
  tenant text not null,
  -- One event, or all of a source, type and time range.
  event_id text,
  source text,
  type text,
  from_at timestamptz,
  to_at timestamptz,
  per_second real not null,
  by text not null,
  total integer not null,
  created_at timestamptz not null default now(),
  -- When the next events are due; null once nothing is left to do.
  next_at timestamptz default now(),
  finished_at timestamptz,
  cancelled_at timestamptz,
  cancelled_by text,
  -- How many events a cancellation left out.
  skipped integer not null default 0,
  -- How often one of its events was released from quarantine into it again.
  released integer not null default 0
);

create index replays_due on replays (next_at) where next_at is not null;

-- What a replay has not done yet.
create table replay_events (
  replay_id text not null references replays (id) on delete cascade,
  event_id text not null references events (id) on delete cascade,
  position integer not null,
  -- Until then it is some process's own.
  claimed_until timestamptz not null default '-infinity',
  primary key (replay_id, position),
  unique (event_id, replay_id)
);
