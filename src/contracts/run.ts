import type { Failure } from './failures.ts'

/** Where a run stands. The last three are final. */
export type RunStatus = 'running' | 'waiting' | 'parked' | 'completed' | 'failed' | 'cancelled'

/** What a waiting run is stopped at. */
export type WaitingFor = 'approval' | 'event' | 'budget' | 'provider'

/** What a run stands still for; where that is an operator, the run is parked. */
export type Stop = WaitingFor | 'operator'

/** The kinds of step that a workflow is written with. */
export type StepKind = 'llm' | 'approval' | 'event' | 'action' | 'lookup'

/** Tokens of one model call as the provider counted them. */
export interface Usage {
  /** All of the input, what came from a cache and what was written to it included. */
  inputTokens: number
  /** All of the output, reasoning included. */
  outputTokens: number
  cachedInputTokens?: number
  cacheWriteTokens?: number
  reasoningTokens?: number
}

/**
 * One thing that happened in a run, as its readers get it. Model text comes in `llm.delta`; after `llm.reset` what
 * earlier attempts of that step wrote no longer counts. The three last types end the run.
 */
export type RunEvent =
  | {
      type: 'run.started'
      data: {
        tenant: string
        workflow: string
        source: string
        trigger: string
        eventId: string | null
        summary: string
      }
    }
  | { type: 'step.started'; data: { step: string; kind: StepKind; summary: string } }
  | { type: 'step.completed'; data: { step: string } }
  | { type: 'step.failed'; data: { step: string; failure: Failure } }
  | {
      type: 'llm.started'
      data: {
        step: string
        attempt: number
        provider: string
        model: string
        prompt: { name: string; version: string }
      }
    }
  | { type: 'llm.delta'; data: { step: string; attempt: number; text: string } }
  | { type: 'llm.reset'; data: { step: string; attempt: number } }
  | {
      type: 'llm.completed'
      data: {
        step: string
        attempt: number
        usage: Usage | null
        finishReason: string
        /** Milliseconds to the first token; null where the reply was not streamed. */
        ttftMs: number | null
        latencyMs: number
      }
    }
  | {
      type: 'run.waiting'
      data: {
        step: string
        waitingFor: WaitingFor
        title: string
        /** Set where a person decides. */
        approvalId?: string
        /** ISO 8601. */
        expiresAt?: string
      }
    }
  | {
      type: 'run.parked'
      data: {
        step: string
        failure: Failure
        /** ISO 8601: then the step fails by itself. Never where absent. */
        expiresAt?: string
      }
    }
  | {
      type: 'run.resumed'
      data: {
        step: string
        /** Id of the wait that has ended. */
        wait: string
        outcome: string
        /** What the run still stands still for in another step; null where it goes on. */
        waitingFor: Stop | null
      }
    }
  | { type: 'run.completed'; data: { output: unknown; last: true } }
  | { type: 'run.failed'; data: { failure: Failure; last: true } }
  | { type: 'run.cancelled'; data: { reason: string; last: true } }

/** What a workflow reports of itself, on its way to the run log. Names the run only by where it comes from. */
export type Report = RunEvent & {
  /** Unique within the run. */
  key: string
  /** ISO 8601, workflow time. */
  at: string
}

/** A run event on its way into the log. Appending the same key of a run again changes nothing. */
export type NewRunEvent = RunEvent & {
  runId: string
  /** Unique within the run: what makes appending safe to repeat. */
  key: string
  /** ISO 8601: workflow time for what a workflow reports. */
  at: string
}

/** A run event as it stands in the log. */
export type StoredRunEvent = RunEvent & {
  runId: string
  /** Rises within the run, with gaps. */
  seq: number
  /** ISO 8601. */
  at: string
}

/** One run in the list of runs. */
export interface Run {
  id: string
  tenant: string
  workflow: string
  source: string
  trigger: string
  /** Null for a run that no event started: a schedule did, or somebody through the API. */
  eventId: string | null
  /** The run that this one repeats, where its event was replayed; null for all others. */
  replayOf: string | null
  /** One line for people: what the run is about. */
  summary: string
  status: RunStatus
  /** Set while the status is `waiting`. */
  waitingFor: WaitingFor | null
  /** The step that the run reached last; null before the first. */
  step: string | null
  /** ISO 8601. */
  startedAt: string
  /** ISO 8601; null while the run is open. */
  endedAt: string | null
  /** What the workflow returned; null unless completed. */
  result: unknown
  /** Why it ended otherwise; null unless failed or cancelled. */
  failure: Failure | null
}

/** True once nothing more can happen in the run. */
export const isFinal = (status: RunStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled'

/** One run in few words: what a digest is made from. */
export type RunDigest = Pick<Run, 'workflow' | 'summary' | 'status'>
