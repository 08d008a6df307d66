import pino from 'pino'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { FailureCode } from '../../src/contracts/failures.ts'
import type { ProviderKey } from '../../src/contracts/limits.ts'
import { dueProbes } from '../../src/models/breaker-rows.ts'
import { createBreakers } from '../../src/models/breakers.ts'
import { syncLimits } from '../../src/models/limits.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createDatabase } from '../harness.ts'
import { openLimits } from './limited-model.ts'

const { url } = await createDatabase()
const { pool, other, close } = openLimits(url)
afterAll(close)
await migrate(pool)
const log = pino({ level: 'silent' })

let providers = 0
const newProvider = (): ProviderKey => {
  providers += 1
  return { provider: `provider-${providers}`, key: 'env:KEY' }
}

// A process of its own each time: what another has read a second ago does not matter here.
const worker = (from = pool) => createBreakers({ pool: from, log })

const quota = { code: 'LLM.BillingExhausted', message: 'No credit.' } as const

/** Lets the pause of an open breaker, or the lease of its probe, be over. */
const elapse = async ({ provider }: ProviderKey, column: 'probe_at' | 'lease_until') => {
  await pool.query(
    `update llm_breakers set ${column} = now() - interval '1 second' where provider = $1`,
    [provider],
  )
}

const pauseOf = async ({ provider }: ProviderKey): Promise<number> => {
  const { rows } = await pool.query<{ ms: number }>(
    `select (extract(epoch from probe_at - now()) * 1000)::float8 as ms from llm_breakers where provider = $1`,
    [provider],
  )
  return rows[0]?.ms ?? 0
}

async function openProbe(
  provider: ProviderKey,
  { code, message }: { code: FailureCode; message: string } = quota,
) {
  await worker().report(provider, { code, message })
  await elapse(provider, 'probe_at')
  const prober = worker()
  const check = await prober.check(provider)
  if (check.outcome !== 'probe') throw new Error('Expected to be the probe.')
  return { prober, leaseId: check.leaseId }
}

test('a provider that nobody complained of is open to all', async () => {
  expect(await worker().check(newProvider())).toEqual({ outcome: 'closed' })
})

test.each([
  ['LLM.BillingExhausted', 'billing'],
  ['LLM.Auth', 'auth'],
] as const)('one %s keeps every worker away', async (code, reason) => {
  const provider = newProvider()

  const change = await worker().report(provider, { code, message: 'It said no.' })
  const again = await worker(other).report(provider, { code, message: 'It said no.' })

  expect(change).toBe('opened')
  expect(again).toBeNull()
  const check = await worker(other).check(provider)
  expect(check).toMatchObject({ outcome: 'open', reason, message: 'It said no.' })
  expect(await worker().check({ ...provider, key: 'env:OTHER' })).toEqual({ outcome: 'closed' })
})

test('ten failures of the connection in a row open it, with a second between the first and the last', async () => {
  const provider = newProvider()
  const workers = [worker(), worker(other)]
  const fail = async (times: number): Promise<unknown[]> =>
    Promise.all(
      Array.from({ length: times }, async (_, index) =>
        workers[index % 2]?.report(provider, { code: 'LLM.Connection', message: 'refused' }),
      ),
    )

  const atOnce = await fail(20)
  await pool.query(
    `update llm_breakers set failing_since = now() - interval '2 seconds' where provider = $1`,
    [provider.provider],
  )
  const later = await fail(4)

  expect(atOnce.filter(Boolean)).toEqual([])
  expect(later.filter(Boolean)).toEqual(['opened'])
  expect(await worker().check(provider)).toMatchObject({ outcome: 'open', reason: 'outage' })
})

test.each([null, 'LLM.RateLimited', 'LLM.BadRequest', 'LLM.InvalidOutput'] as const)(
  'failures of the connection count from the start after %s',
  async (code) => {
    const provider = newProvider()
    for (let failures = 0; failures < 9; failures += 1) {
      await worker().report(provider, { code: 'LLM.Timeout' })
    }
    await pool.query(
      `update llm_breakers set failing_since = now() - interval '2 seconds' where provider = $1`,
      [provider.provider],
    )
    const healthy = worker(other)
    await healthy.check(provider)

    await healthy.report(provider, { code })
    const change = await worker().report(provider, { code: 'LLM.Timeout' })

    expect(change).toBeNull()
    expect(await worker().check(provider)).toEqual({ outcome: 'closed' })
  },
)

test('failures that lie half a minute back do not count', async () => {
  const provider = newProvider()
  for (let failures = 0; failures < 9; failures += 1) {
    await worker().report(provider, { code: 'LLM.Timeout' })
  }
  await pool.query(
    `update llm_breakers set failing_since = now() - interval '31 seconds' where provider = $1`,
    [provider.provider],
  )

  const change = await worker().report(provider, { code: 'LLM.Timeout' })

  expect(change).toBeNull()
})

test('thousands of callers of two workers make one probe per pause', async () => {
  const provider = newProvider()
  await worker().report(provider, quota)
  const workers = [worker(), worker(other), worker(), worker(other)]
  const callAll = async () =>
    Promise.all(
      Array.from({ length: 4_000 }, async (_, index) => workers[index % 4]?.check(provider)),
    )
  const probesOf = (checks: Awaited<ReturnType<typeof callAll>>) =>
    checks.filter((check) => check?.outcome === 'probe')

  const before = probesOf(await callAll())
  await elapse(provider, 'probe_at')
  workers.splice(0, 4, worker(), worker(other), worker(), worker(other))
  const due = probesOf(await callAll())
  const meanwhile = probesOf(await callAll())

  expect(before).toHaveLength(0)
  expect(due).toHaveLength(1)
  expect(meanwhile).toHaveLength(0)
})

test('a provider is due for a probe once its pause is over, and not while somebody tries', async () => {
  const provider = newProvider()
  const isDue = async () =>
    (await dueProbes(pool)).some((each) => each.provider === provider.provider)
  await worker().report(provider, quota)
  const paused = await isDue()

  await elapse(provider, 'probe_at')
  const due = await isDue()
  const check = await worker().check(provider)
  const tried = await isDue()
  await elapse(provider, 'lease_until')

  expect([paused, due, check.outcome, tried, await isDue()]).toEqual([
    false,
    true,
    'probe',
    false,
    true,
  ])
})

test('whoever wants it at once tries before the pause is over, and nobody beside a probe', async () => {
  const provider = newProvider()
  await worker().report(provider, { code: 'LLM.Auth', message: 'No.' })
  const prober = worker()

  const patient = await prober.check(provider)
  const probe = await prober.check(provider, { atOnce: true })
  const beside = await worker(other).check(provider, { atOnce: true })
  if (probe.outcome !== 'probe') throw new Error('Expected to be the probe.')
  const late = worker(other)
  const before = await late.check(provider)
  await prober.report(provider, { code: null, leaseId: probe.leaseId })

  expect([patient.outcome, beside.outcome, before.outcome]).toEqual(['open', 'open', 'open'])
  // It has not heard yet that the breaker is closed.
  expect(await late.check(provider, { atOnce: true })).toEqual({ outcome: 'closed' })
})

test('a probe that succeeds lets everybody in, and the rate of its models begins at a tenth', async () => {
  const provider = newProvider()
  await syncLimits(pool, [{ ...provider, model: 'm', rpm: 600 }])
  const { prober, leaseId } = await openProbe(provider)

  const change = await prober.report(provider, { code: null, leaseId })

  expect(change).toBe('closed')
  expect(await prober.check(provider)).toEqual({ outcome: 'closed' })
  expect(await worker(other).check(provider)).toEqual({ outcome: 'closed' })
  const { rows } = await pool.query<{ pace: number }>(
    'select llm_pace(l, llm_now_ms()) as pace from llm_limits l where provider = $1',
    [provider.provider],
  )
  expect(rows[0]?.pace).toBeGreaterThanOrEqual(0.1)
  expect(rows[0]?.pace).toBeLessThan(0.15)
})

test('each probe that fails doubles the pause, up to ten minutes', async () => {
  const provider = newProvider()
  await worker().report(provider, quota)
  const pauses = [await pauseOf(provider)]

  for (let probes = 0; probes < 6; probes += 1) {
    await elapse(provider, 'probe_at')
    const prober = worker()
    const check = await prober.check(provider)
    if (check.outcome !== 'probe') throw new Error('Expected to be the probe.')
    await prober.report(provider, { ...quota, leaseId: check.leaseId })
    pauses.push(await pauseOf(provider))
  }

  const least = [30, 60, 120, 240, 480, 600, 600]
  pauses.forEach((ms, index) => {
    const seconds = least[index] ?? 0
    expect(ms / 1_000).toBeGreaterThan(seconds - 1)
    expect(ms / 1_000).toBeLessThanOrEqual(seconds * 1.2)
  })
})

test('a probe whose worker died is followed by another once its lease is over', async () => {
  const provider = newProvider()
  const { leaseId } = await openProbe(provider)
  const meanwhile = await worker(other).check(provider)

  await elapse(provider, 'lease_until')
  const next = await worker(other).check(provider)

  expect(meanwhile.outcome).toBe('open')
  expect(next.outcome).toBe('probe')
  // What the first one still has to say comes too late.
  expect(await worker().report(provider, { code: null, leaseId })).toBeNull()
  expect((await worker().check(provider)).outcome).toBe('open')
})

test('a probe that was cancelled makes room for the next at once', async () => {
  const provider = newProvider()
  const { prober, leaseId } = await openProbe(provider)

  await prober.report(provider, { code: 'LLM.Cancelled', leaseId })

  expect((await worker().check(provider)).outcome).toBe('probe')
})

test('a probe that was refused for something else says nothing about the credit', async () => {
  const provider = newProvider()
  const { prober, leaseId } = await openProbe(provider)

  const change = await prober.report(provider, { code: 'LLM.BadRequest', leaseId })

  expect(change).toBeNull()
  expect((await worker().check(provider)).outcome).toBe('open')
  expect(await pauseOf(provider)).toBeLessThanOrEqual(36_000)
})

test('a key that is let through to any other refusal is good again', async () => {
  const provider = newProvider()
  const { prober, leaseId } = await openProbe(provider, { code: 'LLM.Auth', message: '' })

  expect(await prober.report(provider, { code: 'LLM.ContextLength', leaseId })).toBe('closed')
})

test('answers of calls that began before it opened do not close it', async () => {
  const provider = newProvider()
  const late = worker()
  await late.check(provider)
  await worker(other).report(provider, quota)

  await late.report(provider, { code: null })

  expect((await worker().check(provider)).outcome).toBe('open')
})

test('while all is well, ten thousand calls cost one statement', async () => {
  const provider = newProvider()
  let statements = 0
  const counted = Object.create(pool, {
    query: {
      value: (...args: Parameters<typeof pool.query>) => {
        statements += 1
        return pool.query(...args)
      },
    },
  })
  const breakers = createBreakers({ pool: counted, log })

  for (let calls = 0; calls < 10_000; calls += 1) {
    await breakers.check(provider)
    await breakers.report(provider, { code: null })
  }

  expect(statements).toBe(1)
})

test('a probe is not lost where what the others do cannot be read', async () => {
  const provider = newProvider()
  await worker().report(provider, quota)
  await elapse(provider, 'probe_at')
  let reads = 0
  const query = (...statement: [unknown, ...unknown[]]): unknown => {
    const { name } = z.object({ name: z.string() }).catch({ name: '' }).parse(statement[0])
    if (name === 'read-breakers') reads += 1
    if (reads > 1) throw new Error('Postgres is away.')
    return Reflect.apply(pool.query, pool, statement)
  }
  const prober = worker(Object.assign(Object.create(pool), { query }))

  expect(await prober.check(provider)).toMatchObject({ outcome: 'probe' })
})
