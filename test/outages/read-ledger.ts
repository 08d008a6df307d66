import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { defineSearchAttributeKey } from '@temporalio/common'
import { Client as PostgresClient } from 'pg'
import type { KeptDispatch, KeptEvent, KeptRun, Ledger } from './ledger.ts'

/** Where the servers of a ledger are. */
interface Servers {
  databaseUrl: string
  temporalAddress: string
}

// Temporal lists an execution some moments after it has begun; one that is not listed by then does not exist.
const LISTED_WITHIN_MS = 30_000
const LOOK_MS = 250
const PAGE = 1_000

/** Reads what was kept of a source, once nothing is left to dispatch: every row, and every execution in Temporal. */
export async function readLedger(
  { databaseUrl, temporalAddress }: Servers,
  source: string,
): Promise<Pick<Ledger, 'events' | 'dispatches' | 'runs'>> {
  const kept = await readPostgres(databaseUrl, source)
  const started = kept.dispatches.filter(({ runId }) => runId !== null).length
  return { ...kept, runs: await readTemporal(temporalAddress, { source, atLeast: started }) }
}

async function readPostgres(
  connectionString: string,
  source: string,
): Promise<{ events: KeptEvent[]; dispatches: KeptDispatch[] }> {
  const client = new PostgresClient({ connectionString })
  await client.connect()
  try {
    const events = await client.query<KeptEvent>(
      'select id, key, type from events where source = $1',
      [source],
    )
    // Of rows without an event too: the database may not be what keeps them out.
    const dispatches = await client.query<KeptDispatch>(
      `select event_id as "eventId", trigger, replay, run_id as "runId" from dispatches left join events on id = event_id
        where source = $1 or source is null`,
      [source],
    )
    return { events: events.rows, dispatches: dispatches.rows }
  } finally {
    await client.end()
  }
}

async function readTemporal(
  address: string,
  { source, atLeast }: { source: string; atLeast: number },
): Promise<KeptRun[]> {
  const connection = await Connection.connect({ address })
  try {
    const client = new Client({ connection })
    const deadline = Date.now() + LISTED_WITHIN_MS
    for (;;) {
      const runs = await list(client, source)
      if (runs.length >= atLeast || Date.now() > deadline) return runs
      await sleep(LOOK_MS)
    }
  } finally {
    await connection.close()
  }
}

const EventId = defineSearchAttributeKey('EventId', 'KEYWORD')
const Trigger = defineSearchAttributeKey('Trigger', 'KEYWORD')

async function list(client: Client, source: string): Promise<KeptRun[]> {
  const runs: KeptRun[] = []
  const query = `Source = '${source}'`
  for await (const execution of client.workflow.list({ query, pageSize: PAGE })) {
    const { workflowId: id, typedSearchAttributes: attributes } = execution
    runs.push({
      id,
      eventId: attributes.get(EventId) ?? '',
      trigger: attributes.get(Trigger) ?? '',
    })
  }
  return runs
}
