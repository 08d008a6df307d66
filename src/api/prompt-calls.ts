import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import type { Pool } from 'pg'
import type { z } from 'zod'
import { messageOf } from '../contracts/message-of.ts'
import type { PromptTrial, TrialWish } from '../contracts/model-call.ts'
import { API_SOURCE, TRY_PROMPT } from '../contracts/names.ts'
import type { PlannedRun } from '../inbox/plan.ts'
import { runId } from '../inbox/run-id.ts'
import { type StartRun, TemporalAway } from '../inbox/start-run.ts'
import type { ModelConfig } from '../models/model-config.ts'
import { labelledVersion, readVersion } from '../models/prompt-versions.ts'
import { PRODUCTION } from '../models/prompt-import.ts'
import { type Prompt, readPromptInTurns, toModel } from '../models/prompts.ts'
import { candidatesFor } from '../models/tiers.ts'
import { findRun } from '../runs/run-list.ts'
import type { RunLog } from '../runs/run-log.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem, unavailable } from './problems.ts'
import { PromptCall } from './prompt-schemas.ts'
import { readRequest } from './read-json.ts'

interface PromptCallDependencies {
  pool: Pool
  models: ModelConfig
  startRun: StartRun
  runLog: RunLog
}

/**
 * Calls of prompts outside of the runs that use them. A run of its own makes the call: whoever answers here needs no key
 * of a provider, and the call is counted, listed and cancelled as every other. What can be known to be wrong is refused
 * before anything starts.
 */
export function createPromptCallRoutes({
  pool,
  models,
  startRun,
  runLog,
}: PromptCallDependencies): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.post('/api/prompts/:name/calls', async (c) => {
    const name = c.req.param('name')
    const request = await readRequest(c.req.raw, PromptCall)
    if (request instanceof Response) return request
    const tenant = c.get('tenant')
    const called = await findPrompt(name, request)
    if (called instanceof Response) return called
    const { version, prompt } = called
    const wish = wishOf(request)
    const fault = faultOf(prompt, { ...request, wish })
    if (fault !== null) return invalidRequest([fault])

    const trial = { version, ...(wish === undefined ? {} : { wish }) }
    const run = plan({ prompt: name, variables: request.input, trial }, { tenant, by: request.by })
    const refusal = await start(run)
    if (refusal !== null) return refusal
    const answers = prompt.outputSchema === null ? 'text' : 'object'
    return c.json({ ...(await findRun(pool, { tenant, id: run.id })), answers }, 202)
  })

  return routes

  async function findPrompt(
    name: string,
    { label = PRODUCTION, version: number }: Request,
  ): Promise<{ version: number; prompt: Prompt } | Response> {
    const version = number ?? (await labelledVersion(pool, { name, label }))
    const found = version === null ? null : await readVersion(pool, { name, version })
    if (version === null || found === null) {
      return problem('not_found', `The prompt '${name}' has no version '${number ?? label}'.`)
    }
    try {
      return { version, prompt: await readPromptInTurns(found.source, { checked: true }) }
    } catch (error) {
      return problem('prompt_invalid', messageOf(error))
    }
  }

  function faultOf(
    prompt: Prompt,
    { input, wish }: { input: Request['input']; wish: TrialWish | undefined },
  ): { path: string[]; message: string } | null {
    try {
      candidatesFor(models, { ...prompt, ...wish })
    } catch (error) {
      return { path: [wish?.tier == null ? 'model' : 'tier'], message: messageOf(error) }
    }
    try {
      prompt.render(input)
    } catch (error) {
      return { path: ['input'], message: messageOf(error) }
    }
    return null
  }

  // Started first: a run in the list that nobody carries out would stay there.
  async function start(run: PlannedRun): Promise<Response | null> {
    const at = new Date().toISOString()
    const { tenant, source, trigger } = run.input
    try {
      const startedBy = 'Started through the API, to try a prompt.'
      await startRun(run, { startedBy })
    } catch (error) {
      if (!(error instanceof TemporalAway)) throw error
      return unavailable('temporal_unavailable')
    }
    const { workflow, summary } = run
    const data = { tenant, workflow, source, trigger, eventId: null, summary }
    // As the run says itself: whoever comes first makes the row, by which it is found and followed.
    await runLog.append([{ runId: run.id, key: 'started', at, type: 'run.started', data }])
    return null
  }
}

type Request = z.output<typeof PromptCall>

function wishOf({ tier, model }: Request): TrialWish | undefined {
  if (tier !== undefined) return { tier, model: null }
  return model === undefined ? undefined : { tier: null, model: toModel(model) }
}

function plan(data: PromptTrial, { tenant, by }: { tenant: string; by: string }): PlannedRun {
  const workflow = TRY_PROMPT
  const trigger = TRY_PROMPT
  const source = API_SOURCE
  const id = `call_${randomUUID()}`
  const time = new Date().toISOString()
  const head = { id, key: id, type: 'prompt.call', source, trigger, tenant, time, hops: 0 }
  return {
    id: runId({ workflow, tenant, trigger, source, eventId: id }),
    workflow,
    summary: `${data.prompt} version ${data.trial.version}, tried by ${by}`,
    priority: 'interactive',
    input: { ...head, correlationId: id, data },
  }
}
