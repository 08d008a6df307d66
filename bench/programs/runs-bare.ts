import { createHmac, timingSafeEqual } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { Hono } from 'hono'
import pino from 'pino'
import { z } from 'zod'
import { createRunLog } from '../../src/runs/run-log.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createPlainActivities, createRecordingActivities } from '../harness/bare-activities.ts'
import { answerParent, cpuUs } from '../harness/parent.ts'
import { question } from '../harness/question.ts'
import { HOOK_PATH, SECRET } from '../harness/webhook.ts'

// What a good engineer writes from Temporal's and Hono's documentation, in one process: a route that verifies, parses
// and starts a workflow, and its workers. With a DATABASE_URL its activity keeps the same records as Onset.
const { TEMPORAL_ADDRESS: address = '', DATABASE_URL: databaseUrl, PORT } = process.env
const Body = z.object({ action: z.string(), issue: z.object({ number: z.number() }) })

Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('ERROR') })
const opening = open()
answerParent({
  async answer(asked) {
    const { ask } = z.object({ ask: z.enum(['ready', 'cpu']) }).parse(asked)
    await opening
    return ask === 'cpu' ? cpuUs() : null
  },
  close: async () => (await opening).close(),
})

async function open(): Promise<{ close(): Promise<void> }> {
  const connection = await NativeConnection.connect({ address })
  const client = new Client({ connection })
  const workers = await Promise.all([
    Worker.create({
      connection,
      taskQueue: 'bare',
      workflowsPath: fileURLToPath(new URL('./bare-workflows.ts', import.meta.url)),
    }),
    Worker.create({ connection, taskQueue: 'bare-models', activities: await activities() }),
  ])
  const running = workers.map((worker) => worker.run())

  const app = new Hono()
  app.post(HOOK_PATH, async (c) => {
    const bytes = Buffer.from(await c.req.arrayBuffer())
    const expected = createHmac('sha256', SECRET).update(bytes).digest()
    const signature = c.req.header('x-hub-signature-256')?.slice('sha256='.length) ?? ''
    const given = Buffer.from(signature, 'hex')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return c.body(null, 401)
    }
    const { action } = Body.parse(JSON.parse(bytes.toString('utf8')))
    if (action !== 'opened') return c.json({ status: 'ignored' })
    const workflowId = `threeCalls:${c.req.header('x-github-delivery')}`
    await client.workflow.start('threeCalls', { workflowId, taskQueue: 'bare', args: [question] })
    return c.json({ id: workflowId, status: 'accepted' })
  })
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) })
  await new Promise<void>((resolve) => server.once('listening', resolve))

  return {
    async close() {
      server.close()
      for (const worker of workers) worker.shutdown()
      await Promise.allSettled(running)
    },
  }
}

async function activities() {
  if (databaseUrl === undefined) return { ...createPlainActivities() }
  const pool = openPool({ databaseUrl, size: 20 })
  await migrate(pool)
  const runLog = createRunLog(pool, pino({ level: 'silent' }))
  return { ...createRecordingActivities({ pool, runLog }) }
}
