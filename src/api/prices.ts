import { Hono } from 'hono'
import type { Pool } from 'pg'
import { listOverrides, removeOverrides, setOverride } from '../models/price-overrides.ts'
import { createPrices } from '../models/prices.ts'
import type { ApiEnv } from './gate.ts'
import { moneySchemas, PriceRemoval, PricesQuery } from './money-schemas.ts'
import { invalidRequest, problem } from './problems.ts'
import { readJson } from './read-json.ts'

// The prices of a request so small that no tier of the list is reached.
const NOTHING = { inputTokens: 0, outputTokens: 0 }

/** Prices: the overrides, and what holds for a model. */
export function createPriceRoutes({ pool }: { pool: Pool }): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/api/prices', async (c) => {
    const query = PricesQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const { provider, model } = query.data
    const all = await listOverrides(pool)
    const overrides = all.filter((each) => provider === undefined || each.provider === provider)
    return c.json({
      overrides,
      price: model === undefined ? null : await priceOf(provider ?? 'openai', model),
    })
  })

  routes.put('/api/prices', async (c) => {
    const body = await readJson(c.req.raw)
    if (body instanceof Response) return body
    const request = moneySchemas.PriceChange.safeParse(body.value)
    if (!request.success) return invalidRequest(request.error.issues)
    const { by: updatedBy, ...override } = request.data
    await setOverride(pool, { ...override, updatedBy })
    return c.json(await standing(override))
  })

  routes.delete('/api/prices', async (c) => {
    const query = PriceRemoval.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const { provider, model } = query.data
    if ((await removeOverrides(pool, query.data)) > 0) return c.json(await standing(query.data))
    return problem('not_found', `There is no override for ${model} of ${provider}.`)
  })

  return routes

  async function standing({ provider, model }: { provider: string; model: string }) {
    const overrides = await listOverrides(pool)
    return {
      overrides: overrides.filter((each) => each.provider === provider),
      price: await priceOf(provider, model),
    }
  }

  /** Made anew, so that an override that has just been set is seen. */
  async function priceOf(priceProvider: string, model: string) {
    const found = await createPrices({ pool }).priceOf({ priceProvider, model, usage: NOTHING })
    const { source, priceVersion, unitPrices } = found
    return { source, priceVersion, unitPrices }
  }
}
