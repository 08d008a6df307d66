/** What everybody knows once the dust has settled: the sender, Postgres, Temporal and the catalogue. */
export interface Ledger {
  /** Everything that was sent, whatever became of it. */
  sent: readonly SentEvent[]
  /** Keys that were answered 200 at least once. */
  answered: readonly string[]
  /** Rows of the inbox. */
  events: readonly KeptEvent[]
  dispatches: readonly KeptDispatch[]
  /** Executions in Temporal, open and closed: two under one id are two. */
  runs: readonly KeptRun[]
  /** The triggers of the source. */
  triggers: readonly LedgerTrigger[]
  /** What an operator has asked to be dispatched once more; nothing where absent. */
  replays?: readonly Replay[]
}

/** One event as its sender knows it. */
export interface SentEvent {
  key: string
  type: string
}

/** A row of the inbox. */
export interface KeptEvent extends SentEvent {
  id: string
}

/** A row of an event meeting a trigger. */
export interface KeptDispatch {
  eventId: string
  trigger: string
  /** Id of the replay; empty for what came of the event itself. */
  replay: string
  /** Null where it started nothing. */
  runId: string | null
}

/** An execution in Temporal, with the search attributes that say where it came from. */
export interface KeptRun {
  id: string
  eventId: string
  trigger: string
}

/** A trigger, by the types that it means. */
export interface LedgerTrigger {
  name: string
  types: readonly string[]
}

/** A replay, which has the dispatches and runs of each of its events once more. */
export interface Replay {
  id: string
  keys: readonly string[]
}

/** Something that must not be. */
export interface Violation {
  kind: ViolationKind
  /** The key, row or run that it is about. */
  about: string
}

export type ViolationKind =
  | 'lost event'
  | 'two rows of one key'
  | 'event that nobody sent'
  | 'event of another type than was sent'
  | 'missing dispatch'
  | 'repeated dispatch'
  | 'dispatch to a wrong trigger'
  | 'dispatch that nobody asked for'
  | 'dispatch of an unknown event'
  | 'dispatch that started nothing'
  | 'two dispatches with one run'
  | 'missing run'
  | 'repeated run'
  | 'run without dispatch'
  | 'run of another event'

/**
 * Holds everything against the promise: each event that was answered 200 is kept once, met each of its triggers once
 * and has one run for each; what was kept without an answer has the same; nothing else exists. A replay is that once
 * more. Empty where it holds.
 */
export function checkLedger(ledger: Ledger): Violation[] {
  return [
    ...checkKept(ledger),
    ...checkSent(ledger),
    ...checkMeetings(ledger),
    ...checkDispatches(ledger),
    ...checkRuns(ledger),
  ]
}

function checkKept({ answered, events }: Ledger): Violation[] {
  const keys = new Set(events.map(({ key }) => key))
  const lost = [...new Set(answered)].filter((key) => !keys.has(key))
  return [
    ...lost.map(because('lost event')),
    ...repeated(events.map(({ key }) => key)).map(because('two rows of one key')),
  ]
}

function checkSent({ sent, events }: Ledger): Violation[] {
  const types = new Map(sent.map(({ key, type }) => [key, type]))
  const unknown = events.filter(({ key }) => !types.has(key))
  const altered = events.filter(({ key, type }) => types.has(key) && types.get(key) !== type)
  return [
    ...unknown.map(({ key }) => key).map(because('event that nobody sent')),
    ...altered.map(({ key }) => key).map(because('event of another type than was sent')),
  ]
}

function checkMeetings({ events, dispatches, triggers, replays = [] }: Ledger): Violation[] {
  const byEvent = Map.groupBy(dispatches, ({ eventId }) => eventId)
  const asked = Map.groupBy(
    replays.flatMap(({ id, keys }) => keys.map((key) => ({ id, key }))),
    ({ key }) => key,
  )
  return events.flatMap((event) => {
    const own = byEvent.get(event.id) ?? []
    const rounds = ['', ...(asked.get(event.key) ?? []).map(({ id }) => id)]
    return [
      ...rounds.flatMap((round) => checkRound(event, { round, triggers, dispatches: own })),
      ...own
        .filter(({ replay }) => !rounds.includes(replay))
        .map(nameOf)
        .map(because('dispatch that nobody asked for')),
    ]
  })
}

/** One meeting of an event with all triggers: its own, or that of a replay. */
function checkRound(
  { key, type }: KeptEvent,
  { round, triggers, dispatches }: Pick<Ledger, 'triggers' | 'dispatches'> & { round: string },
): Violation[] {
  const met = dispatches.filter(({ replay }) => replay === round).map(({ trigger }) => trigger)
  const meant = triggers.filter(({ types }) => types.includes(type)).map(({ name }) => name)
  const missing = meant.filter((name) => !met.includes(name))
  const wrong = met.filter((name) => !meant.includes(name))
  const about = (trigger: string): string => [key, trigger, round].filter(Boolean).join(' → ')
  return [
    ...missing.map(about).map(because('missing dispatch')),
    ...repeated(met).map(about).map(because('repeated dispatch')),
    ...wrong.map(about).map(because('dispatch to a wrong trigger')),
  ]
}

function checkDispatches({ events, dispatches, runs }: Ledger): Violation[] {
  const eventIds = new Set(events.map(({ id }) => id))
  const runIds = new Set(runs.map(({ id }) => id))
  const orphans = dispatches.filter(({ eventId }) => !eventIds.has(eventId))
  const idle = dispatches.filter(({ runId }) => runId === null)
  const started = dispatches.flatMap(({ runId }) => runId ?? [])
  return [
    ...orphans.map(nameOf).map(because('dispatch of an unknown event')),
    ...idle.map(nameOf).map(because('dispatch that started nothing')),
    ...repeated(started).map(because('two dispatches with one run')),
    ...started.filter((id) => !runIds.has(id)).map(because('missing run')),
  ]
}

function checkRuns({ dispatches, runs }: Ledger): Violation[] {
  const byRun = new Map(dispatches.map((dispatch) => [dispatch.runId, dispatch]))
  const strangers = runs.filter(({ id }) => !byRun.has(id))
  const mistaken = runs.filter((run) => {
    const dispatch = byRun.get(run.id)
    return dispatch !== undefined && nameOf(dispatch) !== nameOf(run)
  })
  return [
    ...repeated(runs.map(({ id }) => id)).map(because('repeated run')),
    ...strangers.map(({ id }) => id).map(because('run without dispatch')),
    ...mistaken.map(({ id }) => id).map(because('run of another event')),
  ]
}

const because =
  (kind: ViolationKind) =>
  (about: string): Violation => ({ kind, about })

const nameOf = ({ eventId, trigger }: Pick<KeptDispatch, 'eventId' | 'trigger'>): string =>
  `${eventId} → ${trigger}`

/** What occurs more than once, each once. */
function repeated(names: readonly string[]): string[] {
  const once = new Set<string>()
  const again = new Set<string>()
  for (const name of names) (once.has(name) ? again : once).add(name)
  return [...again]
}
