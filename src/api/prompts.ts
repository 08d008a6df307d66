import { Hono } from 'hono'
import type { Pool } from 'pg'
import { labelPrompt, pushPrompt } from '../models/prompt-changes.ts'
import { listPrompts, readHistory } from '../models/prompt-history.ts'
import { labelledVersion, readVersion } from '../models/prompt-versions.ts'
import type { Prompts } from '../models/prompts.ts'
import type { ApiEnv } from './gate.ts'
import { invalidRequest, problem } from './problems.ts'
import { PromptLabelling, PromptPush } from './prompt-schemas.ts'
import { readJson } from './read-json.ts'

/** Prompts: their versions, and which of them runs use. */
export function createPromptRoutes({
  pool,
  prompts: build,
}: {
  pool: Pool
  /** Those of the files of this build, for which the workflows were compiled. */
  prompts: Prompts
}): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/api/prompts', async (c) => c.json({ prompts: await listPrompts(pool) }))

  routes.get('/api/prompts/:name', async (c) => {
    const name = c.req.param('name')
    const history = await readHistory(pool, name)
    return history === null ? noPrompt(name) : c.json(history)
  })

  routes.get('/api/prompts/:name/versions/:version', async (c) => {
    const { name, version: asked } = c.req.param()
    const version = /^[1-9]\d{0,8}$/.test(asked)
      ? Number(asked)
      : await labelledVersion(pool, { name, label: asked })
    const found = version === null ? null : await readVersion(pool, { name, version })
    if (found === null) return noVersion(name, asked)
    const { source, ...about } = found
    return c.json({ ...about, content: source.content, partials: source.partials })
  })

  routes.post('/api/prompts/:name/versions', async (c) => {
    const body = await readJson(c.req.raw)
    if (body instanceof Response) return body
    const request = PromptPush.safeParse(body.value)
    if (!request.success) return invalidRequest(request.error.issues)

    const { content, partials, message, by } = request.data
    const source = { name: c.req.param('name'), content, partials }
    const pushed = await pushPrompt(pool, { source, build, by, message })
    if (pushed.outcome === 'invalid') return problem('prompt_invalid', pushed.message)
    const { version, created, fitsBuild } = pushed
    return c.json({ ...version, created, fitsBuild })
  })

  routes.post('/api/prompts/:name/labels', async (c) => {
    const name = c.req.param('name')
    const body = await readJson(c.req.raw)
    if (body instanceof Response) return body
    const request = PromptLabelling.safeParse(body.value)
    if (!request.success) return invalidRequest(request.error.issues)

    const labelled = await labelPrompt(pool, { name, build, ...request.data })
    switch (labelled.outcome) {
      case 'moved':
        return c.json(labelled.entry)
      case 'unknown':
        return noVersion(name, String(request.data.version))
      case 'schema_differs':
        return problem('schema_differs', labelled.message)
      default:
        return labelled satisfies never
    }
  })

  return routes
}

const noPrompt = (name: string): Response => problem('not_found', `There is no prompt '${name}'.`)

const noVersion = (name: string, version: string): Response =>
  problem('not_found', `The prompt '${name}' has no version '${version}'.`)
