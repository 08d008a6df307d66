import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './child.ts'
import type { LoadOrder } from './load-order.ts'
import { type Measured, startReceiver } from './receivers.ts'
import type { Bound } from './report.ts'
import type { Servers } from './servers.ts'

/** What is compared: Hono that keeps nothing, and Onset that keeps everything without and with Temporal. */
export type Variant = 'bare' | 'paused' | 'dispatching'

/** Has the generator send to a variant. */
export type Measure = (order: Omit<LoadOrder, 'port' | 'prepare'>) => Promise<Measured>

/** A variant that has been warmed up. */
export interface AtWork {
  measure: Measure
  /** Empties its inbox and lets it come to rest: nothing is left over to be dispatched. */
  rest(): Promise<void>
}

/** Starts variants one after the other, and counts what they kept. */
export interface Variants {
  /** Starts the variant anew, warms it up, lets `work` measure it, and ends it. */
  with<Result>(variant: Variant, work: (at: AtWork) => Promise<Result>): Promise<Result>
  /** Whether there are as many rows in the inbox as there were answers of 200. */
  rowsBound(number: string): Bound
}

interface VariantsOptions {
  servers: Servers
  generator: Child
  /** Databases of the variants that keep something. */
  urls: Record<Exclude<Variant, 'bare'>, string>
  profile: boolean
}

/** Connections of the generator, where there are many. */
export const MANY = 64

const WARM_UP_SECONDS = 2
// Starts that are under way come to their end.
const REST_MS = 1_500

/** The variants on these servers. */
export function createVariants({ servers, generator, urls, profile }: VariantsOptions): Variants {
  let answered = 0
  let rows = 0

  return {
    async with(variant, work) {
      const databaseUrl = variant === 'bare' ? undefined : urls[variant]
      const receiver = await startReceiver({
        program: variant === 'bare' ? 'accept-bare' : 'accept-onset',
        ...(databaseUrl !== undefined && { databaseUrl }),
        ...(variant === 'dispatching' && { temporalAddress: servers.temporalAddress }),
        profile: profile ? `.onset/profiles/${variant}` : undefined,
      })
      const measure: Measure = async (order) => {
        const measured = await receiver.measure(generator, order)
        if (databaseUrl !== undefined) answered += measured.ok
        return measured
      }
      const empty = async (): Promise<void> => {
        if (databaseUrl === undefined) return
        rows += await servers.count(databaseUrl, 'select count(*) from events')
        await servers.emptyInbox(databaseUrl)
      }
      const rest = async (): Promise<void> => {
        await empty()
        await sleep(REST_MS)
      }
      try {
        await measure({ clients: MANY, seconds: WARM_UP_SECONDS })
        return await work({ measure, rest })
      } finally {
        await receiver.stop()
        await empty()
      }
    },
    rowsBound: (number) => ({
      number,
      name: 'rows in the inbox that differ from the 200s',
      value: Math.abs(rows - answered),
      limit: 0,
      at: 'most',
    }),
  }
}

/** How many were sent and not answered 200. */
export const lost = ({ sent, ok }: Measured): number => sent - ok
