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
