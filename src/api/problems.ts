/** Every way in which a request can be answered with "no". Callers may rely on the codes. */
export const problems = {
  unauthorized: { status: 401, title: 'A valid bearer token is needed' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  invalid_json: { status: 400, title: 'The body is not readable JSON' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  already_decided: { status: 409, title: 'The approval is decided already' },
  expired: { status: 409, title: 'The approval has expired' },
  several_open: { status: 409, title: 'The run waits for several decisions' },
  run_finished: { status: 409, title: 'The run has finished' },
  inbox_unavailable: { status: 503, title: 'The inbox cannot keep the event' },
  unavailable: { status: 503, title: 'The database cannot be reached' },
  internal: { status: 500, title: 'The server failed' },
} as const

/** Stable code of a problem. */
export type ProblemCode = keyof typeof problems

/** What a problem says beyond its code. */
interface ProblemOptions {
  headers?: Record<string, string>
  /** Extension members, such as `errors` or `approval`. */
  members?: Record<string, unknown>
}

/** Answers with an RFC 9457 problem document. `detail` is for people: what was expected, and what came. */
export function problem(
  code: ProblemCode,
  detail: string,
  { headers = {}, members = {} }: ProblemOptions = {},
): Response {
  const { status, title } = problems[code]
  // A URN, as the documents of problems have no address of their own.
  const body = { type: `urn:onset:problem:${code}`, title, status, detail, code, ...members }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}

/** What a validator found. */
interface Issue {
  path: PropertyKey[]
  message: string
}

/** Answers a request that does not fit its schema with one line per fault. */
export function invalidRequest(issues: Issue[]): Response {
  const errors = issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
  const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  return problem('invalid_request', detail.join('; '), { members: { errors } })
}

/** Why the inbox or the database could not be asked; the sender tries again soon. */
export function unavailable(code: 'inbox_unavailable' | 'unavailable'): Response {
  const detail = 'Try again in a few seconds.'
  return problem(code, detail, { headers: { 'retry-after': '2' } })
}
