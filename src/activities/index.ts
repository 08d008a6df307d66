import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { OpenedWait, Resolution, WaitRequest } from '../contracts/wait.ts'
import { closeWait, openWait } from '../runs/waits.ts'
import { createActions } from './actions.ts'
import { type CallModel } from './call-model.ts'
import { createRecentRuns } from './recent-runs.ts'

/** Everything that workflows may have done outside of themselves. */
export type Activities = ReturnType<typeof createActivities> & { callModel: CallModel }

/** The light activities, which run on the workflows' own task queue. Model calls have one of their own. */
export const createActivities = ({ pool, log }: { pool: Pool; log: Logger }) => ({
  openWait: (request: WaitRequest): Promise<OpenedWait> => openWait(pool, request),
  closeWait: (wait: { id: string }): Promise<Resolution> => closeWait(pool, wait),
  recentRuns: createRecentRuns(pool),
  ...createActions({ pool, log }),
})
