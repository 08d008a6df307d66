import { openTestHouse, type TestHouse } from '../house.ts'
import { startsTestWorkflow } from '../triggers.ts'
import { askAround, askTriage, tryTriage } from '../workflows/ask-around.ts'
import { carry } from '../workflows/carry.ts'
import { askInTurn } from '../workflows/ask-in-turn.ts'
import type { ModelServer } from '../outages/model-server.ts'

/** Onset with a model of the test, and the workflows that ask it by the types of their events. */
export async function openModelHouse(
  model: Pick<ModelServer, 'baseUrl'>,
  env: NodeJS.ProcessEnv = {},
): Promise<ModelHouse> {
  const opened = await openTestHouse({
    catalogue: {
      carries: startsTestWorkflow('carry', carry.name),
      around: startsTestWorkflow('around', askAround.name),
      triage: startsTestWorkflow('triage', askTriage.name),
      bulk: startsTestWorkflow('bulk', askTriage.name, { priority: 'bulk' }),
      tries: startsTestWorkflow('try', tryTriage.name),
      turns: startsTestWorkflow('turns', askInTurn.name),
    },
    env: {
      LLM_PROVIDER: 'openai',
      OPENAI_API_KEY: 'none',
      OPENAI_BASE_URL: model.baseUrl,
      // Its price is known: $0.25 and $2 for a million tokens.
      LLM_MODEL_FAST: 'gpt-5-mini',
      ...env,
    },
  })
  return { ...opened, ledgerOf, decide }

  async function ledgerOf(runId: string): Promise<Record<string, unknown>[]> {
    const { rows } = await opened.house.pool.query(
      `select step, ask, attempt, provider, outcome, failure_code, message, output, input_tokens, output_tokens,
              cost_micros::float8 as cost_micros, usage_estimated, prompt_version,
              extract(epoch from started_at - lag(ended_at) over (order by started_at)) as pause
         from ledger where run_id = $1 order by started_at`,
      [runId],
    )
    return rows
  }

  function decide(runId: string, step: string, body: object) {
    return opened.call(`/api/runs/${encodeURIComponent(runId)}/steps/${step}`, { body })
  }
}

/** Onset, and what tests of model calls look at. */
export interface ModelHouse extends TestHouse {
  /** The attempts of a run, in their order. */
  ledgerOf(runId: string): Promise<Record<string, unknown>[]>
  /** Says how a parked step goes on. */
  decide(runId: string, step: string, body: object): ReturnType<TestHouse['call']>
}
