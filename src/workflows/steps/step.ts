import { setCurrentDetails } from '@temporalio/workflow'
import type { StepKind } from '../../contracts/run.ts'
import { failureOf } from '../../contracts/failure-of.ts'
import { report } from './run.ts'

interface StepOptions {
  /** Names the step in the workflow's own words. */
  name: string
  kind: StepKind
  /** One line for people: what the step is for. */
  summary: string
}

interface Progress {
  id: string
  summary: string
  state: string
}

const UNDER_WAY = 'under way'

const progress: Progress[] = []
let uses: Record<string, number> = {}

/**
 * Does one durable thing under a stable id: the given name, `-2` for its second use in the run. Its start and end are
 * reported, and the Temporal UI shows where the run is.
 */
export async function step<Result>(
  { name, kind, summary }: StepOptions,
  work: (id: string) => Promise<Result>,
): Promise<Result> {
  const id = nextId(name)
  const entry: Progress = { id, summary, state: UNDER_WAY }
  progress.push(entry)
  show()
  report(`${id}/started`, { type: 'step.started', data: { step: id, kind, summary } })
  try {
    const result = await work(id)
    if (entry.state === UNDER_WAY) entry.state = 'done'
    report(`${id}/ended`, { type: 'step.completed', data: { step: id } })
    return result
  } catch (error) {
    const failure = failureOf(error)
    entry.state = `failed: ${failure.message}`
    report(`${id}/ended`, { type: 'step.failed', data: { step: id, failure } })
    throw error
  } finally {
    show()
  }
}

/** Says in the Temporal UI what a step is at, such as what it waits for, or what it came to. */
export function describeStep(id: string, state: string): void {
  const entry = progress.find((candidate) => candidate.id === id)
  if (entry === undefined) return
  entry.state = state
  show()
}

/** How often each name was used: what a run hands on when it continues as new. */
export const usedSteps = (): Record<string, number> => ({ ...uses })

/** Goes on counting where the run stood before it continued as new. */
export function resumeSteps(used: Record<string, number>): void {
  uses = { ...used }
}

function nextId(name: string): string {
  const use = (uses[name] ?? 0) + 1
  uses[name] = use
  return use === 1 ? name : `${name}-${use}`
}

function show(): void {
  setCurrentDetails(
    progress.map(({ id, summary, state }) => `- **${id}** (${state}): ${summary}`).join('\n'),
  )
}
