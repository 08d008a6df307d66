import type { Resolution, WaitRequest } from '../../contracts/wait.ts'

/** What an operator reads in the Temporal UI: why the run stands still, and what would let it go on. */
export function describeWait(request: WaitRequest, id: string): string {
  const { runId, step, expiresAt } = request
  const until = expiresAt === null ? '' : ` until ${expiresAt}`
  switch (request.kind) {
    case 'event':
      return `waiting for this event${until}`
    case 'approval':
      return `waiting for a decision${until}; decide with \`onset approve ${id}\``
    case 'budget':
      return `waiting for the budget ${request.subject}${until}; raise it with \`onset llm budgets set\``
    case 'provider':
      return `waiting for the provider ${request.subject}${until}; it is probed by one call at a time`
    case 'operator':
      return (
        `**parked**${until}: ${request.failure.message} (${request.failure.code}); ` +
        `\`onset runs retry ${runId} ${step}\`, or \`skip\`, or \`fail\``
      )
    default:
      return request satisfies never
  }
}

/** How a wait ended: in one word for programs, and in a few for people. */
export function describeResolution(resolution: Resolution): { outcome: string; ending: string } {
  switch (resolution.kind) {
    case 'event': {
      const { event } = resolution
      return event === null
        ? { outcome: 'timeout', ending: 'none came in time' }
        : { outcome: 'event', ending: `came: ${event.id}` }
    }
    case 'approval': {
      const { decision } = resolution
      const { outcome } = decision
      return decision.outcome === 'expired'
        ? { outcome, ending: 'nobody decided in time' }
        : { outcome, ending: `${outcome} by ${decision.by}` }
    }
    case 'operator': {
      const { decision } = resolution
      return decision.action === 'expired'
        ? { outcome: 'expired', ending: 'nobody helped in time' }
        : { outcome: decision.action, ending: `${decision.action}, said ${decision.by}` }
    }
    case 'budget':
    case 'provider':
      return { outcome: resolution.outcome, ending: 'goes on' }
    default:
      return resolution satisfies never
  }
}
