import { setTimeout as sleep } from 'node:timers/promises'
import { createProgress } from '../../dev/progress.ts'
import { checkLedger, type Violation } from '../../test/outages/ledger.ts'
import { readLedger } from '../../test/outages/read-ledger.ts'
import type { Child } from '../harness/child.ts'
import type { Options } from '../harness/options.ts'
import { type Measured, startReceiver } from '../harness/receivers.ts'
import type { Report } from '../harness/report.ts'
import type { Servers } from '../harness/servers.ts'
import { lost, MANY } from '../harness/variants.ts'

interface FloodBench {
  servers: Servers
  generator: Child
  machine: Record<string, string>
  options: Options
}

const PER_SECOND = 100_000 / 60
// What starts a run costs Temporal several milliseconds of CPU: of a flood, most means nothing to anybody.
const ONE_STARTS_A_RUN_IN = 20
const WARM_UP_SECONDS = 2
// Far more than it takes; what is open by then counts as lost.
const DISPATCHED_WITHIN_MS = 60 * 60_000
const LOOK_MS = 250
const OPEN = 'select count(*) from events where dispatch_after is not null'

/** N3: what is answered while the flood comes, and what has become of each event once nothing is left to dispatch. */
export async function measureFlood({
  servers,
  generator,
  machine,
  options,
}: FloodBench): Promise<Report> {
  const { seconds } = options
  const oneStartsARunIn = options.switches.has('all-start-runs') ? 1 : ONE_STARTS_A_RUN_IN
  const { temporalAddress } = servers
  const databaseUrl = await servers.createDatabase('flood')
  const receiver = await startReceiver({
    program: 'accept-onset',
    databaseUrl,
    temporalAddress,
    everyCore: true,
  })
  try {
    const order = { clients: MANY, perSecond: PER_SECOND, oneStartsARunIn, record: true }
    const warmUp = await receiver.measure(generator, { ...order, seconds: WARM_UP_SECONDS })
    await untilDispatched(servers, databaseUrl)

    const flood = await receiver.measure(generator, { ...order, seconds })
    const left = await servers.count(databaseUrl, OPEN)
    const dispatch = await untilDispatched(servers, databaseUrl)

    const events = [...warmUp.events, ...flood.events]
    const kept = await readLedger({ databaseUrl, temporalAddress }, 'github')
    const violations = checkLedger({
      sent: events,
      answered: events.filter(({ ok }) => ok).map(({ key }) => key),
      ...kept,
      triggers: [{ name: 'newIssues', types: ['issues.opened'] }],
    })
    return report({
      machine,
      seconds,
      flood,
      left,
      dispatch,
      violations,
      runs: flood.events.filter(({ type }) => type === 'issues.opened').length,
    })
  } finally {
    await receiver.stop()
  }
}

interface Dispatched {
  seconds: number
  /** Events that were still open when it was given up. */
  open: number
}

async function untilDispatched(servers: Servers, databaseUrl: string): Promise<Dispatched> {
  const begin = performance.now()
  return createProgress()('Dispatch', async (say) => {
    for (;;) {
      const open = await servers.count(databaseUrl, OPEN)
      const ms = performance.now() - begin
      if (open === 0 || ms > DISPATCHED_WITHIN_MS) return { seconds: ms / 1_000, open }
      say(`${open} events to go`)
      await sleep(LOOK_MS)
    }
  })
}

interface Findings {
  machine: Record<string, string>
  /** How long the flood was to last. */
  seconds: number
  flood: Measured
  left: number
  dispatch: Dispatched
  violations: Violation[]
  runs: number
}

function report({ machine, seconds, flood, left, dispatch, violations, runs }: Findings): Report {
  return {
    title: `N3: ${flood.sent.toLocaleString('en-US')} signed webhooks of 1 KB within ${seconds} s on two cores`,
    machine,
    columns: ['Onset'],
    rows: [
      row('sent', flood.sent),
      row('until the last answer, s', flood.seconds),
      row('accepted/s', flood.perSecond),
      row('p50, ms', flood.p50),
      row('p95, ms', flood.p95),
      row('p99, ms', flood.p99),
      row('answered after more than 10 s, when GitHub has given up', flood.tooLate),
      row('CPU µs of the server per event, dispatch included', flood.cpuUs),
      row('events left to dispatch after the last answer', left),
      row('until they were dispatched, s', dispatch.seconds),
      row('runs started', runs),
      row(
        'runs started/s, from the first event to the last dispatch',
        runs / (flood.seconds + dispatch.seconds),
      ),
      row('cores kept busy by others', flood.otherLoad),
    ],
    bounds: [
      { number: 'N3', name: 'not answered 200', value: lost(flood), limit: 0, at: 'most' },
      { number: 'N3', name: 'not dispatched', value: dispatch.open, limit: 0, at: 'most' },
      {
        number: 'N3',
        name: 'lost, kept or dispatched twice, or started without a reason',
        value: violations.length,
        limit: 0,
        at: 'most',
      },
    ],
    notes: [
      `${runs} of the events start a run; each is held against 16 triggers. No worker carries the runs out: N3 is about dispatch.`,
      'Each event that was sent is compared with the rows in Postgres and the executions that Temporal lists.',
      ...violations.slice(0, 10).map(({ kind, about }) => `${kind}: ${about}`),
    ],
  }
}

const row = (name: string, value: number | null) => ({ name, values: [value] })
