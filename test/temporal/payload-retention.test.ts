import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPayloadRetainer } from '../../src/temporal/payload-retention.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase, createNamespace } from '../harness.ts'

const { url: databaseUrl } = await createDatabase()
const { client } = await createNamespace()
const pool = openPool({ databaseUrl, size: 5 })
afterAll(() => pool.end())
await migrate(pool)

const retain = () =>
  createPayloadRetainer({
    pool,
    client: () => client,
    days: 30,
    log: pino({ level: 'silent' }),
  }).retain()

/** A run in the list, where it is one, with a payload: days since its end and since it was stored. */
interface Kept {
  ended?: number | null
  stored?: number
  trigger?: string
}

async function keep(id: string, { ended, stored = 31, trigger = 'tests' }: Kept): Promise<void> {
  if (ended !== undefined) {
    await pool.query(
      `insert into runs (id, tenant, workflow, source, trigger, summary, started_at, status_at, ended_at)
       values ($1, 'default', 'w', 'test', $2, 's', now(), now(), now() - make_interval(days => $3))`,
      [id, trigger, ended],
    )
  }
  await pool.query(
    `insert into payloads (run_id, sha256, metadata, data, stored_at)
     values ($1, '0', '{}', '', now() - make_interval(days => $2))`,
    [id, stored],
  )
}

const isKept = async (id: string): Promise<boolean> =>
  (await pool.query('select 1 from payloads where run_id = $1', [id])).rows.length === 1

beforeAll(async () => {
  // Nobody works on it: it stays open.
  await client.workflow.start('nobody', { workflowId: 'known', taskQueue: 'nobody' })
})

test.each<[string, string, Kept, boolean]>([
  ['what a run needed that ended 31 days ago goes', 'ended', { ended: 31 }, false],
  ['that of one that ended 29 days ago stays', 'young', { ended: 29 }, true],
  ['that of an open run stays', 'open', { ended: null }, true],
  ['that of a run that Temporal still knows stays, as after a reset', 'known', { ended: 31 }, true],
  ['what was handed over again stays', 'again', { ended: 31, stored: 0 }, true],
  ['that of a run without a trigger stays', 'child', { ended: 31, trigger: '' }, true],
  ['that of no run stays', 'schedule', {}, true],
])('%s', async (_, id, kept, expected) => {
  await keep(id, kept)

  await retain()

  await expect(isKept(id)).resolves.toBe(expected)
})
