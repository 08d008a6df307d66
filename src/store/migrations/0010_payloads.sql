-- What is too large for Temporal's histories: inputs, arguments and results, to which they refer.
create table payloads (
  -- The run in whose history the reference stands.
  run_id text not null,
  -- Of metadata and data, in hex.
  sha256 text not null,
  -- How the data is to be read, such as { "encoding": "json/plain" }.
  metadata json not null,
  data bytea not null,
  -- When it was handed over last.
  stored_at timestamptz not null default now(),
  primary key (run_id, sha256)
);
-- Compressing 50 MB takes longer than a run may take to start.
alter table payloads alter column data set storage external;
