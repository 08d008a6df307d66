import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { freePort } from '../../dev/ports.ts'
import { until } from '../house.ts'
import { disturb } from './faults.ts'
import { keepRunning } from './kept-process.ts'
import { checkLedger } from './ledger.ts'
import { openMachine } from './machine.ts'
import { readLedger } from './read-ledger.ts'
import { send } from './senders.ts'

// Two minutes in `npm run test:long`; there every process is killed several times.
const isLong = process.env['ONSET_LONG'] !== undefined
const { seconds, kills, stops } = isLong
  ? { seconds: 120, kills: 24, stops: 3 }
  : { seconds: 15, kills: 3, stops: 1 }
const PER_SECOND = 200
// A run that failed is repeated with `ONSET_SEED=<its seed>`: kills and stops come at the same moments.
const seed = Number(process.env['ONSET_SEED'] ?? randomInt(2 ** 32))
process.stdout.write(`intake-crashes: ONSET_SEED=${seed}\n`)

const machine = await openMachine()
const ports = {
  serve: [await freePort(), await freePort()],
  work: [await freePort(), await freePort()],
}
const keep = (role: 'serve' | 'work') =>
  ports[role].map((port) => keepRunning(() => machine.launch(role, port)))
const processes = [...keep('serve'), ...keep('work')]
await Promise.all(
  [...ports.serve, ...ports.work].map((port) =>
    until(
      `port ${port} to be ready`,
      async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok,
      { timeoutMs: 60_000 },
    ),
  ),
)

const nothingOpen = async () => {
  const open = await machine.sql('select 1 from events where dispatch_after is not null limit 1')
  return open.length === 0
}

test(`under ${PER_SECOND} events/s, with processes killed and Postgres stopped at random, what was answered 200 has one run for each trigger it means`, async () => {
  const urls = ports.serve.map((port) => `http://127.0.0.1:${port}`)
  const half = { urls, perSecond: PER_SECOND / 2, seconds }

  const [once, persistent] = await Promise.all([
    send({ ...half, name: 'once', persists: false }),
    send({ ...half, name: 'persistent', persists: true }),
    disturb({ seed, seconds, kills, stops }, { processes, postgres: machine.postgres }),
  ])
  for (const process of processes) process.leave()
  // What a killed process had claimed is free after 30 s. The short test lets them pass in a moment.
  if (!isLong)
    await machine.sql('update events set dispatch_after = now() where dispatch_after > now()')
  await until('nothing to be left to dispatch', nothingOpen, { timeoutMs: 300_000 })

  const sent = [...once.sent, ...persistent.sent]
  const answered = [...once.answered, ...persistent.answered]
  const ledger = await readLedger(machine, 'github')
  const triggers = [{ name: 'newIssues', types: ['issues.opened'] }]
  const summary = {
    ...once.outcomes,
    persistent: persistent.outcomes,
    rows: ledger.events.length,
    runs: ledger.runs.length,
  }
  process.stdout.write(`intake-crashes: ${JSON.stringify(summary)}\n`)
  expect(checkLedger({ sent, answered, ...ledger, triggers }), `ONSET_SEED=${seed}`).toEqual([])
  // Whoever delivers again until it is told is told in the end, of every event.
  expect(persistent.answered).toHaveLength(persistent.sent.length)
  // Without outages that are felt, or with nothing but them, the check would say little.
  expect(once.answered.length).toBeGreaterThan(0)
  expect(once.answered.length).toBeLessThan(once.sent.length)
  expect(ledger.runs.length).toBeGreaterThan(0)
}, 600_000)
