import { z } from 'zod'
import { defineTrigger } from '../define.ts'
import { everyMorning } from '../sources/every-morning.ts'

/** A digest of the last day's runs, every morning. Add `postTo` to have it posted to a chat. */
export const morningDigest = defineTrigger({
  source: everyMorning,
  body: z.undefined(),
  read: () => ({}),
  summary: () => 'Digest of the last day',
  workflow: 'dailyDigest',
  flow: { priority: 'bulk' },
})
