-- Every text that a prompt has had. A version never changes: whoever has its number has its text.
create table prompt_versions (
  name text not null,
  version integer not null check (version > 0),
  content text not null,
  -- The partials that it uses, by name: what becomes of their files later does not matter to it.
  partials json not null,
  -- Of content and partials.
  sha256 text not null,
  -- Of what it takes and answers. A label moves between versions that agree in it with the build.
  schemas_sha256 text not null,
  author text not null,
  message text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (name, version),
  unique (name, sha256)
);

-- Where labels have pointed, and from when on. The last one counts; a run asks for the time at which it began.
create table prompt_labels (
  id bigint generated always as identity primary key,
  name text not null,
  label text not null check (label ~ '^[a-z][a-z0-9-]*$'),
  version integer not null,
  -- The share of runs that it is for. The others stay with what was there before.
  percent integer not null default 100 check (percent between 1 and 100),
  at timestamptz not null,
  by text not null,
  foreign key (name, version) references prompt_versions (name, version)
);

create index prompt_labels_by_name on prompt_labels (name, label, id);

-- The last state of each file that was imported.
create table prompt_imports (
  name text primary key,
  sha256 text not null,
  at timestamptz not null default now()
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger prompt_versions_stay before update or delete or truncate on prompt_versions
  for each statement execute function refuse_change();

create trigger prompt_labels_stay before update or delete or truncate on prompt_labels
  for each statement execute function refuse_change();
