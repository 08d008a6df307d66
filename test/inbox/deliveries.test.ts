import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { findRequest } from '../../src/inbox/event-details.ts'
import { openInbox } from './open-inbox.ts'
import { received } from './received.ts'

const { pool, acceptAll, accept, find } = await openInbox()

const requests = async (): Promise<number> =>
  (await pool.query('select from deliveries')).rows.length

test('a request of several events is kept once, and its events know each other', async () => {
  const key = randomUUID()
  const raw = Buffer.from('[1,2,3]')
  const events = ['a', 'b', 'c'].map((part) => received(`${key}-${part}`))

  const [first, ...others] = await acceptAll({ events, raw })

  const { siblings } = await find(first?.id ?? '')
  expect(siblings.toSorted()).toEqual(others.map(({ id }) => id).toSorted())
  const stored = await findRequest(pool, { tenant: 'default', id: others[0]?.id ?? '' })
  expect(Buffer.from(stored?.body ?? []).toString()).toBe('[1,2,3]')
})

test('a request whose only event is its body is kept nowhere else', async () => {
  const before = await requests()

  const { id } = await accept(received(randomUUID(), { body: Buffer.from('all of it') }))

  expect(await requests()).toBe(before)
  const stored = await findRequest(pool, { tenant: 'default', id })
  expect(Buffer.from(stored?.body ?? []).toString()).toBe('all of it')
  expect(await find(id)).toMatchObject({ siblings: [] })
})

test('a request that brings a new event and one under a known key is kept once, with both', async () => {
  const key = randomUUID()
  await accept(received(`${key}-known`))
  const other = received(`${key}-known`, { body: Buffer.from('something else') })
  const before = await requests()

  const answers = await acceptAll({
    events: [received(`${key}-new`), other],
    raw: Buffer.from('both'),
  })

  expect(answers.map(({ status }) => status)).toEqual(['accepted', 'accepted'])
  expect(await requests()).toBe(before + 1)
  const [first, second] = await Promise.all(answers.map(({ id }) => find(id)))
  expect(first).toMatchObject({ state: 'accepted', siblings: [second?.id] })
  expect(second).toMatchObject({ state: 'quarantined', reason: 'id_reused' })
})

test('a request of which the last event cannot be kept leaves nothing behind', async () => {
  const key = randomUUID()
  await accept(received(`${key}-known`))
  const other = received(`${key}-known`, { body: Buffer.from('something else') })
  await pool.query(
    `create function refuse() returns trigger language plpgsql as $$ begin
       raise exception 'Not now.' using errcode = '57P03'; end $$;
     create trigger refuse before insert on events for each row when (new.reason = 'id_reused') execute function refuse()`,
  )

  const outcome = acceptAll({ events: [received(`${key}-new`), other], raw: Buffer.from('both') })

  await expect(outcome).rejects.toThrow('The inbox cannot keep the event.')
  await pool.query('drop function refuse cascade')
  const { rows } = await pool.query('select key from events where key like $1', [`${key}%`])
  expect(rows).toEqual([{ key: `${key}-known` }])
})

test('a request that brings nothing new is not kept again', async () => {
  const events = [received(randomUUID()), received(randomUUID())]
  await acceptAll({ events, raw: Buffer.from('both') })
  const before = await requests()

  const answers = await acceptAll({ events, raw: Buffer.from('both') })

  expect(answers.map(({ status }) => status)).toEqual(['duplicate', 'duplicate'])
  expect(await requests()).toBe(before)
})

test('of a request with an event that Postgres cannot take nothing is kept, and its companions are', async () => {
  const key = randomUUID()

  const outcomes = await Promise.allSettled([
    accept(received(`${key}-good-1`)),
    acceptAll({ events: [received(`${key}-half`), received(`${key}-bad`, { time: 'never' })] }),
    accept(received(`${key}-good-2`)),
  ])

  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  const { rows } = await pool.query('select key from events where key like $1 order by key', [
    `${key}%`,
  ])
  expect(rows.map((row) => row.key)).toEqual([`${key}-good-1`, `${key}-good-2`])
})

test('how an event was verified, and when it expires, stands with it', async () => {
  const verification = {
    preset: 'stripe',
    key: 2,
    keys: 2,
    signedAt: '2026-11-21T10:00:00.000Z',
  }

  const { id } = await accept(received(randomUUID(), { verification, expiresAfterMinutes: 15 }))

  const { expiresAt, receivedAt, ...event } = await find(id)
  expect(event.verification).toEqual(verification)
  expect(Date.parse(expiresAt ?? '') - Date.parse(receivedAt)).toBe(15 * 60_000)
})
