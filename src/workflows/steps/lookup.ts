import type { RunDigest } from '../../contracts/run.ts'
import { recentRuns } from './activities.ts'
import { thisRun } from './run.ts'
import { step } from './step.ts'

/** What a workflow can look up of Onset's own records. */
export const lookup = {
  /** The runs that began since then, this one excepted: the youngest first, at most 100. */
  runs: (since: string): Promise<RunDigest[]> => {
    const summary = `Looks up the runs since ${since}`
    return step({ name: 'runs', kind: 'lookup', summary }, () =>
      recentRuns.executeWithOptions({ summary }, [{ ...thisRun(), since }]),
    )
  },
}
