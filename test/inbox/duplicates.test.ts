import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Accepted } from '../../src/contracts/event.ts'
import { openInbox } from './open-inbox.ts'
import { received } from './received.ts'

const { pool, accept, acceptElsewhere, find, dispatched, started } = await openInbox()
const acceptThere = acceptElsewhere()

const text = (body: string) => ({ body: Buffer.from(body) })
const unsigned = (body: string) => ({ ...text(body), digestIsKey: true })

/** The answers to equal events that come at once, to two processes. */
const offerOften = (times: number, event: ReturnType<typeof received>): Promise<Accepted[]> =>
  Promise.all(Array.from({ length: times }, (_, n) => (n % 2 === 0 ? accept : acceptThere)(event)))

const rowsOf = async (key: string) =>
  (
    await pool.query('select id, state, reason, first_id from events where key = $1 order by id', [
      key,
    ])
  ).rows

test('of 50 identical deliveries at once one is kept, one run starts, and the others are counted', async () => {
  const key = randomUUID()

  const answers = await offerOften(50, received(key))

  const [{ id }] = await rowsOf(key)
  expect(await rowsOf(key)).toHaveLength(1)
  expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(1)
  expect(new Set(answers.map((answer) => answer.id))).toEqual(new Set([id]))
  const event = await dispatched(id)
  expect(event.duplicates).toMatchObject([{ key, times: 49 }])
  const own = started.filter(({ input }) => input.key === key && input.trigger === 'tests')
  expect(own).toHaveLength(1)
})

test('the same key with another body is kept in quarantine, with a link to the first, and answered', async () => {
  const key = randomUUID()
  const first = await accept(received(key, text('one')))

  const second = await accept(received(key, text('two')))

  expect(second).toMatchObject({ status: 'accepted' })
  expect(await rowsOf(key)).toMatchObject([
    { id: first.id, state: 'accepted' },
    { id: second.id, state: 'quarantined', reason: 'id_reused', first_id: first.id },
  ])
  expect(await find(first.id)).toMatchObject({ reusedBy: [second.id], duplicates: [] })
  expect(await find(second.id)).toMatchObject({ firstId: first.id })
  expect(await accept(received(key, text('two')))).toEqual({ id: second.id, status: 'duplicate' })
  expect(await accept(received(key, text('one')))).toEqual({ id: first.id, status: 'duplicate' })
})

test('two bodies under one key, each 50 times at once, are two rows', async () => {
  const key = randomUUID()

  const answers = await Promise.all([
    offerOften(50, received(key, text('one'))),
    offerOften(50, received(key, text('two'))),
  ])

  expect(await rowsOf(key)).toHaveLength(2)
  for (const of of answers) {
    expect(of.filter(({ status }) => status === 'accepted')).toHaveLength(1)
    expect(new Set(of.map(({ id }) => id)).size).toBe(1)
  }
})

test('where nobody signed the key, equal content under another key is a duplicate of the first', async () => {
  const key = randomUUID()
  const content = unsigned(`signed ${key}`)
  const first = await accept(received(key, content))

  const answers = await offerOften(10, received(`${key}-changed`, content))

  expect(answers).toEqual(answers.map(() => ({ id: first.id, status: 'duplicate' })))
  expect(await rowsOf(`${key}-changed`)).toEqual([])
  expect((await find(first.id)).duplicates).toMatchObject([{ key: `${key}-changed`, times: 10 }])
})

test('50 deliveries of equal content at once, each under a key of its own, are one row', async () => {
  const key = randomUUID()

  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      (n % 2 === 0 ? accept : acceptThere)(received(`${key}-${n}`, unsigned(key))),
    ),
  )

  expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(1)
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
})

test('known content under the key of another event is a repetition, no reuse', async () => {
  const key = randomUUID()
  await accept(received(key, unsigned(`one ${key}`)))
  const other = await accept(received(`${key}-2`, unsigned(`two ${key}`)))

  const mixed = await accept(received(key, unsigned(`two ${key}`)))

  expect(mixed).toEqual({ id: other.id, status: 'duplicate' })
})

test('what waits in quarantine as reused does not keep its content out under its own key', async () => {
  const key = randomUUID()
  await accept(received(key, unsigned(`one ${key}`)))
  await accept(received(key, unsigned(`two ${key}`)))

  const own = await accept(received(`${key}-2`, unsigned(`two ${key}`)))

  expect(own.status).toBe('accepted')
  expect(await rowsOf(`${key}-2`)).toMatchObject([{ state: 'accepted' }])
})

test('of the keys of duplicates 100 are kept', async () => {
  const key = randomUUID()
  const { id } = await accept(received(key, unsigned(key)))

  for (const group of ['a', 'b', 'c']) {
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => accept(received(`${key}-${group}${n}`, unsigned(key)))),
    )
  }

  expect((await find(id)).duplicates).toHaveLength(100)
})

test('processes that are sent the same content under crossed keys come to an end', async () => {
  const run = randomUUID()
  const keys = Array.from({ length: 60 }, (_, n) => n)

  const answers = await Promise.all([
    ...keys.map((n) => accept(received(`${run}-a${n}`, unsigned(`${run} ${n}`)))),
    ...keys.map((n) => acceptThere(received(`${run}-b${60 - n}`, unsigned(`${run} ${n}`)))),
  ])

  expect(new Set(answers.map(({ id }) => id)).size).toBe(60)
})

test('what is written again after its commit is not its own duplicate', async () => {
  const key = randomUUID()
  const { id } = await accept(received(`${key}-known`))
  // As Postgres ends one of two statements that wait for each other: after the first insert was committed.
  await pool.query(
    `create sequence deadlocks; create function deadlock() returns trigger language plpgsql as $$ begin
       if nextval('deadlocks') = 1 then raise exception 'deadlock detected' using errcode = '40P01'; end if;
       return new; end $$;
     create trigger deadlock before insert on event_duplicates for each row execute function deadlock()`,
  )

  const [fresh, again] = await Promise.all([
    accept(received(`${key}-new`)),
    accept(received(`${key}-known`)),
  ])

  await pool.query('drop function deadlock cascade')
  expect(fresh.status).toBe('accepted')
  expect(again).toEqual({ id, status: 'duplicate' })
  expect((await find(fresh.id)).duplicates).toEqual([])
})

test('a key that comes again after its event was deleted starts a run of its own', async () => {
  const key = randomUUID()
  const runsOf = () => started.filter(({ input }) => input.key === key).map((run) => run.id)
  const { id } = await accept(received(key, text('1')))
  await dispatched(id)
  await pool.query('delete from events where id = $1', [id])

  await dispatched((await accept(received(key, text('2')))).id)

  expect(runsOf()).toHaveLength(4)
  expect(new Set(runsOf()).size).toBe(4)
})

test('an event from before digests were kept is told by its key alone', async () => {
  const key = randomUUID()
  const { id } = await accept(received(key, text('one')))
  await pool.query('update events set digest = null where id = $1', [id])

  expect(await accept(received(key, text('two')))).toEqual({ id, status: 'duplicate' })
})

test('an event whose first is being deleted is kept', async () => {
  const key = randomUUID()
  const { id } = await accept(received(key))
  const deleting = await pool.connect()
  await deleting.query('begin')
  await deleting.query('delete from events where id = $1', [id])

  const again = accept(received(key))
  await deleting.query('commit')
  deleting.release()

  expect(await again).toMatchObject({ status: 'accepted' })
  expect(await rowsOf(key)).toHaveLength(1)
})
