import type { Priority } from './priority.ts'

/** What a workflow asks the model activity for. */
export interface ModelCall {
  tenant: string
  runId: string
  /** The step's id; together with run and ask it names the call that is paid once. */
  step: string
  /** Starts at 1; a repeated question raises it. */
  ask: number
  /** The ask whose answer had the wrong form: the model is told what was wrong with it. */
  corrects?: number
  /** For budgets and reports. */
  workflow: string
  trigger: string
  /** ISO 8601: prompts are used as they were labelled then. */
  runStartedAt: string
  /** Who goes first where calls queue for a provider. @default 'interactive' */
  priority?: Priority
  /** A file in `prompts/`. */
  prompt: string
  variables: Record<string, unknown>
  /** Whether a model that declines is an answer; else its step is parked. @default false */
  declining?: boolean
  /** Whether a provider that is left alone is tried at once, as an operator asks. @default false */
  probes?: boolean
  /** Set where somebody tries a prompt and watches: the first failure of a provider is the last. */
  trial?: Trial
}

/** How a prompt is tried. */
export interface Trial {
  /** Used in the place of the labelled one. */
  version: number
  /** Who answers in the place of whom the prompt names. @default whom the prompt names */
  wish?: TrialWish
}

/** A tier, or a model of a provider; null for the other. */
export type TrialWish =
  | { tier: string; model: null }
  | { tier: null; model: { provider: string; model: string } }

/** What a run is started with that tries a prompt. */
export interface PromptTrial {
  prompt: string
  variables: Record<string, unknown>
  trial: Trial
}

/**
 * What the model activity answers: the text, or the value where the prompt has an output schema; a `ModelOutcome` of
 * that where declining is an answer.
 */
export interface ModelReply<Output = unknown> {
  output: Output
  model: string
  promptVersion: string
}

/** An answer, or that the model said no, or that its provider held the answer back. */
export type ModelOutcome<Output> =
  | { outcome: 'answered'; output: Output }
  | { outcome: 'declined'; by: 'model' | 'filter'; reason: string }
