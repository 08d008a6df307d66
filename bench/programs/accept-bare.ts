import { createHmac, timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import { serve } from '@hono/node-server'
import { z } from 'zod'
import { answerParent, cpuUs } from '../harness/parent.ts'
import { HOOK_PATH, SECRET } from '../harness/webhook.ts'

// What a good engineer writes from Hono's documentation: the same checks as Onset's endpoint, and nothing kept.
const Body = z.object({
  action: z.string().optional(),
  repository: z.object({ full_name: z.string() }).optional(),
  issue: z.object({ number: z.number() }).optional(),
})
const LIMIT_BYTES = 25 * 1024 * 1024

const app = new Hono()
app.post(HOOK_PATH, async (c) => {
  if (!c.req.header('content-type')?.startsWith('application/json')) return c.body(null, 415)
  if (Number(c.req.header('content-length')) > LIMIT_BYTES) return c.body(null, 413)
  const bytes = Buffer.from(await c.req.arrayBuffer())
  const expected = createHmac('sha256', SECRET).update(bytes).digest()
  const given = Buffer.from(
    c.req.header('x-hub-signature-256')?.slice('sha256='.length) ?? '',
    'hex',
  )
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return c.body(null, 401)
  const { action } = Body.parse(JSON.parse(bytes.toString('utf8')))
  const type = `${c.req.header('x-github-event')}.${action}`
  return c.json({ id: c.req.header('x-github-delivery'), status: 'accepted', type })
})

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT']) })
const listening = new Promise<void>((resolve) => server.once('listening', resolve))

answerParent({
  async answer(question) {
    const { ask } = z.object({ ask: z.enum(['ready', 'cpu']) }).parse(question)
    await listening
    return ask === 'cpu' ? cpuUs() : null
  },
})
