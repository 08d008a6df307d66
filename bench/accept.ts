import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from './harness/child.ts'
import { leaveMeasuredCore } from './harness/cores.ts'
import type { LoadOrder } from './harness/load-order.ts'
import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { type Measured, startReceiver } from './harness/receivers.ts'
import { type Bound, printReports, type Report } from './harness/report.ts'
import { startServers } from './harness/servers.ts'
import { medianOfQuiet } from './harness/statistics.ts'
import { plainInsertMs } from './harness/yardstick.ts'

// N1 and N2 of design §9: what it costs to make a signed webhook of 1 KB durable before it is answered.
const options = readOptions({ seconds: 2, rounds: 3, switches: ['profile', 'only-n1', 'only-n2'] })
const WARM_UP_SECONDS = 2
const MANY = 64
// What two cores can dispatch beside everything else; arrivals do not wait for answers.
const OUTAGE_PER_SECOND = 200
// Into the measurement: the outage begins under load.
const KILLED_AFTER_MS = 300

type Variant = 'bare' | 'paused' | 'dispatching'
const VARIANTS: Variant[] = ['bare', 'paused', 'dispatching']

interface Accepting {
  one: Measured
  many: Measured
}

leaveMeasuredCore()
const servers = await startServers()
const generator = startChild({ program: 'generator' })
const urls = {
  paused: await servers.createDatabase('paused'),
  dispatching: await servers.createDatabase('dispatching'),
}
const machine = {
  ...describeMachine(servers.versions),
  yardstick: `one plain row of 1 KB in Postgres: p50 ${(await plainInsertMs(urls.paused)).toFixed(2)} ms (0.20 where the bounds were set)`,
}
/** Answers of 200 and rows in the inbox, over everything that was measured. */
const kept = { answered: 0, rows: 0 }
try {
  const reports: Report[] = []
  if (!options.switches.has('only-n2')) reports.push(await n1())
  if (!options.switches.has('only-n1')) reports.push(await n2())
  printReports(reports, options)
} finally {
  await generator.stop()
  await servers.stop()
}

async function n1(): Promise<Report> {
  const rounds: Record<Variant, Accepting>[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    const bare = await accepting('bare')
    const paused = await accepting('paused')
    const dispatching = await accepting('dispatching')
    rounds.push({ bare, paused, dispatching })
  }
  const all = (of: (measured: Accepting) => number) =>
    VARIANTS.map((variant) =>
      medianOfQuiet(
        rounds.map((round) => round[variant]),
        of,
        noiseOf,
      ),
    )
  const ratio = (of: (measured: Accepting) => number, over: Variant, under: Variant) =>
    medianOfQuiet(
      rounds,
      (round) => of(round[over]) / of(round[under]),
      (round) => Math.max(noiseOf(round[over]), noiseOf(round[under])),
    )
  const perCore = ({ many }: Accepting): number => many.perCore
  const perSecond = ({ many }: Accepting): number => many.perSecond
  const p50 = ({ one }: Accepting): number => one.p50
  return {
    title: 'N1: a signed webhook of 1 KB, durable before the 200',
    machine,
    columns: ['bare Hono, nothing kept', 'Onset, dispatch paused', 'Onset, dispatching'],
    rows: [
      { name: '1 client: p50, ms', values: all(p50) },
      { name: '1 client: p99, ms', values: all(({ one }) => one.p99) },
      { name: `${MANY} clients: answers/s per core (CPU time)`, values: all(perCore) },
      { name: `${MANY} clients: CPU µs per answer`, values: all(({ many }) => many.cpuUs) },
      { name: `${MANY} clients: answers/s (wall)`, values: all(perSecond) },
      { name: `${MANY} clients: p50, ms`, values: all(({ many }) => many.p50) },
      { name: `${MANY} clients: p99, ms`, values: all(({ many }) => many.p99) },
      { name: 'sent and not answered 200', values: all(({ one, many }) => lost(one) + lost(many)) },
      { name: 'cores kept busy by others', values: all(noiseOf) },
    ],
    bounds: [
      {
        number: 'N1',
        name: 'p50 at 1 client, ms',
        value: all(p50)[1] ?? NaN,
        limit: 0.6,
        at: 'most',
      },
      {
        number: 'N1',
        name: `per core at ${MANY} clients`,
        value: all(perCore)[1] ?? NaN,
        limit: 12_000,
        at: 'least',
      },
      {
        number: 'N1',
        name: 'answers/s, dispatching ÷ paused',
        value: ratio(perSecond, 'dispatching', 'paused'),
        limit: 0.7,
        at: 'least',
      },
      rowsBound('N1'),
    ],
    notes: [
      `Median of ${options.rounds} rounds of ${options.seconds} s; the server alone on one core, generator, Postgres and Temporal on the others.`,
      `Of bare Hono's rate per core, with dispatch paused: ${ratio(perCore, 'paused', 'bare').toFixed(2)}; per core, dispatching ÷ paused: ${ratio(perCore, 'dispatching', 'paused').toFixed(2)}.`,
    ],
  }
}

async function n2(): Promise<Report> {
  const rounds: { up: Measured; away: Measured }[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    const up = await outage({ kill: false })
    const away = await outage({ kill: true })
    await servers.restartTemporal()
    rounds.push({ up, away })
  }
  const pair = (of: (measured: Measured) => number) => [
    medianOfQuiet(
      rounds.map(({ up }) => up),
      of,
      (measured) => measured.otherLoad ?? 0,
    ),
    medianOfQuiet(
      rounds.map(({ away }) => away),
      of,
      (measured) => measured.otherLoad ?? 0,
    ),
  ]
  const sent = rounds.reduce((sum, { away }) => sum + away.sent, 0)
  const ok = rounds.reduce((sum, { away }) => sum + away.ok, 0)
  const [up = NaN, away = NaN] = pair(({ p99 }) => p99)
  return {
    title: `N2: the same at ${OUTAGE_PER_SECOND}/s while Temporal is killed`,
    machine,
    columns: ['Temporal up', `killed after ${KILLED_AFTER_MS} ms`],
    rows: [
      { name: 'p50, ms', values: pair(({ p50 }) => p50) },
      { name: 'p95, ms', values: pair(({ p95 }) => p95) },
      { name: 'p99, ms', values: pair(({ p99 }) => p99) },
      { name: 'sent and not answered 200', values: pair(lost) },
      { name: 'cores kept busy by others', values: pair(({ otherLoad }) => otherLoad ?? NaN) },
    ],
    bounds: [
      { number: 'N2', name: 'answered 200, %', value: (ok / sent) * 100, limit: 100, at: 'least' },
      { number: 'N2', name: 'p99, away ÷ up', value: away / up, limit: 1.2, at: 'most' },
      rowsBound('N2'),
    ],
    notes: [`Open loop: what is not answered in time does not hold back what comes next.`],
  }
}

/** Starts the variant anew, warms it up, and measures it with one client and with many. */
async function accepting(variant: Variant): Promise<Accepting> {
  return withReceiver(variant, async (measure) => {
    const { seconds } = options
    return {
      one: await measure({ clients: 1, seconds }),
      many: await measure({ clients: MANY, seconds }),
    }
  })
}

async function outage({ kill }: { kill: boolean }): Promise<Measured> {
  return withReceiver('dispatching', async (measure) => {
    const seconds = options.seconds * 2
    const measuring = measure({ clients: MANY, seconds, perSecond: OUTAGE_PER_SECOND })
    await sleep(KILLED_AFTER_MS)
    if (kill) await servers.killTemporal()
    return measuring
  })
}

type Measure = (order: Omit<LoadOrder, 'port' | 'prepare'>) => Promise<Measured>

async function withReceiver<Result>(
  variant: Variant,
  work: (measure: Measure) => Promise<Result>,
): Promise<Result> {
  const databaseUrl = variant === 'bare' ? undefined : urls[variant]
  const receiver = await startReceiver({
    program: variant === 'bare' ? 'accept-bare' : 'accept-onset',
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(variant === 'dispatching' ? { temporalAddress: servers.temporalAddress } : {}),
    profile: options.switches.has('profile') ? `.onset/profiles/${variant}` : undefined,
  })
  const measure: Measure = async (order) => {
    const measured = await receiver.measure(generator, order)
    if (databaseUrl !== undefined) kept.answered += measured.ok
    return measured
  }
  try {
    await measure({ clients: MANY, seconds: WARM_UP_SECONDS })
    return await work(measure)
  } finally {
    await receiver.stop()
    if (databaseUrl !== undefined) {
      kept.rows += await servers.count(databaseUrl, 'select count(*) from events')
      await servers.emptyInbox(databaseUrl)
    }
  }
}

function lost({ sent, ok }: Measured): number {
  return sent - ok
}

function noiseOf({ one, many }: Accepting): number {
  return Math.max(one.otherLoad ?? 0, many.otherLoad ?? 0)
}

function rowsBound(number: string): Bound {
  const value = Math.abs(kept.rows - kept.answered)
  return {
    number,
    name: 'rows in the inbox that differ from the 200s',
    value,
    limit: 0,
    at: 'most',
  }
}
