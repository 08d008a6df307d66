import pino from 'pino'
import { afterAll } from 'vitest'
import { createApi, type ApiDependencies } from '../../src/api/app.ts'
import { createTokens } from '../../src/api/tokens.ts'
import type { NewRunEvent, RunEvent } from '../../src/contracts/run.ts'
import { createAccept } from '../../src/inbox/accept.ts'
import { createDecide } from '../../src/runs/approvals.ts'
import { createDecideParked } from '../../src/runs/parked.ts'
import { writeStandIn } from '../../src/models/stand-in.ts'
import { loadModelConfig } from '../../src/models/model-setting.ts'
import { readPrompts } from '../../src/models/prompts.ts'
import { createRunLog } from '../../src/runs/run-log.ts'
import { profiles } from '../../src/providers/profiles.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'

const AT = '2026-11-21T10:00:00.000Z'

/** The API on a database of its own, closed after the file's tests. Requests carry the token of tenant `default`. */
export async function openApi(others: Partial<ApiDependencies> = {}) {
  const { url } = await createDatabase()
  const pool = openPool({ databaseUrl: url, size: 5 })
  await migrate(pool)
  const log = pino({ level: 'silent' })
  const runLog = createRunLog(pool, log)
  afterAll(async () => {
    await runLog.close()
    await pool.end()
  })
  const api = createApi({
    pool,
    runLog,
    log,
    accept: createAccept(pool, () => undefined),
    decide: createDecide({ pool, wake: () => Promise.resolve('told') }),
    decideParked: createDecideParked({
      pool,
      wake: () => Promise.resolve('told'),
      standIn: writeStandIn,
      checkValue: () => Promise.resolve(null),
    }),
    startRun: () => Promise.resolve(),
    cancelRun: () => Promise.resolve({ outcome: 'unknown' }),
    prompts: readPrompts('prompts'),
    models: loadModelConfig(
      {
        LLM_PROVIDER: 'openai',
        OPENAI_BASE_URL: 'https://api.openai.com/v1',
        LLM_MODEL_FAST: 'small',
        LLM_MODEL_STRONG: 'big',
        LLM_SCHEMA_MODE: 'json_schema',
        LLM_MAX_TOKENS_FIELD: 'max_completion_tokens',
      },
      { env: {}, profiles, keysNeeded: false },
    ),
    tokens: createTokens([
      { token: 'token-1', tenant: 'default' },
      { token: 'token-2', tenant: 'other' },
    ]),
    readiness: () => Promise.resolve({ postgres: { ok: true, detail: 'answers' } }),
    reverify: ({ source }) => Promise.resolve({ valid: source === 'internal' }),
    metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    ...others,
  })
  return { api, pool, runLog, request, post, report }

  function request(path: string, { headers, ...init }: RequestInit = {}): Promise<Response> {
    const all = new Headers(headers)
    if (!all.has('authorization')) all.set('authorization', 'Bearer token-1')
    return Promise.resolve(api.request(path, { ...init, headers: all }))
  }

  function post(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return request(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  }

  /** Appends events to a run, and starts it where it is new. */
  async function report(runId: string, events: RunEvent[], tenant = 'default'): Promise<void> {
    const [workflow = '', source = ''] = runId.split(':')
    const data = {
      tenant,
      workflow,
      source,
      trigger: 'newIssues',
      eventId: 'evt_1',
      summary: 'a run',
    }
    const all: RunEvent[] = [{ type: 'run.started', data }, ...events]
    await runLog.append(
      all.map((event): NewRunEvent => ({ ...event, runId, key: keyOf(event), at: AT })),
    )
  }
}

/** The same event has the same key, so that a test can report more of a run later. */
const keyOf = ({ type, data }: RunEvent): string => `${type} ${JSON.stringify(data).slice(0, 200)}`

/** `length` deltas of one step, each with its own text. */
export const deltas = (length: number, start = 0): RunEvent[] =>
  Array.from({ length }, (_, index) => ({
    type: 'llm.delta',
    data: { step: 'triage', attempt: 1, text: `text ${start + index}\r\n` },
  }))

export const completed: RunEvent = {
  type: 'run.completed',
  data: { output: { ok: true }, last: true },
}
