import { isCancellation, scheduleActivity, workflowInfo } from '@temporalio/workflow'
import { failureOf } from '../../contracts/failure-of.ts'
import type { ModelCall, ModelReply, Trial } from '../../contracts/model-call.ts'
import { fromTemporal } from '../../contracts/priority.ts'
import { modelCallOptions } from './activities.ts'
import { type Obstacle, obstacleOf } from './obstacle.ts'
import { attribute, thisRun } from './run.ts'
import { timeFromNow, waitFor } from './waits.ts'

interface Question {
  step: string
  prompt: string
  variables: Record<string, unknown>
  /** One line for people. */
  summary: string
  declining?: boolean
}

// Long enough for a week-end and a holiday; a run that nobody wants by then fails.
const PARKED_FOR = '7 days'

/**
 * Asks until there is an answer. A budget that is used up and a provider that is away are waited for; an answer in the
 * wrong form is asked for once more, with what was wrong; whatever else ends a call parks the run until an operator
 * says how it goes on. Rejects with the failure where that is what the operator, or nobody in time, wants.
 */
export async function askModel<Output>({ summary, ...question }: Question): Promise<Output> {
  const turns = { budget: 0, provider: 0, operator: 0 }
  let ask = 1
  // The ask whose answer had the wrong form and is to be mentioned; at most one in a row.
  let corrects: number | undefined
  // An operator who says that it goes on has perhaps mended what a breaker is open for.
  let probes = false

  for (;;) {
    const call = toCall(question, { ask, corrects, probes })
    probes = false
    try {
      return await callModel<Output>(call, summary)
    } catch (error) {
      if (isCancellation(error)) throw error
      const obstacle = obstacleOf(error)
      if (obstacle.kind === 'invalid' && corrects === undefined) {
        corrects = ask
        ask += 1
        continue
      }
      if (obstacle.kind === 'budget' || obstacle.kind === 'provider') {
        await waitForRoom(call, { obstacle, turn: (turns[obstacle.kind] += 1) })
        continue
      }
      const goesOn = await park(call, { error, turn: (turns.operator += 1) })
      if (!goesOn) throw error
      ask += 1
      corrects = undefined
      probes = true
    }
  }
}

/** Asks once, for somebody who watches. Rejects with whatever stands in the way: nothing is waited for. */
export function askOnce<Output>({
  summary,
  ...question
}: Question & { trial: Trial }): Promise<Output> {
  return callModel(toCall(question, { ask: 1, corrects: undefined, probes: true }), summary)
}

async function callModel<Output>(call: ModelCall, summary: string): Promise<Output> {
  const options = { ...modelCallOptions, summary }
  const reply = await scheduleActivity<ModelReply<Output>>('callModel', [call], options)
  return reply.output
}

function toCall(
  question: Omit<Question, 'summary'>,
  { ask, corrects, probes }: { ask: number; corrects: number | undefined; probes: boolean },
): ModelCall {
  const { workflowType, startTime, priority } = workflowInfo()
  return {
    ...thisRun(),
    ...question,
    workflow: workflowType,
    trigger: attribute('Trigger') ?? '',
    runStartedAt: startTime.toISOString(),
    priority: fromTemporal(priority),
    ask,
    ...(corrects === undefined ? {} : { corrects }),
    ...(probes ? { probes } : {}),
  }
}

async function waitForRoom(
  { tenant, runId, step }: ModelCall,
  { obstacle, turn }: { obstacle: Extract<Obstacle, { subject: string }>; turn: number },
): Promise<void> {
  const { until: expiresAt, ...about } = obstacle
  const { kind, subject } = about
  const title = kind === 'budget' ? `Room in the budget ${subject}` : `The provider ${subject}`
  await waitFor({ tenant, runId, step, turn, title, expiresAt, ...about }, { title })
}

// A value that stands in for the answer is in the ledger by now, as the answer to the next ask.
async function park(
  { tenant, runId, step, ask, prompt, declining = false }: ModelCall,
  { error, turn }: { error: unknown; turn: number },
): Promise<boolean> {
  const failure = failureOf(error)
  const title = `${failure.message} (${failure.code})`
  const resolution = await waitFor(
    {
      tenant,
      runId,
      step,
      turn,
      kind: 'operator',
      title,
      failure,
      ask,
      prompt,
      declining,
      expiresAt: timeFromNow(PARKED_FOR),
    },
    { title: `An operator: ${failure.code}` },
  )
  if (resolution.kind !== 'operator') return false
  return resolution.decision.action === 'retry' || resolution.decision.action === 'skip'
}
