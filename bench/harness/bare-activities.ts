import { Context } from '@temporalio/activity'
import type { Pool } from 'pg'
import { DEFAULT_TENANT } from '../../src/contracts/names.ts'
import type { NewRunEvent, RunEvent } from '../../src/contracts/run.ts'
import { createBudgets } from '../../src/models/budget-queue.ts'
import { createCallEvents } from '../../src/models/call-events.ts'
import { beginAttempt, finishAttempt } from '../../src/models/ledger.ts'
import type { ChatReply, ChatRequest } from '../../src/providers/chat.ts'
import type { RunLog } from '../../src/runs/run-log.ts'
import { createWitness } from './first-call.ts'
import { type Question, quickModel } from './question.ts'

/** What a bare worker does outside of its workflows. */
export interface BareActivities {
  callModel(question: Question): Promise<string>
}

/** A model call as a sample shows it. */
export function createPlainActivities(): BareActivities {
  const ask = createAsk()
  return { callModel: async (question) => (await ask(question, () => undefined)).text }
}

/** The same with every statement that Onset makes for a run of one call: budgets, ledger and run events, in their order. */
export function createRecordingActivities({
  pool,
  runLog,
}: {
  pool: Pool
  runLog: RunLog
}): BareActivities {
  const ask = createAsk()
  const budgets = createBudgets(pool)
  const about = { provider: 'scripted', model: 'scripted', promptVersion: '1' }

  return {
    async callModel(question) {
      const runId = Context.current().info.workflowExecution?.workflowId ?? ''
      const step = 'chase-review'
      const whose = { tenant: DEFAULT_TENANT, runId, workflow: 'oneCall', trigger: 'calls' }
      const call = { ...whose, step, ask: 1, prompt: step }
      const reservationId = `${runId}/1/1`
      await append(runId, [started(), { type: 'step.started', data: begun(step) }])
      await budgets.reserve({
        id: reservationId,
        call: whose,
        estimateMicros: 0,
        estimateTokens: 300,
        lifeMs: 60_000,
      })
      const attempt = await beginAttempt(pool, { call, reservationId, ...about })
      if (attempt.outcome === 'finished') return String(attempt.reply.output)
      const events = createCallEvents({
        append: runLog.append,
        onLost: () => undefined,
        call,
        attempt: attempt.attempt,
      })
      events.started(about, { reset: false })
      const startedAt = performance.now()
      const reply = await ask(question, events.text)
      const latencyMs = Math.round(performance.now() - startedAt)
      const { usage, finishReason, requestId, ttftMs, model, text: output } = reply
      const measured = { usage, finishReason, ttftMs, latencyMs }
      const { id } = attempt
      const outcome = 'succeeded'
      await finishAttempt(pool, { id, outcome, requestId, model, output, ...measured })
      await budgets.settle({ id: reservationId, micros: 0, tokens: 100 })
      events.completed(measured)
      await events.settled()
      await append(runId, [
        { type: 'step.completed', data: { step } },
        { type: 'run.completed', data: { output, last: true } },
      ])
      return output
    },
  }

  function append(runId: string, events: RunEvent[]): Promise<void> {
    const at = new Date().toISOString()
    const rows: NewRunEvent[] = events.map((event) => ({ ...event, runId, key: event.type, at }))
    return runLog.append(rows)
  }
}

function createAsk(): (question: Question, onText: (text: string) => void) => Promise<ChatReply> {
  const model = quickModel()
  const witness = createWitness()
  return (question, onText) => {
    witness.activityBegins()
    witness.modelIsAsked()
    const signal = Context.current().cancellationSignal
    return model.chat(requestOf(question), { signal, onText })
  }
}

const requestOf = ({ title, author, url, daysWaiting }: Question): ChatRequest => ({
  prompt: 'chase-review',
  model: 'scripted',
  messages: [
    { role: 'system', content: 'You write one short, friendly reminder to the reviewers.' },
    { role: 'user', content: `${title}\n${author}\n${url}\nWaiting for ${daysWaiting} days.` },
  ],
  maxOutputTokens: 200,
  stream: true,
})

const begun = (step: string) => ({ step, kind: 'llm', summary: `Asks the model: ${step}` }) as const

const started = (): RunEvent => ({
  type: 'run.started',
  data: {
    tenant: DEFAULT_TENANT,
    workflow: 'oneCall',
    source: 'github',
    trigger: 'calls',
    eventId: null,
    summary: 'acme/widgets#7',
  },
})
