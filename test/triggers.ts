import { z } from 'zod'
import type { Trigger } from '../src/triggers/define.ts'
import { internal } from './house.ts'

/** Starts a workflow of the tests with an internal event's data, as it is. */
export const startsTestWorkflow = (
  type: string,
  workflow: string,
  flow: NonNullable<Trigger['flow']> = {},
): Trigger => ({
  source: internal,
  when: (event) => event.type === type,
  read: (data, event) => ({ data, summary: `${type} ${event.key}` }),
  flow,
  // Names of workflows that only tests have are not among the types.
  workflow: z.custom<Trigger['workflow']>().parse(workflow),
})
