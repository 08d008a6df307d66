import { Hono } from 'hono'
import type { Pool } from 'pg'
import { listBudgets } from '../models/budget-list.ts'
import {
  listBudgetRules,
  removeBudgetRule,
  removeScopeLimits,
  setBudgetRule,
  setScopeLimits,
} from '../models/budget-rules.ts'
import { parseScope } from '../models/budget-scopes.ts'
import type { ApiEnv } from './gate.ts'
import { BudgetRemoval, BudgetsQuery, moneySchemas } from './money-schemas.ts'
import { invalidRequest, problem } from './problems.ts'
import { readJson } from './read-json.ts'

/** Budgets: which limits there are, what is spent of them, and how operators change them. */
export function createBudgetRoutes({ pool }: { pool: Pool }): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/api/budgets', async (c) => {
    const query = BudgetsQuery.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const { kind, scope, limit } = query.data
    return c.json(
      await standing({ ...(kind && { kind }), ...(scope !== undefined && { scope }), limit }),
    )
  })

  routes.put('/api/budgets', async (c) => {
    const body = await readJson(c.req.raw)
    if (body instanceof Response) return body
    const request = moneySchemas.BudgetChange.safeParse(body.value)
    if (!request.success) return invalidRequest(request.error.issues)
    const { kind, name, scope: asked, by: updatedBy, ...limits } = request.data
    if (kind !== undefined) {
      await setBudgetRule(pool, { kind, name, ...limits, updatedBy })
      return c.json(await standing({ kind, limit: 50 }))
    }
    const scope = parseScope(asked ?? '')
    if (scope === null) {
      const message = `Expected a scope such as day:2026-11-21, received '${asked}'.`
      return invalidRequest([{ path: ['scope'], message }])
    }
    await setScopeLimits(pool, { scope, limits, updatedBy })
    return c.json(await standing({ scope: scope.scope, limit: 1 }))
  })

  routes.delete('/api/budgets', async (c) => {
    const query = BudgetRemoval.safeParse(c.req.query())
    if (!query.success) return invalidRequest(query.error.issues)
    const { kind, name, scope } = query.data
    if (kind !== undefined) {
      if (await removeBudgetRule(pool, { kind, name })) {
        return c.json(await standing({ kind, limit: 50 }))
      }
      return problem('not_found', `There is no rule for ${kind} ${name}.`)
    }
    if (scope !== undefined && (await removeScopeLimits(pool, scope))) {
      return c.json(await standing({ scope, limit: 1 }))
    }
    return problem('not_found', `The scope '${scope}' has no limits of its own.`)
  })

  return routes

  async function standing(filter: Parameters<typeof listBudgets>[1]) {
    return { rules: await listBudgetRules(pool), budgets: await listBudgets(pool, filter) }
  }
}
