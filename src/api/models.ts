import { Hono } from 'hono'
import type { Pool } from 'pg'
import type { ModelConfig } from '../models/model-config.ts'
import { readModelState } from '../models/model-state.ts'
import type { ApiEnv } from './gate.ts'

/** Tiers, providers, breakers and limits, as configured and as observed. */
export function createModelRoutes({
  pool,
  models,
}: {
  pool: Pool
  models: ModelConfig
}): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.get('/api/models', async (c) => c.json(await readModelState(pool, models)))
  return routes
}
