import { expect, test } from 'vitest'
import { z } from 'zod'
import { until } from '../house.ts'
import { keepRunning } from './kept-process.ts'
import { checkLedger } from './ledger.ts'
import { API_TOKEN, openMachine } from './machine.ts'
import { readLedger } from './read-ledger.ts'

const isLong = process.env['ONSET_LONG'] !== undefined
const EVENTS = 200
const PER_SECOND = 50
// How far it is at each kill: at neither has it only begun, or nearly ended.
const KILLED_AT = [30, 110]

// Runs are started and left to stand: without a worker the two cores belong to the replay.
const machine = await openMachine()
const serve = keepRunning(() => machine.launch('serve', Number(new URL(machine.url).port)))
const ready = () =>
  until(
    'serve to be ready',
    async () => (await fetch(`${machine.url}/readyz`).catch(() => null))?.ok,
    { timeoutMs: 60_000 },
  )
await ready()

const Replay = z.object({ id: z.string(), state: z.string(), total: z.int(), started: z.int() })

async function call(path: string, body?: unknown): Promise<z.infer<typeof Replay>> {
  const response = await fetch(`${machine.url}${path}`, {
    headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  return Replay.parse(await response.json())
}

async function repeated(): Promise<number> {
  const [row] = await machine.sql(
    `select count(*)::int as count from dispatches where replay <> ''`,
  )
  return Number(row?.['count'])
}

test(`a replay of ${EVENTS} events whose process is killed twice gives each of them one more run`, async () => {
  const keys = Array.from({ length: EVENTS }, (_, index) => `replayed-${index}`)
  const answers = await Promise.all(keys.map((key) => machine.deliver(key)))
  await until(
    'all events to be dispatched',
    async () =>
      (await machine.sql('select 1 from events where dispatch_after is not null')).length === 0,
    { timeoutMs: 60_000 },
  )

  const { id, total } = await call('/api/replays', {
    source: 'github',
    from: '2000-01-01T00:00:00Z',
    to: new Date(Date.now() + 60_000).toISOString(),
    perSecond: PER_SECOND,
    by: 'ada',
  })
  const far: number[] = []
  for (const moment of KILLED_AT) {
    await until(`${moment} to be repeated`, async () => (await repeated()) >= moment, {
      timeoutMs: 60_000,
    })
    await serve.kill()
    far.push(await repeated())
    await ready()
  }
  // What a killed process had claimed is free after 30 s. The short test lets them pass in a moment.
  if (!isLong) await machine.sql('update replay_events set claimed_until = now()')
  const done = await until(
    'the replay to be done',
    async () => {
      const replay = await call(`/api/replays/${id}`).catch(() => undefined)
      return replay?.state === 'done' && replay
    },
    { timeoutMs: 120_000 },
  )
  serve.leave()

  const ledger = await readLedger(machine, 'github')
  expect(answers.map(({ status }) => status)).toEqual(Array(EVENTS).fill(200))
  expect(total).toBe(EVENTS)
  expect(Math.max(...far)).toBeLessThan(EVENTS)
  expect(done.started).toBe(EVENTS)
  expect(
    checkLedger({
      sent: keys.map((key) => ({ key, type: 'issues.opened' })),
      answered: keys,
      ...ledger,
      triggers: [{ name: 'newIssues', types: ['issues.opened'] }],
      replays: [{ id, keys }],
    }),
  ).toEqual([])
  expect(ledger.runs).toHaveLength(2 * EVENTS)
}, 300_000)
