import { setTimeout as sleep } from 'node:timers/promises'
import { watchOtherLoad } from '../harness/load.ts'
import type { Options } from '../harness/options.ts'
import type { Report } from '../harness/report.ts'
import { type BenchTemporal, type Runner, type RunTimes, startRunner } from '../harness/runners.ts'
import type { Servers } from '../harness/servers.ts'
import { medianOfQuiet, quantile } from '../harness/statistics.ts'

/** What the measurements of runs share. */
export interface RunBench {
  servers: Servers
  temporal: BenchTemporal
  machine: Record<string, string>
  options: Options
}

const IN_FLIGHT = 32
const ALONE = 30
const WARM_UP_RUNS = 20
// Until 32 runs have spread over their three steps.
const SETTLING_MS = 2_000

interface Round {
  alone: RunTimes[]
  perSecond: number
  /** CPU of the process for each run of the loaded part, in milliseconds. */
  cpuMs: number
  otherLoad: number
}

/** N4: from the webhook to the first activity, one run at a time; and finished runs per second, 32 in flight. */
export async function measureRuns({
  servers,
  temporal,
  machine,
  options,
}: RunBench): Promise<Report> {
  const databaseUrl = await servers.createDatabase('runs')
  const bare = await startRunner('bare', { temporal, roles: 'serve,work' })
  const onset = await startRunner('onset', { temporal, databaseUrl, roles: 'serve,work' })
  const rounds: { bare: Round; onset: Round }[] = []
  try {
    for (const runner of [bare, onset]) await inTurn(runner, WARM_UP_RUNS)
    for (let round = 0; round < options.rounds; round += 1) {
      rounds.push({
        bare: await measureRound(bare, options.seconds),
        onset: await measureRound(onset, options.seconds),
      })
    }
  } finally {
    await Promise.all([bare.stop(), onset.stop()])
  }

  const both = (of: (round: Round) => number) => [
    medianOfQuiet(rounds, (round) => of(round.onset) / of(round.bare), noiseOf),
    medianOfQuiet(rounds, ({ onset: round }) => of(round), noiseOf),
    medianOfQuiet(rounds, ({ bare: round }) => of(round), noiseOf),
  ]
  const time =
    (from: keyof RunTimes, to: keyof RunTimes, share: number) =>
    ({ alone }: Round): number =>
      quantile(
        alone.map((run) => run[to] - run[from]),
        share,
      )
  const answered = both(time('answeredAt', 'activityAt', 0.5))
  const sent = both(time('sentAt', 'activityAt', 0.5))
  const finished = both(({ perSecond }) => perSecond)
  return {
    title: 'N4: three calls of 20 ms in turn, beside a bare Temporal client and worker',
    machine,
    columns: ['Onset ÷ bare', 'Onset', 'bare'],
    rows: [
      { name: 'answered → first activity: p50, ms', values: answered },
      {
        name: 'answered → first activity: p95, ms',
        values: both(time('answeredAt', 'activityAt', 0.95)),
      },
      { name: 'sent → first activity: p50, ms', values: sent },
      { name: 'sent → first activity: p95, ms', values: both(time('sentAt', 'activityAt', 0.95)) },
      { name: 'sent → answered: p50, ms', values: both(time('sentAt', 'answeredAt', 0.5)) },
      {
        name: 'first activity → model is asked: p50, ms',
        values: both(time('activityAt', 'modelAt', 0.5)),
      },
      { name: 'sent → finished: p50, ms', values: both(time('sentAt', 'finishedAt', 0.5)) },
      { name: `${IN_FLIGHT} in flight: finished/s`, values: finished },
      { name: `${IN_FLIGHT} in flight: CPU ms per run`, values: both(({ cpuMs }) => cpuMs) },
      {
        name: 'cores kept busy by others',
        values: [null, ...both(({ otherLoad }) => otherLoad).slice(1)],
      },
    ],
    bounds: [
      {
        number: 'N4',
        name: 'answered → first activity, ÷ bare',
        value: answered[0] ?? NaN,
        limit: 1.1,
        at: 'most',
      },
      {
        number: 'N4',
        name: 'sent → first activity, ÷ bare',
        value: sent[0] ?? NaN,
        limit: 1.1,
        at: 'most',
      },
      {
        number: 'N4',
        name: 'finished/s, ÷ bare',
        value: finished[0] ?? NaN,
        limit: 0.95,
        at: 'least',
      },
    ],
    notes: [
      `Medians of ${options.rounds} rounds, bare and Onset in turn: ${ALONE} runs one at a time, then ${options.seconds} s with ${IN_FLIGHT} in flight.`,
      'Bare answers once Temporal has the run, Onset once Postgres has the event. The bare process keeps no records.',
    ],
  }
}

async function measureRound(runner: Runner, seconds: number): Promise<Round> {
  const otherLoad = watchOtherLoad()
  const alone = await inTurn(runner, ALONE)
  const loaded = await inFlight(runner, seconds)
  return { alone, ...loaded, otherLoad: otherLoad() ?? 0 }
}

async function inTurn(runner: Runner, runs: number): Promise<RunTimes[]> {
  const connection = await runner.connect()
  const times: RunTimes[] = []
  for (let run = 0; run < runs; run += 1) times.push(await runner.runOnce(connection))
  connection.close()
  return times
}

/** A closed loop; what finishes after it has settled and before its end counts. */
async function inFlight(
  runner: Runner,
  seconds: number,
): Promise<Pick<Round, 'perSecond' | 'cpuMs'>> {
  let finished = 0
  const over = new AbortController()
  const loops = Array.from({ length: IN_FLIGHT }, async () => {
    const connection = await runner.connect()
    while (!over.signal.aborted) {
      await runner.runOnce(connection)
      finished += 1
    }
    connection.close()
  })
  const sample = async () => ({ at: performance.now(), cpu: await runner.cpuUs(), runs: finished })
  await sleep(SETTLING_MS)
  const before = await sample()
  await sleep(seconds * 1_000)
  const after = await sample()
  over.abort()
  await Promise.all(loops)
  const runs = after.runs - before.runs
  return {
    perSecond: (runs / (after.at - before.at)) * 1_000,
    cpuMs: (after.cpu - before.cpu) / runs / 1_000,
  }
}

const noiseOf = (round: { bare: Round; onset: Round }): number =>
  Math.max(round.bare.otherLoad, round.onset.otherLoad)
