import { Client } from 'pg'

/** How many days before now the oldest event came in; within every source's time to remember. */
export const SPREAD_DAYS = 6.5

/** Types with their source and how often they come, of 10,000. */
export const TYPES = [
  { type: 'push', source: 'github', share: 2_500 },
  { type: 'pull_request.synchronize', source: 'github', share: 2_000 },
  { type: 'issues.edited', source: 'github', share: 1_500 },
  { type: 'issues.opened', source: 'github', share: 700 },
  { type: 'issues.labeled', source: 'github', share: 800 },
  { type: 'pull_request.opened', source: 'github', share: 500 },
  { type: 'charge.succeeded', source: 'stripe', share: 900 },
  { type: 'invoice.paid', source: 'stripe', share: 399 },
  { type: 'charge.dispute.created', source: 'stripe', share: 1 },
  { type: 'review.submitted', source: 'reviews', share: 400 },
  { type: 'review.requested', source: 'reviews', share: 250 },
  { type: 'contact.created', source: 'reviews', share: 50 },
] as const

/** The key of the event of that number. */
export const keyOf = (index: number): string => `delivery-${index}`

/** The key under which the event of that number came once more; one in a hundred has one. */
export const duplicateKeyOf = (index: number): string => `again-${index}`

/** Every how many-th event came again. */
export const ONE_CAME_AGAIN_IN = 100

/** What happened to the event of that number; a fifth have no subject. */
export const subjectOf = (index: number): string => `acme/widgets#${index % SUBJECTS}`

/** The subjects that there are. */
export const SUBJECTS = 8_000

// The place of an event among 10,000 says its type, another its state; neither follows the time or each other.
const SEED = `
insert into events (id, tenant, source, key, type, subject, time, received_at, method, url, headers, content_type,
                    body, correlation_id, digest, digest_is_key, verification, state, state_at, reason, held,
                    dispatch_after)
select 'evt_' || uuidv7(age), 'default', kind.source, 'delivery-' || n, kind.type,
       case when n % 5 > 0 then 'acme/widgets#' || n % ${SUBJECTS} end, now() + age, now() + age, 'POST',
       'https://onset.example/hooks/' || kind.source,
       json_build_object('content-type', 'application/json', 'user-agent', 'GitHub-Hookshot/2e2c5c3',
                         'x-github-delivery', 'delivery-' || n),
       'application/json', convert_to(json_build_object('action', 'opened', 'number', n, 'title', repeat('x', 120))::text, 'utf8'),
       'evt_' || n, sha256(n::text::bytea), kind.source = 'github',
       json_build_object('preset', kind.source, 'key', 1, 'keys', 1),
       condition.state, now() + age, condition.reason, condition.held,
       -- Long after the measurement: nobody takes them up meanwhile.
       case when condition.state in ('accepted', 'waiting') then now() + interval '1 day' end
  from generate_series($1::int, $2::int - 1) as n,
       lateral (select make_interval(secs => -$3::float8 * 86400 * (1 - n::float8 / $4)) as age,
                       (n::bigint * 7919 + n / 10000 * 31) % 10000 as place,
                       (n::bigint * 104729 + n / 10000 * 17) % 10000 as fate) of_event,
       lateral (select type, source from json_to_recordset($5) as kinds (type text, source text, above int)
                 where above <= place order by above desc limit 1) kind,
       lateral (select case when fate < 20 then 'accepted' when fate < 30 then 'waiting'
                            when fate < 80 then 'quarantined' when fate < 100 then 'discarded'
                            when fate < 130 then 'expired' else 'dispatched' end as state,
                       case when fate between 20 and 29 then 'no_capacity'
                            when fate between 30 and 79 then 'body_unreadable' end as reason,
                       fate between 130 and 159 as held) condition`

const SEED_DUPLICATES = `
insert into event_duplicates (event_id, key, times, first_at, last_at)
select id, 'again-' || substring(key from 10), 1, received_at, received_at from events
 where substring(key from 10)::int % ${ONE_CAME_AGAIN_IN} = 0`

// One statement for everything would hold a million rows in memory.
const ROWS_AT_ONCE = 50_000

/**
 * Fills an inbox that was migrated with so many events of 12 types and 3 sources over a week: 98.4 % dispatched, the
 * others open, waiting, in quarantine, discarded or expired. The same for the same count.
 */
export async function seedEvents(
  databaseUrl: string,
  { count, say }: { count: number; say(what: string): void },
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      say(`${from.toLocaleString('en-US')} events`)
      const to = Math.min(count, from + ROWS_AT_ONCE)
      await client.query(SEED, [from, to, SPREAD_DAYS, count, JSON.stringify(kinds())])
    }
    say('duplicates')
    await client.query(SEED_DUPLICATES)
    say('vacuum')
    // As autovacuum leaves it in time.
    await client.query('vacuum analyze events')
    await client.query('vacuum analyze event_duplicates')
  } finally {
    await client.end()
  }
}

/** Opens that many of the youngest events again, as an outage of Temporal leaves them. */
export async function leaveOpen(databaseUrl: string, count: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(
      `update events set state = 'accepted', reason = null, held = false, dispatch_after = now() + interval '1 day'
        where id in (select id from events order by tenant desc, received_at desc limit $1)`,
      [count],
    )
    await client.query('vacuum analyze events')
  } finally {
    await client.end()
  }
}

function kinds(): { type: string; source: string; above: number }[] {
  let above = 0
  return TYPES.map(({ type, source, share }) => {
    const kind = { type, source, above }
    above += share
    return kind
  })
}
