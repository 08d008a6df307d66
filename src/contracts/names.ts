/** Task queue of workflows and light activities. */
export const TASK_QUEUE = 'onset'

/** Task queue of model calls, one per provider profile, so that a slow provider never holds up a decision. */
export const llmTaskQueue = (profile: string): string => `llm-${profile}`

/** The provider profile of a prompt that names none. */
export const DEFAULT_PROFILE = 'default'

/** The signal that tells a run how one of its waits ended. */
export const WAKE_SIGNAL = 'wake'

/** Search attributes of every run, by which the Temporal UI finds it. Registered at start. */
export const searchAttributes = {
  Source: 'Keyword',
  Trigger: 'Keyword',
  EventId: 'Keyword',
  Tenant: 'Keyword',
  WaitingFor: 'Keyword',
} as const

/** The tenant of everything that names none. */
export const DEFAULT_TENANT = 'default'

/** The workflow that tries a prompt, and the trigger under which its runs are found. No event starts it. */
export const TRY_PROMPT = 'tryPrompt'

/** The source of runs that are asked for through the API, without an event. */
export const API_SOURCE = 'api'
