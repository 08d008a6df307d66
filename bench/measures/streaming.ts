import { z } from 'zod'
import { type Child, startChild } from '../harness/child.ts'
import { MEASURED_CORE } from '../harness/cores.ts'
import { watchOtherLoad } from '../harness/load.ts'
import type { Options } from '../harness/options.ts'
import type { Report } from '../harness/report.ts'
import { medianOfQuiet, quantile } from '../harness/statistics.ts'
import { READERS, type Reader, StreamMeasure, TOKENS_PER_SECOND } from '../harness/token-streams.ts'

// A single stream is short: its first token is what counts, and many give a quantile. Others are answers of two
// paragraphs.
const LOADS = [
  { streams: 1, tokens: 3 },
  { streams: 100, tokens: 250 },
  { streams: 400, tokens: 250 },
] as const

type Load = (typeof LOADS)[number]

// Once around: streams begin spread over the length of one.
const WARM_UP_SECONDS = 6

interface Measured {
  p50: number
  p99: number
  cpuUsPerToken: number
  tokensPerSecond: number
  otherLoad: number
}

type Round = Record<Reader, Measured>

/** Time to the first token and CPU per token of the three readers, in turn. */
export async function measureStreaming({
  machine,
  options,
}: {
  machine: Record<string, string>
  options: Options
}): Promise<Report> {
  const server = startChild({ program: 'token-server' })
  const rounds = new Map<Load, Round[]>(LOADS.map((load) => [load, []]))
  try {
    const port = await server.ask({}, z.number())
    for (let round = 0; round < options.rounds; round += 1) {
      for (const load of LOADS) {
        const measured = await measureRound({ port, load, seconds: options.seconds })
        rounds.get(load)?.push(measured)
      }
    }
  } finally {
    await server.stop()
  }
  return report({ machine, rounds })
}

interface Measuring {
  port: number
  load: Load
  seconds: number
}

async function measureRound(measuring: Measuring): Promise<Round> {
  const raw = await measure('raw', measuring)
  const ours = await measure('ours', measuring)
  return { raw, ours, client: await measure('client', measuring) }
}

async function measure(reader: Reader, { port, load, seconds }: Measuring): Promise<Measured> {
  const child: Child = startChild({
    program: 'token-reader',
    env: { READER: reader },
    core: MEASURED_CORE,
  })
  try {
    const otherLoad = watchOtherLoad()
    const order = { port, ...load, seconds, warmUpSeconds: WARM_UP_SECONDS }
    const { firstTokens, tokens, cpuUs } = await child.ask(order, StreamMeasure)
    return {
      p50: quantile(firstTokens, 0.5),
      p99: quantile(firstTokens, 0.99),
      cpuUsPerToken: cpuUs / tokens,
      tokensPerSecond: tokens / seconds,
      otherLoad: otherLoad() ?? 0,
    }
  } finally {
    await child.stop()
  }
}

function report({
  machine,
  rounds,
}: {
  machine: Record<string, string>
  rounds: Map<Load, Round[]>
}): Report {
  const noiseOf = (round: Round) => Math.max(...READERS.map((reader) => round[reader].otherLoad))
  const over = (load: Load, value: (round: Round) => number): number =>
    medianOfQuiet(rounds.get(load) ?? [], value, noiseOf)
  const [one, , many] = LOADS

  return {
    title: `Reading streams of ${TOKENS_PER_SECOND} tokens/s: our provider beside fetch, and the stock client`,
    machine,
    columns: ['ours ÷ raw', 'raw', 'ours', 'stock client'],
    rows: LOADS.flatMap((load) => {
      const row = (name: string, of: (measured: Measured) => number) => ({
        name: `${load.streams} streams: ${name}`,
        values: [
          over(load, ({ ours, raw }) => of(ours) / of(raw)),
          ...READERS.map((reader) => over(load, (round) => of(round[reader]))),
        ],
      })
      return [
        row('first token p50, ms', ({ p50 }) => p50),
        row('first token p99, ms', ({ p99 }) => p99),
        row('CPU per token, µs', ({ cpuUsPerToken }) => cpuUsPerToken),
        row('tokens/s', ({ tokensPerSecond }) => tokensPerSecond),
        row('cores kept busy by others', ({ otherLoad }) => otherLoad),
      ]
    }),
    bounds: [
      {
        number: 'stream',
        name: 'first token p50 of 1 stream, ms above raw',
        value: over(one, ({ ours, raw }) => ours.p50 - raw.p50),
        limit: 1.5,
        at: 'most',
      },
      {
        number: 'stream',
        name: 'first token p50 of 400 streams, ms above raw',
        value: over(many, ({ ours, raw }) => ours.p50 - raw.p50),
        limit: 8,
        at: 'most',
      },
      {
        number: 'stream',
        name: 'CPU per token of 400 streams, ÷ raw',
        value: over(many, ({ ours, raw }) => ours.cpuUsPerToken / raw.cpuUsPerToken),
        limit: 1.15,
        at: 'most',
      },
    ],
    notes: [
      'Raw is fetch, split into lines, JSON.parse of each, and no check of anything.',
      'A single stream of 3 tokens is mostly its beginning: its CPU per token is that of a request.',
    ],
  }
}
