import { setTimeout as sleep } from 'node:timers/promises'
import type { Measured } from '../harness/receivers.ts'
import type { Report } from '../harness/report.ts'
import { medianOfQuiet } from '../harness/statistics.ts'
import { lost, MANY } from '../harness/variants.ts'
import type { AcceptBench } from './accepting.ts'

// What two cores dispatch beside everything else. With more, starting runs takes the core that Postgres is on, answers
// queue while Temporal is up, and an outage looks like a relief.
const PER_SECOND = 100
// Into the measurement: the outage begins under load.
const KILLED_AFTER_MS = 300

/** N2: a steady stream of webhooks while Temporal is up, and while it is killed. */
export async function measureOutage({
  servers,
  variants,
  machine,
  options,
}: AcceptBench): Promise<Report> {
  const seconds = options.seconds * 2
  const stream = ({ kill }: { kill: boolean }): Promise<Measured> =>
    variants.with('dispatching', async ({ measure, rest }) => {
      await rest()
      const measuring = measure({ clients: MANY, seconds, perSecond: PER_SECOND })
      await sleep(KILLED_AFTER_MS)
      if (kill) await servers.killTemporal()
      return measuring
    })
  const rounds: { up: Measured; away: Measured }[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    const up = await stream({ kill: false })
    const away = await stream({ kill: true })
    await servers.restartTemporal()
    rounds.push({ up, away })
  }

  const row = (name: string, of: (measured: Measured) => number) => ({
    name,
    values: [
      medianOfQuiet(rounds, ({ up, away }) => of(away) / of(up), noiseOf),
      medianOfQuiet(rounds, ({ up }) => of(up), noiseOf),
      medianOfQuiet(rounds, ({ away }) => of(away), noiseOf),
    ],
  })
  const plain = (name: string, of: (measured: Measured) => number) => {
    const { values } = row(name, of)
    return { name, values: [null, ...values.slice(1)] }
  }
  const p99 = row('p99, ms', (load) => load.p99)
  const sent = rounds.reduce((sum, { away }) => sum + away.sent, 0)
  const ok = rounds.reduce((sum, { away }) => sum + away.ok, 0)
  return {
    title: `N2: the same at ${PER_SECOND}/s while Temporal is killed`,
    machine,
    columns: ['away ÷ up', 'Temporal up', `killed after ${KILLED_AFTER_MS} ms`],
    rows: [
      row('p50, ms', (load) => load.p50),
      row('p95, ms', (load) => load.p95),
      p99,
      plain('sent and not answered 200', lost),
      plain('cores kept busy by others', ({ otherLoad }) => otherLoad ?? NaN),
    ],
    bounds: [
      { number: 'N2', name: 'answered 200, %', value: (ok / sent) * 100, limit: 100, at: 'least' },
      {
        number: 'N2',
        name: 'p99, away ÷ up',
        value: p99.values[0] ?? NaN,
        limit: 1.2,
        at: 'most',
      },
      variants.rowsBound('N2'),
    ],
    notes: [
      `Medians of ${options.rounds} rounds of ${seconds} s. Open loop: what is not answered in time does not hold back what comes next.`,
    ],
  }
}

const noiseOf = ({ up, away }: { up: Measured; away: Measured }): number =>
  Math.max(up.otherLoad ?? 0, away.otherLoad ?? 0)
