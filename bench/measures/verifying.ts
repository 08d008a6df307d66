import type { KeyObject } from 'node:crypto'
import { watchOtherLoad } from '../harness/load.ts'
import type { Options } from '../harness/options.ts'
import { cpuUs } from '../harness/parent.ts'
import type { Report } from '../harness/report.ts'
import { type SignedSample, signedSample } from '../harness/signed-sample.ts'
import { median, medianOfQuiet } from '../harness/statistics.ts'
import type { Lock } from '../../src/triggers/webhook/verify.ts'
import { verify } from '../../src/triggers/webhook/verify.ts'

interface VerifyBench {
  machine: Record<string, string>
  options: Options
}

const PRESETS = ['github', 'stripe', 'standard-webhooks', 'slack', 'shopify'] as const
const SIZES = [1_024, 20_480] as const
const BOUND_BYTES = 20_480
// Long enough that the clock does not count, short enough that both sides meet the same moods of the machine.
const CALLS_AT_ONCE = 100

interface Round {
  /** CPU time of one call, in microseconds. */
  bareUs: number
  presetUs: number
  doorUs: number
  presetRatio: number
  doorRatio: number
  otherLoad: number
}

/** Verifies the same request by turns: the bare HMAC, the preset, and the whole door with its seal. */
export async function measureVerifying({ machine, options }: VerifyBench): Promise<Report> {
  const cases = PRESETS.flatMap((preset) => SIZES.map((bytes) => ({ preset, bytes })))
  const measured: { name: string; bytes: number; rounds: Round[] }[] = []
  const share = options.seconds / cases.length
  for (const { preset, bytes } of cases) {
    const sample = signedSample(preset, bytes)
    await requireValid(sample)
    await measureRound(sample, share)
    const rounds: Round[] = []
    for (let round = 0; round < options.rounds; round += 1) {
      rounds.push(await measureRound(sample, share))
    }
    measured.push({ name: `${preset}, ${bytes / 1_024} KB`, bytes, rounds })
  }

  const of = (rounds: Round[], value: (round: Round) => number): number =>
    medianOfQuiet(rounds, value, ({ otherLoad }) => otherLoad)
  const columns: [string, (round: Round) => number][] = [
    ['preset ÷ bare', ({ presetRatio }) => presetRatio],
    ['door ÷ bare', ({ doorRatio }) => doorRatio],
    ['bare, CPU µs', ({ bareUs }) => bareUs],
    ['preset, CPU µs', ({ presetUs }) => presetUs],
    ['door, CPU µs', ({ doorUs }) => doorUs],
  ]
  return {
    title: 'Verifying a signature, beside the bare call of node:crypto',
    machine,
    columns: columns.map(([name]) => name),
    rows: measured.map(({ name, rounds }) => ({
      name,
      values: columns.map(([, value]) => of(rounds, value)),
    })),
    bounds: measured
      .filter(({ bytes }) => bytes === BOUND_BYTES)
      .map(({ name, rounds }) => ({
        number: 'P21',
        name: `${name}: preset ÷ bare`,
        value: of(rounds, ({ presetRatio }) => presetRatio),
        limit: 1.1,
        at: 'most',
      })),
    notes: [
      'Bare: createHmac over the same signed bytes with the same KeyObject, digest, timingSafeEqual with a decoded signature.',
      'Door: what an endpoint calls; the preset and the seal without which nothing is read.',
      `Medians of ${options.rounds} rounds; in each, ${CALLS_AT_ONCE} calls of each side in turn, over and over.`,
    ],
  }
}

async function requireValid({ preset, request, key, now, bare }: SignedSample): Promise<void> {
  const verdict = await preset.verify(request, [key], now.getTime())
  if (!verdict.valid) throw new Error(`${preset.name} refuses its own sample: ${verdict.reason}`)
  if (!bare()) throw new Error(`The bare call refuses the sample of ${preset.name}.`)
}

async function measureRound(sample: SignedSample, seconds: number): Promise<Round> {
  const { preset, request, key, now, bare } = sample
  const keys: readonly KeyObject[] = [key]
  const lock: Lock = { preset, keys }
  const nowMs = now.getTime()
  const times: Record<'bare' | 'preset' | 'door', number[]> = { bare: [], preset: [], door: [] }
  const otherLoad = watchOtherLoad()
  const end = performance.now() + seconds * 1_000
  while (performance.now() < end) {
    times.bare.push(timed(bare))
    times.preset.push(timed(() => preset.verify(request, keys, nowMs)))
    times.door.push(await timedInTurn(() => verify(lock, request, nowMs)))
  }
  const ratios = (side: number[]): number =>
    median(side.map((us, index) => us / (times.bare[index] ?? Number.NaN)))
  return {
    bareUs: median(times.bare),
    presetUs: median(times.preset),
    doorUs: median(times.door),
    presetRatio: ratios(times.preset),
    doorRatio: ratios(times.door),
    otherLoad: otherLoad() ?? 0,
  }
}

// CPU time, not the clock's: a call that takes microseconds is over before others get their turn, or far longer.
function timed(call: () => unknown): number {
  const begin = cpuUs()
  for (let count = 0; count < CALLS_AT_ONCE; count += 1) call()
  return (cpuUs() - begin) / CALLS_AT_ONCE
}

async function timedInTurn(call: () => Promise<unknown>): Promise<number> {
  const begin = cpuUs()
  for (let count = 0; count < CALLS_AT_ONCE; count += 1) await call()
  return (cpuUs() - begin) / CALLS_AT_ONCE
}
