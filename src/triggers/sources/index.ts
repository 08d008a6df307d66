import type { Source } from '../define.ts'
import { everyMorning } from './every-morning.ts'
import { github } from './github.ts'
import { internal } from './internal.ts'
import { reviews } from './reviews.ts'

/** Everything that events come from. */
export const sources: Source[] = [github, reviews, internal, everyMorning]
