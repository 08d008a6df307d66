/** Every way in which a request can be answered with "no". Callers may rely on the codes. */
export const problems = {
  malformed_request: { status: 400, title: 'The request is not HTTP as it should be' },
  unauthorized: { status: 401, title: 'A valid bearer token is needed' },
  forbidden: { status: 403, title: 'This address may not do that' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  invalid_json: { status: 400, title: 'The body is not readable JSON' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_event: { status: 422, title: 'The body is JSON and no valid event' },
  request_timeout: { status: 408, title: 'The request took too long to come' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  too_many_failures: { status: 429, title: 'Too many requests were not verified' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  already_decided: { status: 409, title: 'The approval is decided already' },
  expired: { status: 409, title: 'The approval has expired' },
  several_open: { status: 409, title: 'The run waits for several decisions' },
  prompt_invalid: { status: 422, title: 'The prompt cannot be used' },
  schema_differs: { status: 409, title: 'The workflows were compiled for another schema' },
  run_finished: { status: 409, title: 'The run has finished' },
  not_in_quarantine: { status: 409, title: 'The event is not in quarantine' },
  not_discardable: { status: 409, title: 'Nothing of the event is left to discard' },
  not_replayable: { status: 409, title: 'The event was not dispatched yet' },
  replay_too_large: { status: 400, title: 'The replay means too many events' },
  overloaded: { status: 503, title: 'The inbox has too much to do' },
  inbox_unavailable: { status: 503, title: 'The inbox cannot keep the event' },
  unavailable: { status: 503, title: 'The database cannot be reached' },
  temporal_unavailable: { status: 503, title: 'Temporal cannot be reached' },
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
  return new Response(problemText(code, detail, members), {
    status: problems[code].status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}

/** The document of a problem. */
export function problemText(code: ProblemCode, detail: string, members = {}): string {
  const { status, title } = problems[code]
  // A URN, as the documents of problems have no address of their own.
  return JSON.stringify({
    type: `urn:onset:problem:${code}`,
    title,
    status,
    detail,
    code,
    ...members,
  })
}

/** What a validator found. */
interface Issue {
  path: PropertyKey[]
  message: string
}

/** Answers a request that does not fit its schema with one line per fault. */
export function invalidRequest(
  issues: Issue[],
  code: 'invalid_request' | 'invalid_event' = 'invalid_request',
): Response {
  const errors = issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
  const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  return problem(code, detail.join('; '), { members: { errors } })
}

/** Why the inbox, the database or Temporal could not be asked; the caller tries again soon. */
export function unavailable(
  code: 'inbox_unavailable' | 'unavailable' | 'temporal_unavailable',
): Response {
  const detail = 'Try again in a few seconds.'
  return problem(code, detail, { headers: { 'retry-after': '2' } })
}
