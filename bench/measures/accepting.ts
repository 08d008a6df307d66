import type { Options } from '../harness/options.ts'
import type { Measured } from '../harness/receivers.ts'
import type { Report } from '../harness/report.ts'
import type { Servers } from '../harness/servers.ts'
import { medianOfQuiet } from '../harness/statistics.ts'
import { lost, MANY, type Variant, type Variants } from '../harness/variants.ts'

/** What the measurements of accepting share. */
export interface AcceptBench {
  servers: Servers
  variants: Variants
  machine: Record<string, string>
  options: Options
}

const VARIANTS: Variant[] = ['bare', 'paused', 'dispatching']

interface Accepting {
  one: Measured
  many: Measured
}

/** N1: one client and 64 clients, with dispatch paused and on, beside Hono that keeps nothing. */
export async function measureAccepting({
  variants,
  machine,
  options,
}: AcceptBench): Promise<Report> {
  const { seconds } = options
  const accepting = (variant: Variant): Promise<Accepting> =>
    variants.with(variant, async ({ measure }) => ({
      one: await measure({ clients: 1, seconds }),
      many: await measure({ clients: MANY, seconds }),
    }))
  const rounds: Record<Variant, Accepting>[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    rounds.push({
      bare: await accepting('bare'),
      paused: await accepting('paused'),
      dispatching: await accepting('dispatching'),
    })
  }

  const one = (of: (measured: Measured) => number) => (both: Accepting) => of(both.one)
  const many = (of: (measured: Measured) => number) => (both: Accepting) => of(both.many)
  const ratio = (of: (measured: Accepting) => number, over: Variant, under: Variant): number =>
    medianOfQuiet(
      rounds,
      (round) => of(round[over]) / of(round[under]),
      (round) => Math.max(noiseOf(round[over]), noiseOf(round[under])),
    )
  /** Two ratios, then each variant. */
  const row = (name: string, of: (measured: Accepting) => number) => ({
    name,
    values: [
      ratio(of, 'paused', 'bare'),
      ratio(of, 'dispatching', 'paused'),
      ...VARIANTS.map((variant) => {
        const own = rounds.map((round) => round[variant])
        return medianOfQuiet(own, of, noiseOf)
      }),
    ],
  })
  const plain = (name: string, of: (measured: Accepting) => number) => {
    const { values } = row(name, of)
    return { name, values: [null, null, ...values.slice(2)] }
  }
  const p50 = row(
    '1 client: p50, ms',
    one((load) => load.p50),
  )
  const perCore = row(
    `${MANY} clients: answers/s per core (CPU time)`,
    many((load) => load.perCore),
  )
  const perSecond = row(
    `${MANY} clients: answers/s (wall)`,
    many((load) => load.perSecond),
  )
  return {
    title: 'N1: a signed webhook of 1 KB, durable before the 200',
    machine,
    columns: [
      'paused ÷ bare',
      'dispatching ÷ paused',
      'bare Hono, nothing kept',
      'Onset, dispatch paused',
      'Onset, dispatching',
    ],
    rows: [
      p50,
      row(
        '1 client: p99, ms',
        one((load) => load.p99),
      ),
      perCore,
      row(
        `${MANY} clients: CPU µs per answer`,
        many((load) => load.cpuUs),
      ),
      perSecond,
      row(
        `${MANY} clients: p50, ms`,
        many((load) => load.p50),
      ),
      row(
        `${MANY} clients: p99, ms`,
        many((load) => load.p99),
      ),
      plain('sent and not answered 200', (both) => lost(both.one) + lost(both.many)),
      plain('cores kept busy by others', noiseOf),
    ],
    bounds: [
      {
        number: 'N1',
        name: 'p50 at 1 client, dispatch paused, ms',
        value: p50.values[3] ?? NaN,
        limit: 0.6,
        at: 'most',
      },
      {
        number: 'N1',
        name: `answers/s per core at ${MANY} clients, dispatch paused`,
        value: perCore.values[3] ?? NaN,
        limit: 12_000,
        at: 'least',
      },
      {
        number: 'N1',
        name: 'answers/s, dispatching ÷ paused',
        value: perSecond.values[1] ?? NaN,
        limit: 0.7,
        at: 'least',
      },
      variants.rowsBound('N1'),
    ],
    notes: [
      'Onset holds each event against 16 triggers, of which one means it.',
      `Medians of ${options.rounds} rounds of ${seconds} s; the server alone on one core, generator, Postgres and Temporal on the others.`,
      'Where the bound of 12,000 was set, bare Hono reached 14,700 to 16,900 per core.',
    ],
  }
}

const noiseOf = ({ one, many }: Accepting): number =>
  Math.max(one.otherLoad ?? 0, many.otherLoad ?? 0)
