import { cancellationSignal } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { HttpAction, HttpOutcome, LogAction } from '../contracts/action.ts'
import { type HttpAnswer, postJson } from '../providers/http.ts'
import { idempotencyKey, once } from './receipts.ts'

/** Effects on the outside world, each done once for its run and step as far as the receiver's key and ours allow. */
export const createActions = ({ pool, log }: { pool: Pool; log: Logger }) => ({
  /** Writes one line to the log. */
  writeLog({ tenant, runId, step, message, fields }: LogAction): Promise<void> {
    const effect = { tenant, runId, step, action: 'log', input: { message, fields } }
    return once(pool, effect, async () => log.info({ runId, step, fields }, message))
  },

  /** Posts JSON. 5xx, 408, 429 and unreachable receivers are tried again; other answers than 2xx are final. */
  postHttp({ tenant, runId, step, url, body, headers = {} }: HttpAction): Promise<HttpOutcome> {
    // Headers may carry credentials: the receipt keeps what was sent, not by what right.
    const effect = { tenant, runId, step, action: 'http.post', input: { url, body } }
    return once(pool, effect, async () => {
      const answer = await postJson({
        url,
        body,
        headers: { ...headers, 'idempotency-key': idempotencyKey({ runId, step }) },
        signal: cancellationSignal(),
      })
      return outcomeOf(url, answer)
    })
  },
})

function outcomeOf(url: string, answer: HttpAnswer): HttpOutcome {
  const host = URL.parse(url)?.host ?? url
  if (answer.outcome === 'unreachable') {
    throw ApplicationFailure.create({
      type: 'Action.Unavailable',
      message: `${host} could not be reached: ${answer.message}`,
    })
  }
  const { status, body, retryAfterMs } = answer
  if (status >= 200 && status < 300) return { status, body }
  const temporary = status >= 500 || status === 408 || status === 429
  throw ApplicationFailure.create({
    type: temporary ? 'Action.Unavailable' : 'Action.Refused',
    nonRetryable: !temporary,
    message: `${host} answered ${status}: ${body.slice(0, 200)}`,
    ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
  })
}
