import { DatabaseError } from 'pg'
import type { Logger } from 'pino'
import { InboxUnavailable } from '../inbox/accept.ts'
import { invalidRequest, problem, unavailable } from './problems.ts'

// What `pg` says without a code of its own when there is no connection, or none in time.
const AWAY = /ECONN|EPIPE|ENOENT|ETIMEDOUT|timeout|terminated|not queryable/i

/** Turns whatever a handler threw into a problem document. Only what nobody foresaw is logged as an error. */
export function answerFault(error: unknown, log: Logger): Response {
  if (error instanceof InboxUnavailable) {
    log.warn({ err: error.cause }, 'the inbox cannot keep an event')
    return unavailable('inbox_unavailable')
  }
  // How Node says that the sender left before the end of the body. Nobody reads the answer.
  if (error instanceof Error && error.message === 'aborted') {
    return invalidRequest([{ path: [], message: 'The connection broke within the body.' }])
  }
  // SQLSTATE 22: a value that Postgres cannot take, such as NUL in an id.
  if (error instanceof DatabaseError && error.code?.startsWith('22')) {
    return invalidRequest([{ path: [], message: error.message }])
  }
  if (isDatabaseAway(error)) {
    log.warn({ err: error }, 'the database cannot be reached')
    return unavailable('unavailable')
  }
  log.error({ err: error }, 'a request failed')
  return problem('internal', 'The reason is in the log of the server.')
}

function isDatabaseAway(error: unknown): boolean {
  // Connection exceptions, too few resources, shutting down or starting.
  if (error instanceof DatabaseError) return /^(08|53|57)/.test(error.code ?? '')
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway)
  if (!(error instanceof Error)) return false
  return AWAY.test(`${'code' in error ? String(error.code) : ''} ${error.message}`)
}
