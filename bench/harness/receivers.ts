import { z } from 'zod'
import { freePort } from '../../dev/ports.ts'
import { type Child, startChild } from './child.ts'
import { MEASURED_CORE } from './cores.ts'
import { Load, type LoadOrder } from './load-order.ts'
import { watchOtherLoad } from './load.ts'
import { SECRET } from './webhook.ts'

/** A server of webhooks. */
export interface Receiver {
  url: string
  /** The token of its API. */
  token: string
  /** Has the generator send to it, and adds what it cost. */
  measure(generator: Child, order: Omit<LoadOrder, 'port' | 'prepare'>): Promise<Measured>
  stop(): Promise<void>
}

/** A load with what it cost. */
export interface Measured extends Load {
  ok: number
  /** CPU time of the server process with all its threads, in microseconds for each answer. */
  cpuUs: number
  /** Answers per second of that CPU time. */
  perCore: number
  perSecond: number
  /** Cores that others kept busy meanwhile. */
  otherLoad: number | null
}

interface ReceiverOptions {
  program: 'accept-bare' | 'accept-onset'
  databaseUrl?: string
  /** Nothing listens there where absent: then events are kept and their dispatch waits. */
  temporalAddress?: string
  profile?: string | undefined
  /** Whether it may use every core; it is kept on the measured one where absent. */
  everyCore?: true
}

const API_TOKEN = 'a-token-for-benchmarks-only'

/** Starts a server on a free port. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { program, databaseUrl = '', profile, everyCore = false } = options
  const { temporalAddress = `127.0.0.1:${await freePort()}` } = options
  const port = await freePort()
  const child = startChild({
    program,
    ...(everyCore ? {} : { core: MEASURED_CORE }),
    profile,
    env: {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      PORT: String(port),
      API_TOKEN,
      GITHUB_WEBHOOK_SECRET: SECRET,
      LOG_LEVEL: 'silent',
    },
  })
  await child.ask({ ask: 'ready' }, z.null())

  return {
    url: `http://127.0.0.1:${port}`,
    token: API_TOKEN,
    stop: child.stop,
    async measure(generator, order) {
      const before = await child.ask({ ask: 'cpu' }, z.number())
      const otherLoad = watchOtherLoad()
      const prepare = expected(order)
      const load = await generator.ask({ ...order, port, prepare }, Load)
      const others = otherLoad()
      const cpu = (await child.ask({ ask: 'cpu' }, z.number())) - before
      const ok = load.statuses['200'] ?? 0
      return {
        ...load,
        ok,
        cpuUs: cpu / ok,
        perCore: (ok / cpu) * 1e6,
        perSecond: ok / load.seconds,
        otherLoad: others,
      }
    },
  }
}

// A little more than any server here answers.
const expected = ({ clients, seconds, perSecond }: Omit<LoadOrder, 'port' | 'prepare'>): number =>
  Math.ceil(seconds * (perSecond ?? (clients === 1 ? 6_000 : 18_000)))
