-- The list of runs: a projection. Temporal is the truth about execution.
create table runs (
  id text primary key,
  tenant text not null,
  workflow text not null,
  source text not null,
  trigger text not null,
  -- Null for a run that a schedule started.
  event_id text,
  summary text not null,
  status text not null default 'running'
    check (status in ('running', 'waiting', 'parked', 'completed', 'failed', 'cancelled')),
  waiting_for text check (waiting_for in ('approval', 'event', 'budget', 'provider')),
  step text,
  started_at timestamptz not null,
  ended_at timestamptz,
  result json,
  failure json,
  -- What status and step are true as of: reports can arrive out of order.
  status_at timestamptz not null,
  last_seq integer not null default 0
);

create index runs_by_start on runs (tenant, started_at desc, id desc);
create index runs_by_status on runs (tenant, status, started_at desc, id desc);

-- What happened in a run, in order. seq comes from runs.last_seq, raised in the inserting transaction.
create table run_events (
  run_id text not null references runs (id) on delete cascade,
  seq integer not null,
  key text not null,
  type text not null,
  data json not null,
  at timestamptz not null,
  primary key (run_id, seq),
  unique (run_id, key)
);

-- What a run is stopped at: one row for each wait. Whoever resolves it first wins.
create table waits (
  id text primary key,
  tenant text not null,
  run_id text not null,
  step text not null,
  kind text not null check (kind in ('approval', 'event')),
  title text,
  details json,
  event_type text,
  event_subject text,
  opened_at timestamptz not null default now(),
  expires_at timestamptz,
  resolved_at timestamptz,
  -- A person, the id of an event, `timeout`, or `run` when the run ended first.
  resolved_by text,
  resolution json,
  -- When the run is told again; null once the run has taken note.
  wake_after timestamptz,
  unique (run_id, step)
);

create index waits_for_events on waits (tenant, event_type) where kind = 'event' and resolved_at is null;
create index waits_for_people on waits (tenant, opened_at) where kind = 'approval' and resolved_at is null;
create index waits_to_wake on waits (wake_after) where wake_after is not null;

-- Effects on the outside world that were carried out, so that none is repeated.
create table action_receipts (
  key text primary key,
  tenant text not null,
  run_id text not null,
  step text not null,
  action text not null,
  input json not null,
  outcome json not null,
  at timestamptz not null default now()
);
