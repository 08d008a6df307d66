import { z } from 'zod'
import { readCursor } from '../inbox/event-cursor.ts'
import { by, instant, limit, line, moment } from './fields.ts'

const eventState = z.enum([
  'accepted',
  'waiting',
  'dispatched',
  'quarantined',
  'discarded',
  'expired',
])

const Dispatch = z.object({
  trigger: z.string(),
  state: z.enum(['started', 'quarantined', 'discarded']),
  runId: z.string().nullable(),
  replayId: z.string().nullable().describe('Null for what came of the event itself'),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  at: instant,
})

const Verification = z.object({
  preset: z.string(),
  key: z.int().describe('Which of the configured keys it was, counted from 1'),
  keys: z.int(),
  signedAt: instant.optional(),
})

/** An event in the list of events. */
export const EventSummary = z.object({
  id: z.string(),
  source: z.string(),
  key: z.string().describe('What the sender calls it; unique per tenant and source'),
  type: z.string(),
  subject: z.string().nullable(),
  time: instant,
  receivedAt: instant,
  state: eventState,
  stateAt: instant,
  reason: z.string().nullable(),
  held: z.boolean().describe('Whether a dispatch of it is in quarantine'),
  heldFor: z.array(z.string()).describe('Why: `trigger: reason`'),
  size: z.int().describe('Bytes of the body'),
})

/** Events, the youngest first. */
export const EventPage = z.object({
  events: z.array(EventSummary),
  next: z.string().nullable().describe('Value of `after` for the next page; null after the last'),
})

/** Which events to list. */
export const EventsQuery = z.strictObject({
  source: line(200).optional(),
  type: line(500).optional().describe('Exact, or what it begins with: `issues.*`'),
  state: eventState.optional().describe('quarantined: those of which a dispatch is, too'),
  subject: line(1024).optional(),
  key: line(1024).optional().describe('Also that of a duplicate'),
  from: moment.optional().describe('Received at or after this'),
  to: moment.optional().describe('Received before this'),
  limit,
  after: z
    .string()
    .max(1000)
    .refine((text) => readCursor(text) !== null, { message: 'Expected `next` of a page.' })
    .optional()
    .describe('`next` of the page before'),
})

/** An event with everything that came of it. */
export const Event = EventSummary.omit({ size: true, heldFor: true }).extend({
  tenant: z.string(),
  method: z.string(),
  url: z.string(),
  headers: z
    .record(z.string(), z.string())
    .describe('Signatures are shown; what may be a credential, by its length'),
  contentType: z.string(),
  body: z.string(),
  repaired: z.boolean().describe('Whether an operator has replaced the body that came'),
  verification: Verification.nullable().describe('How it was verified'),
  hops: z.int(),
  correlationId: z.string(),
  causationId: z.string().nullable(),
  expiresAt: instant.nullable(),
  history: z.array(
    z.object({
      state: eventState,
      at: instant,
      reason: z.string().nullable(),
      by: z.string().nullable().describe('Who brought it there; null where nobody decided it'),
    }),
  ),
  dispatches: z.array(Dispatch),
  duplicates: z
    .array(z.object({ key: z.string(), times: z.int(), firstAt: instant, lastAt: instant }))
    .describe('What came again, by the key under which it came'),
  firstId: z.string().nullable().describe('The first event under its key, where it is not it'),
  reusedBy: z.array(z.string()).describe('Events that said something else under its key'),
  siblings: z.array(z.string()).describe('Other events of the same request'),
})

/** Lets an event go that is in quarantine. */
export const Release = z
  .strictObject({
    by,
    body: z.string().optional().describe('What is read instead of the body that came'),
    bodyBase64: z.base64().optional().describe('The same for a body that is no text'),
  })
  .refine(({ body, bodyBase64 }) => body === undefined || bodyBase64 === undefined, {
    message: 'body and bodyBase64 exclude each other',
  })

/** Gives an event up. */
export const Discard = z.strictObject({ by, reason: line(2000).optional() })

/** Who acts. */
export const Actor = z.strictObject({ by })

/** Dispatches all events of a source, type and time range once more. */
export const NewReplay = z.strictObject({
  source: line(200),
  type: line(500).optional().describe('Exact, or what it begins with: `issues.*`'),
  from: moment,
  to: moment,
  perSecond: z.number().min(0.01).max(1_000).default(10),
  by,
})

/** A replay with how far it is. */
export const Replay = z.object({
  id: z.string().describe('rpl_…'),
  eventId: z.string().nullable(),
  source: z.string().nullable(),
  type: z.string().nullable(),
  from: instant.nullable(),
  to: instant.nullable(),
  perSecond: z.number(),
  by: z.string(),
  state: z.enum(['running', 'done', 'cancelled']),
  total: z.int(),
  done: z.int(),
  started: z.int().describe('Runs that it has started'),
  quarantined: z.int().describe('Dispatches that could not be read'),
  createdAt: instant,
  endedAt: instant.nullable(),
  cancelledBy: z.string().nullable(),
})

/** Replays, the youngest first. */
export const ReplayList = z.object({
  replays: z.array(Replay.omit({ from: true, to: true, started: true, cancelledBy: true })),
})

/** How many replays to list. */
export const ReplaysQuery = z.strictObject({ limit })

/** What today's keys say of a stored request, at its time of receipt. */
export const Reverified = z.object({
  valid: z.boolean(),
  step: z.string().optional().describe('What did not hold, such as signature or time'),
  reason: z.string().optional(),
})
