-- Requests that were refused, without their bodies and secrets: the newest 1,000 of each source.
create table rejects (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  tenant text not null,
  -- Null where no source has the endpoint that was called.
  source text,
  preset text,
  address text not null,
  method text not null,
  path text not null,
  status smallint not null,
  -- What did not hold.
  step text not null,
  reason text not null,
  headers json not null,
  -- Bytes of the body as declared or received; null where unknown.
  size bigint
);

create index rejects_by_source on rejects ((coalesce(source, '')), id);
