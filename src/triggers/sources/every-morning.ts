import { defineSource } from '../define.ts'
import { schedule } from '../schedule/schedule.ts'

/** Seven in the morning on working days, in UTC. */
export const everyMorning = defineSource({
  name: 'every-morning',
  kind: schedule({ cron: '0 7 * * 1-5' }),
})
