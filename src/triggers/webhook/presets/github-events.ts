// Which members of a body decide what kind of event it is, the more special before the more general: a comment on an
// issue comes with both. Where they are there, the event can only be one of those behind them.
const kinds: { members: string[]; events: string[] }[] = [
  { members: ['zen', 'hook_id'], events: ['ping'] },
  { members: ['comment', 'pull_request'], events: ['pull_request_review_comment'] },
  { members: ['comment', 'issue'], events: ['issue_comment'] },
  { members: ['comment', 'discussion'], events: ['discussion_comment'] },
  { members: ['comment'], events: ['commit_comment'] },
  { members: ['review', 'pull_request'], events: ['pull_request_review'] },
  { members: ['thread', 'pull_request'], events: ['pull_request_review_thread'] },
  { members: ['pull_request'], events: ['pull_request'] },
  { members: ['issue'], events: ['issues'] },
  { members: ['discussion'], events: ['discussion'] },
  { members: ['workflow_job'], events: ['workflow_job'] },
  { members: ['deployment_status'], events: ['deployment_status'] },
  { members: ['deployment'], events: ['deployment', 'deployment_protection_rule'] },
  { members: ['workflow_run'], events: ['workflow_run', 'deployment_review'] },
  { members: ['check_run'], events: ['check_run'] },
  { members: ['check_suite'], events: ['check_suite'] },
  { members: ['release'], events: ['release'] },
  {
    members: ['alert'],
    events: [
      'dependabot_alert',
      'code_scanning_alert',
      'secret_scanning_alert',
      'secret_scanning_alert_location',
      'repository_vulnerability_alert',
    ],
  },
  { members: ['forkee'], events: ['fork'] },
  { members: ['client_payload', 'branch'], events: ['repository_dispatch'] },
  { members: ['inputs', 'workflow'], events: ['workflow_dispatch'] },
  { members: ['ref', 'commits'], events: ['push'] },
  { members: ['ref_type'], events: ['create', 'delete'] },
  { members: ['milestone'], events: ['milestone'] },
  { members: ['label'], events: ['label'] },
]

const known = new Set(kinds.flatMap(({ events }) => events))

/**
 * What `X-GitHub-Event` says, where the body agrees: nobody signs that header, and whoever has one delivery could send
 * it again as another event. `unknown` where the body is one of another event. Events whose bodies nothing
 * distinguishes are taken at the header's word.
 */
export function eventNameOf(said: string | undefined, body: unknown): string {
  const kind = kinds.find(({ members }) => members.every((name) => has(body, name)))
  const fits = kind === undefined ? !known.has(said ?? '') : kind.events.includes(said ?? '')
  return fits ? (said ?? 'unknown') : 'unknown'
}

const has = (body: unknown, name: string): boolean =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, name)
