-- How fast each model may be called, over all workers: one row per limited model. Times are milliseconds since the
-- epoch by the clock of Postgres, so that clocks of workers do not matter.
create table llm_limits (
  provider text not null,
  -- Where the key stands, such as env:OPENAI_API_KEY; never the key itself.
  key text not null,
  model text not null,
  -- Requests and tokens per minute as configured; null is no limit.
  rpm double precision,
  tpm double precision,
  -- What the provider says of itself. It only lowers.
  observed_rpm double precision,
  observed_tpm double precision,
  -- From when on the next call may start, by either limit.
  request_tat_ms double precision not null default 0,
  token_tat_ms double precision not null default 0,
  -- From when on bulk calls may take a place in a long queue again.
  bulk_tat_ms double precision not null default 0,
  -- When the last bulk call that was sent away comes back.
  recall_tat_ms double precision not null default 0,
  -- The largest call of late: what any window may hold beyond its rate.
  largest_tokens double precision not null default 0,
  largest_at_ms double precision not null default 0,
  -- The share of the rate that the provider bears, as of steady_until_ms; it grows from then on.
  rate_factor double precision not null default 1 check (rate_factor > 0 and rate_factor <= 1),
  steady_until_ms double precision not null default 0,
  -- Until then a further refusal says nothing new: the calls were under way when the rate was cut.
  cut_until_ms double precision not null default 0,
  -- The provider wants nothing before this.
  paused_until_ms double precision not null default 0,
  -- When the provider came back from an outage: calls return over a minute.
  ramp_from_ms double precision not null default 0,
  primary key (provider, key, model)
);

-- Places in the queue of calls that wait elsewhere. Whoever does not come loses it; the row is swept later.
create table llm_slots (
  id text primary key,
  provider text not null,
  key text not null,
  model text not null,
  due_ms double precision not null
);

create index llm_slots_by_time on llm_slots (due_ms);

-- A provider that is not asked for a while, by key: billing and keys differ from key to key.
create table llm_breakers (
  provider text not null,
  key text not null,
  state text not null default 'closed' check (state in ('closed', 'open')),
  reason text check (reason in ('billing', 'auth', 'outage')),
  message text,
  since timestamptz,
  -- From when on one call may try whether it works again.
  probe_at timestamptz,
  pause_ms integer not null default 0,
  -- Who tries, and until when nobody else does.
  lease_id text,
  lease_until timestamptz,
  -- Failures of the connection since the last success.
  failures integer not null default 0,
  failing_since timestamptz,
  closed_at timestamptz,
  primary key (provider, key)
);

-- Milliseconds since the epoch, not those of the transaction's start: a row lock may have been waited for.
create function llm_now_ms() returns double precision language sql volatile as
$$ select extract(epoch from clock_timestamp())::double precision * 1000 $$;

-- What the provider bears: what refusals left of the rate, and 0.05 more for each minute since.
create function llm_borne(l llm_limits, now_ms double precision) returns double precision language sql immutable as
$$ select least(1, l.rate_factor + 0.05 * greatest(0, now_ms - l.steady_until_ms) / 60000) $$;

-- The share of its rate that a model gets. After an outage it grows from a tenth to the whole within a minute.
create function llm_pace(l llm_limits, now_ms double precision) returns double precision language sql immutable as
$$ select greatest(0.1,
     llm_borne(l, now_ms) * least(1, 0.1 + 0.9 * greatest(0, now_ms - l.ramp_from_ms) / 60000)) $$;

-- Reserves the next slot of a model and says how long to wait for it.
--   kept    the caller has had a slot before: it goes by that one
--   slot    a new slot
--   later   none was reserved: come back after wait_ms
--   free    the model has no limit
-- Everything happens under the lock of the model's row. A start may lag its slot by allowance_ms + grace_ms, and the
-- rates leave 3 % of room for that: 0.97 = 60 s / (60 s + 1.85 s), so that no window of 60 s holds more than the limit.
create function llm_reserve(
  provider_name text, key_name text, model_name text, slot_id text,
  tokens double precision, interactive boolean, keep_ms double precision, grace_ms double precision,
  out verdict text, out wait_ms double precision,
  out request_ms double precision, out token_ms double precision,
  out request_tat double precision, out token_tat double precision
) language plpgsql as $$
declare
  -- A start that came late may be made up for by so much.
  allowance_ms constant double precision := 500;
  -- Bulk calls reserve so far ahead and no further: an interactive call waits behind no more than this.
  bulk_horizon_ms constant double precision := 5000;
  -- Of a queue of interactive calls that is longer, bulk calls get a tenth.
  bulk_share constant double precision := 0.1;
  -- Nor do they stay away for longer: those that were to come before them may have been cancelled.
  recall_within_ms constant double precision := 300000;
  -- Beyond a quarter of an hour a call has no use for a slot.
  longest_ms constant double precision := 900000;
  l llm_limits;
  now_ms double precision;
  pace double precision;
  token_ms_each double precision;
  overhang_ms double precision := 0;
  due double precision;
  shared boolean := false;
begin
  -- A crash of Postgres may lose the last slots; a flush per call would hold up everybody behind the lock.
  perform set_config('synchronous_commit', 'off', true);
  select * into l from llm_limits
   where provider = provider_name and key = key_name and model = model_name for update;
  if not found then
    verdict := 'free';
    wait_ms := 0;
    return;
  end if;
  now_ms := llm_now_ms();

  if now_ms - l.largest_at_ms > 600000 then
    l.largest_tokens := 0;
  end if;
  pace := llm_pace(l, now_ms);
  request_ms := coalesce(60000 / (0.97 * pace * least(l.rpm, l.observed_rpm)), 0);
  token_ms_each := coalesce(60000 / (0.97 * pace * (least(l.tpm, l.observed_tpm)
    - least(greatest(l.largest_tokens, tokens), least(l.tpm, l.observed_tpm) / 2))), 0);
  token_ms := tokens * token_ms_each;

  if slot_id is not null then
    select due_ms into due from llm_slots
     where id = slot_id and provider = provider_name and key = key_name and model = model_name;
    if found and due + grace_ms >= now_ms and l.paused_until_ms <= greatest(due, now_ms) then
      verdict := 'kept';
      -- It moved the queue when it was reserved; what it uses beyond that can still be charged.
      request_tat := 0;
      token_tat := 0;
      wait_ms := greatest(0, due - now_ms);
      -- Used up: a second attempt at the same time finds none.
      if wait_ms <= keep_ms then
        delete from llm_slots where id = slot_id;
      end if;
      return;
    end if;
  end if;

  -- What went before left room for the largest call that was known; a larger one waits for the difference.
  if l.largest_tokens > 0 and l.token_tat_ms > now_ms - 60000 then
    overhang_ms := greatest(0, tokens - l.largest_tokens) * token_ms_each;
  end if;
  due := greatest(now_ms, l.request_tat_ms, l.token_tat_ms + overhang_ms, l.paused_until_ms);
  wait_ms := due - now_ms;

  if not interactive and wait_ms > bulk_horizon_ms then
    shared := l.bulk_tat_ms <= now_ms;
    if not shared then
      verdict := 'later';
      -- Back one by one, at the rate, while the queue before them has half of its length left.
      l.recall_tat_ms := greatest(l.recall_tat_ms, due) + greatest(request_ms, token_ms);
      wait_ms := l.recall_tat_ms - now_ms - bulk_horizon_ms / 2;
      if l.recall_tat_ms > greatest(now_ms + recall_within_ms, due) then
        l.recall_tat_ms := greatest(now_ms + recall_within_ms, due);
        wait_ms := (l.recall_tat_ms - now_ms) * (0.5 + random() / 2);
      end if;
      update llm_limits set recall_tat_ms = l.recall_tat_ms
       where provider = provider_name and key = key_name and model = model_name;
      return;
    end if;
  end if;
  if wait_ms > longest_ms then
    verdict := 'later';
    return;
  end if;

  verdict := 'slot';
  request_tat := greatest(l.request_tat_ms, due - allowance_ms) + request_ms;
  token_tat := greatest(l.token_tat_ms, due - allowance_ms) + token_ms;
  update llm_limits set
    request_tat_ms = request_tat,
    token_tat_ms = token_tat,
    bulk_tat_ms = case when shared then now_ms + greatest(request_ms, token_ms) / bulk_share else bulk_tat_ms end,
    largest_tokens = greatest(l.largest_tokens, tokens),
    largest_at_ms = case when tokens >= l.largest_tokens then due else largest_at_ms end
   where provider = provider_name and key = key_name and model = model_name;
  if slot_id is not null and wait_ms > keep_ms then
    delete from llm_slots where id in (
      select id from llm_slots where due_ms < now_ms - 60000 order by due_ms limit 20 for update skip locked);
    insert into llm_slots (id, provider, key, model, due_ms)
    values (slot_id, provider_name, key_name, model_name, due)
    on conflict (id) do update set
      provider = excluded.provider, key = excluded.key, model = excluded.model, due_ms = excluded.due_ms;
  end if;
end $$;
