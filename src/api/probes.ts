import { Hono } from 'hono'
import { openApiDocument } from './openapi.ts'

/** What tells whether the server can do its work, and how it does. */
export interface Probes {
  /** What each part says of itself, by its name. */
  readiness: () => Promise<Record<string, { ok: boolean; detail: string }>>
  metrics: () => Promise<{ contentType: string; body: string }>
}

/** The routes that need no token: whether the process lives, whether it can work, its metrics, and its description. */
export function createProbeRoutes({ readiness, metrics }: Probes): Hono {
  const routes = new Hono()
  // Made once, and not before somebody asks.
  let document: ReturnType<typeof openApiDocument> | undefined

  routes.get('/healthz', (c) => c.json({ status: 'ok' }))

  routes.get('/readyz', async (c) => {
    const parts = await readiness()
    const ready = Object.values(parts).every(({ ok }) => ok)
    return c.json({ ready, parts }, ready ? 200 : 503)
  })

  routes.get('/metrics', async (c) => {
    const { contentType, body } = await metrics()
    return c.body(body, 200, { 'content-type': contentType })
  })

  routes.get('/openapi.json', (c) => c.json((document ??= openApiDocument())))

  return routes
}
