import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { until } from '../house.ts'
import { openMachine } from './machine.ts'

const machine = await openMachine()
const roles = await Promise.all([machine.start('serve'), machine.start('work')])

// A whole minute in `npm run test:long`, at a pace whose runs can be carried out in a few more.
const isLong = process.env['ONSET_LONG'] !== undefined
const deliveries = isLong ? 600 : 40
const PAUSE_MS = isLong ? 100 : 0

const completed = async (count: number) => {
  const [runs] = await machine.sql(
    `select count(*)::int as completed from runs where status = 'completed'`,
  )
  return runs?.['completed'] === count
}

/** Waits at most as long as a sender would. */
async function timed(deliver: () => Promise<Response>) {
  const began = performance.now()
  const response = await deliver()
  return { status: response.status, headers: response.headers, ms: performance.now() - began }
}

test('while Temporal is away every delivery is answered 200, and each becomes one run when it is back', async () => {
  await machine.temporal.stop()

  const answers = []
  const keys = Array.from({ length: deliveries }, (_, index) => `away-${index}`)
  for (const key of keys) {
    answers.push(await timed(() => machine.deliver(key)))
    await setTimeout(PAUSE_MS)
  }
  // Some are delivered again, as senders do.
  for (const key of keys.slice(0, 10)) answers.push(await timed(() => machine.deliver(key)))
  const open = await machine.sql(
    'select count(*)::int as open from events where dispatch_after is not null',
  )
  await machine.temporal.start()

  expect(answers.map(({ status }) => status)).toEqual(Array(keys.length + 10).fill(200))
  expect(open).toEqual([{ open: keys.length }])
  await until('all runs', () => completed(keys.length), { timeoutMs: 240_000 })
  const dispatches = await machine.sql(
    'select count(*)::int as all, count(distinct run_id)::int as runs from dispatches',
  )
  expect(dispatches).toEqual([{ all: keys.length, runs: keys.length }])
}, 360_000)

test('without Postgres a delivery is answered 503 within 2 s with a time to come back, and recovery needs nobody', async () => {
  await machine.postgres.stop()

  const stopped = await timed(() => machine.deliver('stopped'))
  await machine.postgres.start()

  expect(stopped.status).toBe(503)
  expect(stopped.headers.get('retry-after')).toBe('2')
  expect(stopped.ms).toBeLessThan(2_000)
  await until(
    'deliveries to be kept again',
    async () => (await machine.deliver('stopped')).status === 200,
  )
  await until(
    'its run',
    async () =>
      (
        await machine.sql(`select 1 from runs join events on event_id = events.id
    where events.key = 'stopped' and status = 'completed'`)
      ).length === 1,
    { timeoutMs: 60_000 },
  )
}, 120_000)

test('a Postgres that hangs is answered for within 2 s as well, and nobody is kept waiting behind it', async () => {
  const pid = machine.postgres.pid()
  const group = await machine.sql('select pid from pg_stat_activity')
  const pids = [pid, ...group.map((row) => Number(row['pid']))]
  const signal = (name: NodeJS.Signals): void => {
    for (const each of pids) {
      try {
        process.kill(each, name)
      } catch {
        // A connection that has ended since.
      }
    }
  }
  signal('SIGSTOP')
  try {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => timed(() => machine.deliver(`hangs-${index}`))),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(503))
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(2_300)
  } finally {
    signal('SIGCONT')
  }
  await until(
    'deliveries to be kept again',
    async () => (await machine.deliver('hangs-0')).status === 200,
  )
}, 60_000)

test('SIGTERM stops each role in order, with exit code 0', async () => {
  for (const role of roles) {
    if (role.pid !== undefined) process.kill(role.pid, 'SIGTERM')
  }

  const ends = await Promise.all(roles.map(({ ended }) => ended))

  expect(ends.map(({ code }) => code)).toEqual([0, 0])
  expect(roles.map((role) => role.lastLines())).toEqual([
    expect.stringContaining('"msg":"stopped"'),
    expect.stringContaining('"msg":"stopped"'),
  ])
}, 30_000)
