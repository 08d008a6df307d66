import type { Trigger } from '../define.ts'
import { morningDigest } from './morning-digest.ts'
import { newIssues } from './new-issues.ts'
import { reviewRequests } from './review-requests.ts'

/** Everything that starts runs, by name. A name is part of the ids of its runs: renaming it makes new ones. */
export const catalogue: Record<string, Trigger> = { newIssues, reviewRequests, morningDigest }
