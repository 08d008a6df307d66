-- Every attempt of a model call: what it cost, how it ended, what it answered.
create table ledger (
  id bigint generated always as identity primary key,
  tenant text not null,
  run_id text not null,
  step text not null,
  ask integer not null,
  -- Counts all attempts of the step, over all of its asks.
  attempt integer not null,
  provider text not null,
  model text not null,
  prompt text not null,
  prompt_version text not null,
  outcome text not null default 'started'
    check (outcome in ('started', 'succeeded', 'failed', 'interrupted')),
  failure_code text,
  message text,
  input_tokens integer,
  output_tokens integer,
  finish_reason text,
  request_id text,
  ttft_ms integer,
  latency_ms integer,
  -- Not jsonb: that refuses characters which a model may well write.
  output json,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  unique (run_id, step, attempt)
);

-- A call is paid once: its second success has no place.
create unique index ledger_paid_once on ledger (run_id, step, ask) where outcome = 'succeeded';
