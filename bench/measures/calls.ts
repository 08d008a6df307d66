import { randomUUID } from 'node:crypto'
import { DEFAULT_TENANT } from '../../src/contracts/names.ts'
import { runId } from '../../src/inbox/run-id.ts'
import { createStartRun } from '../../src/inbox/start-run.ts'
import { watchOtherLoad } from '../harness/load.ts'
import type { RunBench } from './pipelines.ts'
import { question } from '../harness/question.ts'
import type { Report } from '../harness/report.ts'
import { type BenchTemporal, type Kind, type Runner, startRunner } from '../harness/runners.ts'
import { medianOfQuiet } from '../harness/statistics.ts'

const IN_FLIGHT = 32
const WARM_UP_RUNS = 150
const RUNS = 250

interface Round {
  /** CPU of the worker process for each run, in milliseconds. */
  cpuMs: number
  perSecond: number
  historyEvents: number
  otherLoad: number
}

/** N5: CPU of the worker process for a run of one call, beside a bare worker with the same records. */
export async function measureCalls({
  servers,
  temporal,
  machine,
  options,
}: RunBench): Promise<Report> {
  const runners: Record<Kind, Runner> = {
    bare: await startRunner('bare', {
      temporal,
      databaseUrl: await servers.createDatabase('calls_bare'),
      roles: 'work',
    }),
    onset: await startRunner('onset', {
      temporal,
      databaseUrl: await servers.createDatabase('calls_onset'),
      roles: 'work',
    }),
  }
  const rounds: Record<Kind, Round>[] = []
  const measure = (kind: Kind, runs: number): Promise<Round> =>
    measureRound(runners[kind], createStart(kind, temporal), runs)
  try {
    for (const kind of ['bare', 'onset'] as const) await measure(kind, WARM_UP_RUNS)
    for (let round = 0; round < options.rounds; round += 1) {
      rounds.push({ bare: await measure('bare', RUNS), onset: await measure('onset', RUNS) })
    }
  } finally {
    await Promise.all([runners.bare.stop(), runners.onset.stop()])
  }

  const noiseOf = (round: Record<Kind, Round>) =>
    Math.max(round.bare.otherLoad, round.onset.otherLoad)
  const both = (of: (round: Round) => number) => [
    medianOfQuiet(rounds, ({ onset, bare }) => of(onset) / of(bare), noiseOf),
    medianOfQuiet(rounds, ({ onset }) => of(onset), noiseOf),
    medianOfQuiet(rounds, ({ bare }) => of(bare), noiseOf),
  ]
  const cpu = both(({ cpuMs }) => cpuMs)
  const events = both(({ historyEvents }) => historyEvents)
  return {
    title: 'N5: worker CPU of a run with one call, beside a bare worker with the same SQL',
    machine,
    columns: ['Onset ÷ bare', 'Onset', 'bare'],
    rows: [
      { name: 'worker CPU per run, ms', values: cpu },
      { name: 'finished/s', values: both(({ perSecond }) => perSecond) },
      { name: 'history events of a run', values: events },
      {
        name: 'cores kept busy by others',
        values: [null, ...both(({ otherLoad }) => otherLoad).slice(1)],
      },
    ],
    bounds: [
      {
        number: 'N5',
        name: 'worker CPU per run, ÷ bare',
        value: cpu[0] ?? NaN,
        limit: 1.1,
        at: 'most',
      },
      {
        number: 'N5',
        name: 'history events of a run of one call',
        value: events[1] ?? NaN,
        limit: 12,
        at: 'most',
      },
    ],
    notes: [
      `Medians of ${options.rounds} rounds of ${RUNS} runs, ${IN_FLIGHT} in flight, bare and Onset in turn; started by another process.`,
    ],
  }
}

type Start = () => Promise<string>

async function measureRound(
  runner: Runner,
  { start, temporal }: { start: Start; temporal: BenchTemporal },
  runs: number,
): Promise<Round> {
  const otherLoad = watchOtherLoad()
  const before = { at: performance.now(), cpu: await runner.cpuUs() }
  let last = ''
  let left = runs
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      last = await start()
      await temporal.client.workflow.result(last)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop))
  const seconds = (performance.now() - before.at) / 1_000
  const cpuMs = ((await runner.cpuUs()) - before.cpu) / runs / 1_000
  const { historyLength } = await temporal.client.workflow.getHandle(last).describe()
  return {
    cpuMs,
    perSecond: runs / seconds,
    historyEvents: historyLength,
    otherLoad: otherLoad() ?? 0,
  }
}

function createStart(
  kind: Kind,
  temporal: BenchTemporal,
): { start: Start; temporal: BenchTemporal } {
  const { client } = temporal
  const startRun = createStartRun({ client: () => client, eager: false })
  return { start: kind === 'bare' ? startBare : startOnset, temporal }

  async function startBare(): Promise<string> {
    const workflowId = `oneCall:${randomUUID()}`
    await client.workflow.start('oneCall', { workflowId, taskQueue: 'bare', args: [question] })
    return workflowId
  }

  async function startOnset(): Promise<string> {
    const workflow = 'oneCall'
    const origin = { tenant: DEFAULT_TENANT, source: 'github', key: randomUUID() }
    const eventId = `evt_${origin.key}`
    const { tenant, source } = origin
    const id = runId({ workflow, tenant, trigger: 'calls', source, eventId })
    const input = {
      ...origin,
      id: eventId,
      type: 'issues.opened',
      subject: 'acme/widgets#7',
      time: new Date().toISOString(),
      hops: 0,
      correlationId: eventId,
      trigger: 'calls',
      data: question,
    }
    await startRun({ id, workflow, summary: question.title, priority: 'interactive', input })
    return id
  }
}
