import { createHash } from 'node:crypto'
import {
  ApplicationFailure,
  type DataConverter,
  type Payload,
  type PayloadCodec,
} from '@temporalio/common'
import type { Pool } from 'pg'
import { z } from 'zod'
import { type FailureCode, remedies } from '../contracts/failures.ts'

// Smaller ones are quicker to read where the history is.
const LARGE_BYTES = 128 * 1024
// Unknown to every other converter, so that nobody takes a reference for the value. The Temporal UI shows it as JSON.
const REFERENCE = Buffer.from('json/onset-reference')

/**
 * How Temporal's clients and workers convert values: payloads above 128 KB are in the table `payloads` before Temporal
 * hears of them, and its histories hold references. Workflows and activities see values only.
 */
export const createDataConverter = (pool: Pool): DataConverter => ({
  payloadCodecs: [createCodec(pool)],
})

// The SDK's own external storage needs the same copy of protobufjs in all of its packages, which npm does not give it
// beside @grpc/proto-loader.
const createCodec = (pool: Pool): PayloadCodec => ({
  async encode(payloads, context) {
    const runId = context?.workflowId
    if (runId === undefined || !payloads.some(isLarge)) return payloads
    return Promise.all(
      payloads.map(async (payload) =>
        isLarge(payload) ? store(pool, { runId, payload }) : payload,
      ),
    )
  },

  async decode(payloads) {
    if (!payloads.some(isReference)) return payloads
    return Promise.all(
      payloads.map(async (payload) => (isReference(payload) ? retrieve(pool, payload) : payload)),
    )
  },
})

const isLarge = ({ data }: Payload): boolean => (data?.length ?? 0) > LARGE_BYTES

const isReference = ({ metadata }: Payload): boolean =>
  metadata?.['encoding'] !== undefined && REFERENCE.equals(metadata['encoding'])

// Without its data: a repeated result, or a replay, sends nothing large to Postgres.
const TOUCH = 'update payloads set stored_at = now() where run_id = $1 and sha256 = $2'

const STORE = `
insert into payloads (run_id, sha256, metadata, data) values ($1, $2, $3, $4)
    on conflict (run_id, sha256) do update set stored_at = now()`

const RETRIEVE = 'select metadata, data from payloads where run_id = $1 and sha256 = $2'

async function store(
  pool: Pool,
  { runId, payload }: { runId: string; payload: Payload },
): Promise<Payload> {
  const data = payload.data ?? new Uint8Array()
  const metadata = JSON.stringify(mapValues(payload.metadata ?? {}, toText))
  const sha256 = createHash('sha256').update(metadata).update('\n').update(data).digest('hex')
  const key = [runId, sha256]
  const { rowCount } = await pool.query({ name: 'touch-payload', text: TOUCH, values: key })
  if (rowCount === 0) {
    await pool.query({ name: 'store-payload', text: STORE, values: [...key, metadata, data] })
  }
  const reference: Reference = { table: 'payloads', run_id: runId, sha256, bytes: data.length }
  return { metadata: { encoding: REFERENCE }, data: Buffer.from(JSON.stringify(reference)) }
}

async function retrieve(pool: Pool, { data }: Payload): Promise<Payload> {
  const { run_id: runId, sha256 } = Reference.parse(JSON.parse(Buffer.from(data ?? []).toString()))
  const { rows } = await pool.query<{ metadata: unknown; data: Buffer }>({
    name: 'retrieve-payload',
    text: RETRIEVE,
    values: [runId, sha256],
  })
  const [row] = rows
  if (row === undefined) throw gone({ runId, sha256 })
  return { metadata: mapValues(Metadata.parse(row.metadata), toBytes), data: row.data }
}

/** What a history holds in the place of a large payload: where the payload is, for people as well. */
type Reference = z.infer<typeof Reference>
const Reference = z.object({
  table: z.literal('payloads'),
  run_id: z.string(),
  sha256: z.string(),
  bytes: z.int(),
})

const Metadata = z.record(z.string(), z.string())

// One character for each byte: readable, as metadata are texts, and true to those that are none.
const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const toBytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

const mapValues = <From, To>(
  record: Record<string, From>,
  change: (value: From) => To,
): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))

function gone({ runId, sha256 }: { runId: string; sha256: string }): ApplicationFailure {
  const code: FailureCode = 'Run.PayloadGone'
  return ApplicationFailure.create({
    type: code,
    message: `The table payloads has no row ${sha256} of the run ${runId}. ${remedies[code]}`,
  })
}
