import { z } from 'zod'
import { CloudEvent, CloudEventBatch, ShortEvent } from '../inbox/cloud-events.ts'
import { Models } from './model-schemas.ts'
import { moneySchemas } from './money-schemas.ts'
import {
  Actor,
  Discard,
  Event,
  EventPage,
  EventSummary,
  NewReplay,
  Release,
  Replay,
  ReplayList,
  Reverified,
} from './event-schemas.ts'
import { instant, limit, line } from './fields.ts'
import { problems } from './problems.ts'
import * as prompts from './prompt-schemas.ts'

const runStatus = z.enum(['running', 'waiting', 'parked', 'completed', 'failed', 'cancelled'])

/** Why a run or a step did not work out. */
const Failure = z.object({
  code: z.string().describe('Stable, such as LLM.Auth'),
  message: z.string(),
  remedy: z.string().optional().describe('What an operator can do about it'),
})

/** What became of an event that was posted. */
export const Accepted = z.object({
  id: z
    .string()
    .describe('Public id of the event, evt_…; of the first one where it is a duplicate'),
  status: z.enum(['accepted', 'duplicate']),
})

/** What became of a batch, in its order. */
export const AcceptedBatch = z.object({ events: z.array(Accepted) })

/** A request that was refused at the door. */
export const Reject = z.object({
  id: z.string(),
  at: instant,
  source: z.string().nullable().describe('Null where no source has the endpoint that was called'),
  preset: z.string().nullable(),
  address: z.string().describe('Of the sender, behind the trusted proxies'),
  method: z.string(),
  path: z.string(),
  status: z.int(),
  step: z.string().describe('What did not hold, such as signature, time, header, address'),
  reason: z.string(),
  headers: z
    .record(z.string(), z.string())
    .describe('Signatures and credentials are shown by their length'),
  size: z.int().nullable().describe('Bytes of the body, as declared or received'),
})

/** Refused requests, the newest first. */
export const RejectPage = z.object({
  rejects: z.array(Reject),
  next: z.string().nullable().describe('Value of `after` for the next page; null after the last'),
})

/** Which refused requests to list. */
export const RejectsQuery = z.strictObject({
  source: line(200).optional(),
  status: z.coerce.number().int().min(400).max(499).optional(),
  address: line(100).optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('Inclusive'),
  to: z.iso.datetime({ offset: true }).optional().describe('Exclusive'),
  limit,
  after: z
    .string()
    .regex(/^\d{1,18}$/, 'must be `next` of the page before')
    .optional()
    .describe('`next` of the page before'),
})

/** A run in the list of runs. */
export const Run = z.object({
  id: z.string(),
  tenant: z.string(),
  workflow: z.string(),
  source: z.string(),
  trigger: z.string(),
  eventId: z.string().nullable(),
  replayOf: z.string().nullable().describe('The run that this one repeats'),
  summary: z.string().describe('One line for people: what the run is about'),
  status: runStatus,
  waitingFor: z.enum(['approval', 'event', 'budget', 'provider']).nullable(),
  step: z.string().nullable().describe('The step that the run reached last'),
  startedAt: instant,
  endedAt: instant.nullable(),
  result: z.unknown().describe('What the workflow returned; null unless completed'),
  failure: Failure.nullable(),
})

/** A run that calls a prompt. */
export const PromptCalled = Run.extend({
  answers: z.enum(['text', 'object']).describe('What `result` will be'),
})

/** One step of a run. */
export const Step = z.object({
  step: z.string(),
  kind: z.enum(['llm', 'approval', 'event', 'action', 'lookup']),
  summary: z.string(),
  status: z.enum(['running', 'waiting', 'parked', 'completed', 'failed']),
  startedAt: instant,
  endedAt: instant.nullable(),
  failure: Failure.nullable(),
})

/** A run with its steps, in the order in which they began. */
export const RunDetails = Run.extend({ steps: z.array(Step) })

/** Runs, the youngest first. */
export const RunPage = z.object({
  runs: z.array(Run),
  next: z.string().nullable().describe('Value of `after` for the next page; null after the last'),
})

/** Which runs to list. */
export const RunsQuery = z.strictObject({
  status: runStatus.optional(),
  workflow: line(200).optional(),
  limit,
  after: z.string().max(1000).optional().describe('`next` of the page before'),
})

/** Where to resume a stream of run events. */
export const RunEventsQuery = z.strictObject({
  after: z.string().max(1000).optional().describe('A number, or an id as in `Last-Event-ID`'),
})

/** A decision that a run waits for. */
export const Approval = z.object({
  id: z.string().describe('apr_…'),
  runId: z.string(),
  step: z.string(),
  title: z.string(),
  details: z.unknown(),
  status: z.enum(['open', 'approved', 'rejected', 'expired', 'closed']),
  requestedAt: instant,
  expiresAt: instant.nullable(),
  decidedAt: instant.nullable(),
  decidedBy: z.string().nullable(),
  reason: z.string().nullable(),
})

/** The open approvals with the oldest first, or all with the youngest first. */
export const Approvals = z.object({ approvals: z.array(Approval) })

/** Which approvals to list. */
export const ApprovalsQuery = z.strictObject({
  status: z.enum(['open', 'all']).default('open'),
  limit,
})

// Names by which the list of waits says that nobody decided.
const RESERVED = new Set(['run', 'timeout'])

const by = line(200)
  .min(1)
  .refine((name) => !RESERVED.has(name), { message: 'must be the name of a person or program' })
  .default('api')

/** A person's answer to an approval. */
export const Decision = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  by,
  reason: line(2000).optional(),
})

/** A step that has stopped its run, and what was said about it. */
export const ParkedStep = z.object({
  id: z.string().describe('prk_…'),
  runId: z.string(),
  step: z.string(),
  failure: Failure,
  parkedAt: instant,
  expiresAt: instant.nullable().describe('Then the step fails by itself'),
  status: z.enum(['open', 'retry', 'skip', 'fail', 'expired', 'closed']),
  decidedAt: instant.nullable(),
  decidedBy: z.string().nullable(),
  reason: z.string().nullable(),
})

/** The open ones with the oldest first, or all with the youngest first. */
export const ParkedSteps = z.object({ parked: z.array(ParkedStep) })

/** Which parked steps to list. */
export const ParkedQuery = z.strictObject(ApprovalsQuery.shape)

/** What an operator says about a parked step: this step once more, on with a value in its place, or let it fail. */
export const StepDecision = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('retry'), by, reason: line(2000).optional() }),
  z.strictObject({ action: z.literal('fail'), by, reason: line(2000).optional() }),
  z.strictObject({
    action: z.literal('skip'),
    by,
    reason: line(2000).optional(),
    value: z.unknown().describe('Fits the output schema of the prompt'),
  }),
])

/** Whether each part of the server can do its work. */
export const Readiness = z.object({
  ready: z.boolean(),
  parts: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
})

/** The process answers. */
const Health = z.object({ status: z.literal('ok') })

/** Per RFC 9457. `code` is stable. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(problems)),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .describe('With invalid_request and invalid_event: every fault'),
  approval: Approval.optional().describe('With 409: the approval as it stands'),
  parked: ParkedStep.optional().describe('With 409: the parked step as it stands'),
})

/** Everything that has a name in the OpenAPI document. */
export const named = {
  Accepted,
  AcceptedBatch,
  Actor,
  Approval,
  Approvals,
  CloudEvent,
  CloudEventBatch,
  Decision,
  Discard,
  Event,
  EventPage,
  EventSummary,
  Failure,
  Health,
  Models,
  ParkedStep,
  ParkedSteps,
  NewReplay,
  Problem,
  PromptCalled,
  ...moneySchemas,
  ...prompts,
  Readiness,
  Reject,
  RejectPage,
  Release,
  Replay,
  ReplayList,
  Reverified,
  Run,
  RunDetails,
  RunPage,
  ShortEvent,
  Step,
  StepDecision,
}
