export { chaseReview } from './chase-review.ts'
export { dailyDigest } from './daily-digest.ts'
export { triageIssue } from './triage-issue.ts'
