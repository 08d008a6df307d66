import { Context } from '@temporalio/activity'
import { z } from 'zod'
import { tellParent } from './parent.ts'

/** When a run's first activity began and when it asked the model, on the machine's own clock. */
export type FirstCall = z.infer<typeof FirstCall>
export const FirstCall = z.object({
  workflowId: z.string(),
  activityAt: z.number(),
  modelAt: z.number(),
})

/** Milliseconds on a clock that all processes of a machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Tells the parent of each run's first call. Both are called inside the activity. */
export function createWitness(): { activityBegins(): void; modelIsAsked(): void } {
  const began = new Map<string, number>()
  const told = new Set<string>()

  return {
    activityBegins() {
      const workflowId = thisRun()
      if (!began.has(workflowId)) began.set(workflowId, now())
    },
    modelIsAsked() {
      const workflowId = thisRun()
      const activityAt = began.get(workflowId)
      if (activityAt === undefined || told.has(workflowId)) return
      told.add(workflowId)
      tellParent({ workflowId, activityAt, modelAt: now() } satisfies FirstCall)
    },
  }
}

const thisRun = (): string => Context.current().info.workflowExecution?.workflowId ?? ''
