import { newIssues } from '../../src/triggers/catalogue/new-issues.ts'
import type { Trigger } from '../../src/triggers/define.ts'

// What a repository is usually watched for, beside `issues.opened`.
const OTHER_TYPES = [
  'issues.closed',
  'issues.reopened',
  'issues.labeled',
  'issues.assigned',
  'issue_comment.created',
  'pull_request.opened',
  'pull_request.closed',
  'pull_request.review_requested',
  'pull_request_review.submitted',
  'push',
  'release.published',
  'check_run.completed',
  'workflow_run.completed',
  'discussion.created',
  'member.added',
]

/** Sixteen triggers of GitHub, of which one means `issues.opened`: each event is held against all of them. */
export const sixteenTriggers: Record<string, Trigger> = {
  newIssues,
  ...Object.fromEntries(OTHER_TYPES.map((type) => [nameOf(type), only(type)])),
}

function only(type: string): Trigger {
  return { ...newIssues, when: (event) => event.type === type }
}

function nameOf(type: string): string {
  return `on-${type.replaceAll(/[._]/g, '-')}`
}
