-- Everything that was accepted: one row per event, committed before its sender is answered.
create table events (
  id text primary key,
  tenant text not null,
  source text not null,
  key text not null,
  type text not null,
  subject text,
  time timestamptz not null,
  received_at timestamptz not null default now(),
  method text not null,
  url text not null,
  headers json not null,
  content_type text not null,
  body bytea not null,
  hops smallint not null default 0,
  correlation_id text not null,
  causation_id text,
  state text not null check (state in ('accepted', 'dispatched', 'quarantined')),
  reason text,
  -- When the sweeper takes it up; null once nothing is left to do.
  dispatch_after timestamptz,
  unique (tenant, source, key)
);

create index events_open on events (dispatch_after) where dispatch_after is not null;

-- For waits that look back. Quarantined events wake nobody.
create index events_by_type on events (tenant, type, received_at);

-- One event meeting one trigger.
create table dispatches (
  event_id text not null references events (id) on delete cascade,
  trigger text not null,
  state text not null check (state in ('started', 'quarantined')),
  run_id text,
  reason text,
  message text,
  at timestamptz not null default now(),
  primary key (event_id, trigger)
);
