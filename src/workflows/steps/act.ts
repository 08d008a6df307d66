import type { HttpOutcome, HttpPost } from '../../contracts/action.ts'
import { postHttp, writeLog } from './activities.ts'
import { thisRun } from './run.ts'
import { step } from './step.ts'

/** Effects on the outside world. Each carries the idempotency key `<run>/<step>`. */
export const act = {
  /** Writes one line to the log, once. */
  log: (message: string, fields: Record<string, unknown> = {}): Promise<void> =>
    step({ name: 'log', kind: 'action', summary: message }, (id) =>
      writeLog.executeWithOptions({ summary: message }, [
        { ...thisRun(), step: id, message, fields },
      ]),
    ),

  http: {
    /** Posts JSON with an `Idempotency-Key`. Answers 2xx; other 4xx than 408 and 429 fail the step at once. */
    post: (request: HttpPost): Promise<HttpOutcome> => {
      const summary = `Posts to ${hostOf(request.url)}`
      return step({ name: 'http.post', kind: 'action', summary }, (id) =>
        postHttp.executeWithOptions({ summary }, [{ ...thisRun(), step: id, ...request }]),
      )
    },
  },
}

// Path and query may carry secrets; what people see names the host only.
const hostOf = (url: string): string => /^https?:\/\/([^/?#@]+@)?([^/?#]+)/i.exec(url)?.[2] ?? url
