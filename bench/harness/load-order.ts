import { z } from 'zod'

/** What the generator is to send. */
export type LoadOrder = z.input<typeof LoadOrder>
export const LoadOrder = z.object({
  port: z.number(),
  /** Connections, each with one request at a time. */
  clients: z.number(),
  seconds: z.number(),
  /** Arrivals per second, whatever the answers do; as fast as they are answered where absent. */
  perSecond: z.number().optional(),
  /** How many requests are signed before it begins. */
  prepare: z.number(),
  /** Every how many-th event is an `issues.opened`, which starts a run; the others mean no trigger. */
  oneStartsARunIn: z.number().default(1),
  /** Whether each event is told of. */
  record: z.boolean().default(false),
})

/** What became of it. Times in milliseconds. */
export type Load = z.infer<typeof Load>
export const Load = z.object({
  sent: z.number(),
  /** How many answers there were of each status. */
  statuses: z.record(z.string(), z.number()),
  /** Requests whose connection ended before the answer. */
  broken: z.number(),
  seconds: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  /** Answers that came after the sender would have given up. */
  tooLate: z.number(),
  /** What was sent, where that was asked for. */
  events: z.array(z.object({ key: z.string(), type: z.string(), ok: z.boolean() })),
})
