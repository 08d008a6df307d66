import { afterAll, expect, test } from 'vitest'
import { createAccept } from '../../src/inbox/accept.ts'
import type { InboxEvent } from '../../src/inbox/events-table.ts'
import { discard, release } from '../../src/inbox/quarantine.ts'
import { createSettle, type Settlement } from '../../src/inbox/settle.ts'
import { closeWait, openWait } from '../../src/runs/waits.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPool } from '../../src/store/pool.ts'
import { createDatabase } from '../harness.ts'
import { until } from '../house.ts'
import { received } from './received.ts'

const { url: databaseUrl } = await createDatabase()
const pool = openPool({ databaseUrl, size: 10 })
afterAll(() => pool.end())
await migrate(pool)

const accepted = new Map<string, InboxEvent>()
const accept = createAccept(pool, (event) => accepted.set(event.key, event))
const settle = createSettle(pool)

/** An event that is accepted and, as in a burst or an outage, not dispatched yet. */
async function happen(key: string, subject: string): Promise<InboxEvent> {
  await accept({ events: [received(key, { type: 'part', subject })] })
  return until('the event', async () => accepted.get(key))
}

const wait = (runId: string, step: string, subject: string) =>
  openWait(pool, {
    tenant: 'default',
    runId,
    step,
    kind: 'event',
    type: 'part',
    subject,
    since: new Date(0).toISOString(),
    sinceEvent: null,
    expiresAt: null,
  })

const startedBy = (event: InboxEvent, id: string): Settlement => ({
  event,
  dispatches: [
    {
      state: 'started',
      trigger: 'test',
      run: {
        id,
        workflow: 'tested',
        summary: 'A test',
        priority: 'interactive',
        input: { ...event, trigger: 'test', data: {} },
      },
    },
  ],
})

const unread = (event: InboxEvent): Settlement => ({
  event,
  dispatches: [{ state: 'quarantined', trigger: 'test', reason: 'read_failed', message: 'No.' }],
})

const dispatchesOf = async ({ id }: InboxEvent) =>
  (await pool.query('select state from dispatches where event_id = $1', [id])).rows

test('an event that answered a run by its look-back does not answer it again when it is settled', async () => {
  const event = await happen('late', 'late')
  const first = await wait('run-late', 'part', 'late')
  const second = await wait('run-late', 'part-2', 'late')

  const woken = await settle({ event, dispatches: [] })

  expect(first.resolution).toMatchObject({ kind: 'event', event: { key: 'late' } })
  expect(second.resolution).toBeNull()
  expect(woken).toEqual([])
})

test('an event does not answer the run that it started, however late it is settled', async () => {
  const event = await happen('own', 'own')
  await pool.query(`update events set received_at = now() - interval '1 hour' where key = 'own'`)
  await openWait(pool, {
    tenant: 'default',
    runId: 'run-own',
    step: 'part',
    kind: 'event',
    type: 'part',
    subject: 'own',
    since: new Date().toISOString(),
    sinceEvent: event.id,
    expiresAt: null,
  })

  await expect(settle(startedBy(event, 'run-own'))).resolves.toEqual([])
})

test('an event answers one of several waits of a run, and each of several runs', async () => {
  const first = await wait('run-a', 'part', 'many')
  const second = await wait('run-a', 'part-2', 'many')
  await wait('run-b', 'part', 'many')
  const event = await happen('many', 'many')

  const woken = await settle({ event, dispatches: [] })

  expect(woken).toHaveLength(2)
  await expect(closeWait(pool, first)).resolves.toMatchObject({
    event: { key: 'many' },
  })
  await expect(closeWait(pool, second)).resolves.toEqual({
    kind: 'event',
    event: null,
  })
})

const answerOf = async (opened: { id: string }) => {
  const resolution = await closeWait(pool, opened)
  return resolution.kind === 'event' ? resolution.event?.key : undefined
}

test('several waits of a run that are open at once get the events that are settled together, each one, in their order', async () => {
  const first = await wait('run-both', 'part', 'both')
  const second = await wait('run-both', 'part-2', 'both')
  const older = await happen('both-1', 'both')
  const younger = await happen('both-2', 'both')

  const woken = await Promise.all(
    [younger, older].map((event) => settle({ event, dispatches: [] })),
  )

  expect(woken.flat()).toHaveLength(2)
  await expect(answerOf(first)).resolves.toBe('both-1')
  await expect(answerOf(second)).resolves.toBe('both-2')
})

test('a run that waits gets the older of two events, though the younger is settled first', async () => {
  const starter = await happen('starter', 'nothing')
  await settle(startedBy(starter, 'run-overtaken'))
  const older = await happen('overtaken-1', 'overtaken')
  const younger = await happen('overtaken-2', 'overtaken')
  const first = await wait('run-overtaken', 'part', 'elsewhere')
  await pool.query(`update waits set event_subject = 'overtaken' where run_id = 'run-overtaken'`)

  const woken = await settle({ event: younger, dispatches: [] })
  const later = await settle({ event: older, dispatches: [] })

  expect(woken).toHaveLength(1)
  expect(later).toEqual([])
  await expect(answerOf(first)).resolves.toBe('overtaken-1')
  const next = await wait('run-overtaken', 'part-2', 'overtaken')
  expect(next.resolution).toMatchObject({ kind: 'event', event: { key: 'overtaken-2' } })
})

test('waits and events that come at once meet: no event is lost, none comes twice', async () => {
  const events = await Promise.all(
    Array.from({ length: 20 }, (_, index) => happen(`crowd-${index}`, 'crowd')),
  )

  const [waits] = await Promise.all([
    Promise.all(events.map((_, index) => wait('run-crowd', `part-${index}`, 'crowd'))),
    ...events.map((event) => settle({ event, dispatches: [] })),
  ])

  const answers = await Promise.all(waits.map(answerOf))
  expect(new Set(answers)).toEqual(new Set(events.map(({ key }) => key)))
})

test('settling an event a second time changes nothing', async () => {
  const event = await happen('again', 'again')
  await settle(startedBy(event, 'run-again'))
  await wait('run-other', 'part', 'elsewhere')
  await pool.query(`update waits set event_subject = 'again' where run_id = 'run-other'`)

  await expect(settle(startedBy(event, 'run-again'))).resolves.toEqual([])

  const { rows } = await pool.query(
    `select count(*)::int as all from dispatches where event_id = $1`,
    [event.id],
  )
  expect(rows).toEqual([{ all: 1 }])
})

test('what was under way when an operator discarded the event is not written over that', async () => {
  const event = await happen('discarded', 'discarded')
  await discard(pool, { tenant: 'default', id: event.id, by: 'ada' })

  await settle(unread(event))

  const { rows } = await pool.query(`select state, held from events where id = $1`, [event.id])
  expect(rows).toEqual([{ state: 'discarded', held: false }])
  expect(await dispatchesOf(event)).toEqual([])
})

test('what was under way when an operator released the event leaves it open', async () => {
  const event = await happen('released', 'released')
  await settle(unread(event))
  await release(pool, { tenant: 'default', id: event.id, by: 'ada' })

  await settle(unread(event))
  await settle(startedBy(event, 'run-released'))

  const { rows } = await pool.query(
    `select state, held, dispatch_after is not null as open from events where id = $1`,
    [event.id],
  )
  expect(rows).toEqual([{ state: 'accepted', held: false, open: true }])
  expect(await dispatchesOf(event)).toEqual([{ state: 'started' }])
})

test('a wait that ended only with its run is open again for a run that was reset', async () => {
  const request = {
    tenant: 'default',
    runId: 'run-reset',
    step: 'approve',
    kind: 'approval',
    title: 'Really?\0',
    details: null,
    expiresAt: null,
  } as const
  await openWait(pool, request)
  await pool.query(
    `update waits set resolved_at = now(), resolved_by = 'run' where run_id = 'run-reset'`,
  )

  const { resolution } = await openWait(pool, request)

  expect(resolution).toBeNull()
  const { rows } = await pool.query(`select resolved_at from waits where run_id = 'run-reset'`)
  expect(rows).toEqual([{ resolved_at: null }])
})
