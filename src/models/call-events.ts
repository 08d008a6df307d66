import type { ModelCall } from '../contracts/model-call.ts'
import type { NewRunEvent, RunEvent } from '../contracts/run.ts'
import { storableText } from '../store/text.ts'

/** Adds to the log of run events, in the order of the calls. */
export type Append = (events: NewRunEvent[]) => Promise<void>

/** What a model call tells the readers of its run. None of it can fail the call. */
export interface CallEvents {
  /** `reset` says that text of earlier attempts no longer counts. */
  started(
    about: { provider: string; model: string; promptVersion: string },
    options: { reset: boolean },
  ): void
  /** The first piece goes out at once, later ones together. */
  text(text: string): void
  completed(measured: Omit<CompletedData, 'step' | 'attempt'>): void
  /** Sends what is left. Resolves when everything is stored or has failed. */
  settled(): Promise<void>
}

type CompletedData = Extract<RunEvent, { type: 'llm.completed' }>['data']

// Faster than reading, and few enough rows.
const DELTA_MS = 30

/** The run events of one attempt. `onLost` hears the first reason why some could not be stored. */
export function createCallEvents({
  append,
  onLost,
  call,
  attempt,
}: {
  append: Append
  onLost: (error: unknown) => void
  call: Pick<ModelCall, 'runId' | 'step' | 'ask' | 'prompt'>
  attempt: number
}): CallEvents {
  const { runId, step, ask } = call
  let underWay = Promise.resolve()
  let lost = false
  let unsent = ''
  let deltas = 0
  let timer: NodeJS.Timeout | undefined

  return {
    started({ promptVersion, ...about }, { reset }) {
      const prompt = { name: call.prompt, version: promptVersion }
      send([
        ...(reset ? [event('reset', { type: 'llm.reset', data: { step, attempt } })] : []),
        event('started', { type: 'llm.started', data: { step, attempt, ...about, prompt } }),
      ])
    },
    text(text) {
      unsent += text
      if (timer === undefined) sendText()
    },
    completed(measured) {
      clearTimeout(timer)
      timer = undefined
      const end = event('completed', {
        type: 'llm.completed',
        data: { step, attempt, ...measured },
      })
      send([...textEvents(), end])
    },
    async settled() {
      sendText()
      clearTimeout(timer)
      await underWay
    },
  }

  function sendText(): void {
    clearTimeout(timer)
    timer = undefined
    const events = textEvents()
    if (events.length === 0) return
    send(events)
    timer = setTimeout(sendText, DELTA_MS)
  }

  function textEvents(): NewRunEvent[] {
    if (unsent === '') return []
    const text = storableText(unsent)
    unsent = ''
    deltas += 1
    return [event(`delta/${deltas}`, { type: 'llm.delta', data: { step, attempt, text } })]
  }

  function event(key: string, what: RunEvent): NewRunEvent {
    return { ...what, runId, key: `${step}/${ask}/${attempt}/${key}`, at: new Date().toISOString() }
  }

  function send(events: NewRunEvent[]): void {
    underWay = underWay
      .then(() => append(events))
      .catch((error: unknown) => {
        if (!lost) onLost(error)
        lost = true
      })
  }
}
