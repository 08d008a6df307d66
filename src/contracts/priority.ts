/** Who goes first where calls to models have to queue: people wait for interactive runs, nobody waits for bulk ones. */
export type Priority = 'interactive' | 'bulk'

// Temporal knows five, of which the first goes first: 1 and 5 are left to whoever starts a run by hand.
const KEYS = { interactive: 2, bulk: 4 } as const satisfies Record<Priority, number>
// Where nobody says anything.
const MIDDLE = 3

/** A priority as Temporal carries it, to the run and to whatever that starts. */
export const toTemporal = (priority: Priority): { priorityKey: number } => ({
  priorityKey: KEYS[priority],
})

/** What a run's priority in Temporal means to us. Interactive where it has none, as on a server that knows none. */
export const fromTemporal = (priority: { priorityKey?: number } | undefined): Priority =>
  (priority?.priorityKey ?? MIDDLE) > MIDDLE ? 'bulk' : 'interactive'
