import { proxySinks, type Sinks, workflowInfo } from '@temporalio/workflow'
import { DEFAULT_TENANT, type searchAttributes } from '../../contracts/names.ts'
import type { Report, RunEvent } from '../../contracts/run.ts'

/** What a workflow reports outside of its history. */
export interface RunSinks extends Sinks {
  runs: { report(report: Report): void }
}

const { runs } = proxySinks<RunSinks>()

/** Reports what happens in this run. `key` makes it count once, however often the workflow is replayed. */
export function report(key: string, event: RunEvent): void {
  runs.report({ ...event, key, at: new Date().toISOString() })
}

/** Who this run is and for whom it works. */
export function thisRun(): { runId: string; tenant: string } {
  return { runId: workflowInfo().workflowId, tenant: attribute('Tenant') ?? DEFAULT_TENANT }
}

/** A search attribute that the run was started with. */
export function attribute(name: keyof typeof searchAttributes): string | undefined {
  const pairs = workflowInfo().typedSearchAttributes.getAll()
  const value = pairs.find(({ key }) => key.name === name)?.value
  return typeof value === 'string' ? value : undefined
}
