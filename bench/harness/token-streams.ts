import { z } from 'zod'

/** The pace of each stream. */
export const TOKENS_PER_SECOND = 50

/** Who reads: fetch with lines and JSON, our provider, or the stock client's iterator. */
export const READERS = ['raw', 'ours', 'client'] as const

/** One of {@link READERS}. */
export type Reader = (typeof READERS)[number]

/** What a reading process is asked to do. */
export const StreamOrder = z.object({
  port: z.number(),
  /** Read at the same time, each anew when it has ended. */
  streams: z.number(),
  /** Of one stream. */
  tokens: z.number(),
  warmUpSeconds: z.number(),
  seconds: z.number(),
})

/** What a reading process has measured after its warm-up. */
export const StreamMeasure = z.object({
  /** Milliseconds from the call to its first text. */
  firstTokens: z.array(z.number()),
  tokens: z.number(),
  /** Of the whole process. */
  cpuUs: z.number(),
})
