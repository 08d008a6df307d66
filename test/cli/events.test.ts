import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { Accepted } from '../../src/api/schemas.ts'
import { openCommandLine } from './open-command-line.ts'

const { onset, post, pool } = await openCommandLine()

async function send(event: Record<string, unknown>, headers = {}): Promise<string> {
  return Accepted.parse(await (await post('/api/events', event, headers)).json()).id
}
const tooOften = { 'x-onset-hops': '6' }

const asDispatched = (type: string) =>
  pool.query(`update events set state = 'dispatched', dispatch_after = null where type = $1`, [
    type,
  ])

test('events are listed with what is asked for', async () => {
  const id = await send({ type: 'listed.a', subject: 'one\u202etwo', id: 'the-key' })
  await send({ type: 'listed.b' })
  await send({ type: 'stuck' }, tooOften)

  const all = await onset('events')
  const some = await onset('events', 'list', '--type', 'listed.a', '--since', '2h')
  const stuck = await onset('events', 'list', '--state', 'quarantined', '--json')
  const none = await onset('events', 'list', '--key', 'the-key', '--to', '2020-01-01')

  expect(all.exitCode).toBe(0)
  expect(all.out.split('\n')[0]).toMatch(/^EVENT +RECEIVED +SOURCE +TYPE +SUBJECT +STATE +REASON$/)
  expect(some.out).toContain(id)
  expect(some.out).not.toContain('listed.b')
  expect(some.out).not.toContain('\u202e')
  expect(JSON.parse(stuck.out)).toMatchObject([{ type: 'stuck', reason: 'too_many_hops' }])
  expect(none).toMatchObject({ exitCode: 0, out: '', error: 'There are no such events.\n' })
})

test('a page names the next one', async () => {
  const { out, error } = await onset('events', 'list', '--limit', '1', '--json')
  const [, cursor = ''] = /--after (\S+)/.exec(error) ?? []
  const next = await onset('events', 'list', '--limit', '1', '--after', cursor, '--json')

  expect(JSON.parse(next.out)).not.toEqual(JSON.parse(out))
})

test('an event is shown with its history, and how the Temporal UI finds its runs', async () => {
  const id = await send({ type: 'shown', data: 'a\u001b[2J' }, tooOften)

  const { exitCode, out } = await onset('events', 'show', id)

  expect(exitCode).toBe(0)
  expect(out).toContain(`EventId = "${id}"`)
  expect(out).toMatch(/quarantined +\S+ +too_many_hops/)
  expect(out).not.toContain('\u001b')
  expect(JSON.parse((await onset('events', 'show', id, '--json')).out)).toMatchObject({ id })
})

test('an event is released with a repaired body, by the user of the computer', async () => {
  const id = await send({ type: 'repaired', data: 1 }, tooOften)
  const file = join(tmpdir(), `${randomUUID()}.json`)
  await writeFile(file, '{"n":2}')

  const { exitCode, out } = await onset('events', 'release', id, '--body', file)

  expect({ exitCode, out }).toEqual({ exitCode: 0, out: `accepted ${id}\n` })
  const shown: unknown = JSON.parse((await onset('events', 'show', id, '--json')).out)
  expect(shown).toMatchObject({ body: '{"n":2}', repaired: true })
  expect(shown).toMatchObject({ history: [{}, { state: 'accepted', by: 'ada' }] })
  expect(await onset('events', 'release', id)).toMatchObject({
    exitCode: 5,
    error: expect.stringContaining('(not_in_quarantine)'),
  })
})

test('an event is discarded with a reason', async () => {
  const id = await send({ type: 'noise' })

  await onset('events', 'discard', id, '--reason', 'noise', '--by', 'Bob')

  const shown: unknown = JSON.parse((await onset('events', 'show', id, '--json')).out)
  expect(shown).toMatchObject({ state: 'discarded', reason: 'noise' })
  expect(shown).toMatchObject({ history: [{}, { by: 'Bob' }] })
})

test('an event is verified again', async () => {
  const id = await send({ type: 'verified' })

  expect(await onset('events', 'verify', id)).toEqual({ exitCode: 0, out: 'valid\n', error: '' })
})

test('one event or a range is replayed', async () => {
  const id = await send({ type: 'again' })
  await send({ type: 'again' })
  await asDispatched('again')

  const one = await onset('events', 'replay', id)
  const range = ['--source', 'internal', '--type', 'again', '--from', '1h', '--rate', '5']
  const several = await onset('events', 'replay', ...range, '--json')

  expect(one.out).toMatch(/^rpl_\w+: 1 event, 1 a second/)
  expect(JSON.parse(several.out)).toMatchObject({ total: 2, perSecond: 5, by: 'ada' })
})

test('replays are listed with how far they are, looked at, and cancelled', async () => {
  const id = await send({ type: 'listed-again' })
  await asDispatched('listed-again')
  const { out } = await onset('events', 'replay', id, '--json')
  const replay: { id: string } = JSON.parse(out)

  const list = await onset('events', 'replays')
  const one = await onset('events', 'replays', replay.id)
  const cancelled = await onset('events', 'cancel', replay.id)

  expect(list.out.split('\n')[0]).toMatch(/^REPLAY +MADE +BY +OF +STATE +DONE +QUARANTINED$/)
  expect(list.out).toMatch(new RegExp(`${replay.id} .* ${id} +running +0 of 1 +0`))
  expect(JSON.parse(one.out)).toMatchObject({ id: replay.id, total: 1, done: 0 })
  expect(cancelled.out).toBe(`cancelled ${replay.id}: 0 of 1 done\n`)
})

test('an event says when it expires, and what it came from', async () => {
  const id = await send(
    { type: 'chained' },
    { 'x-onset-hops': '2', 'x-onset-causation-id': 'run-1' },
  )
  await pool.query(`update events set expires_at = '2100-01-01T00:00:00Z' where id = $1`, [id])

  const { out } = await onset('events', 'show', id)

  expect(out).toMatch(/^expires +2100-01-01T00:00:00.000Z$/m)
  expect(out).toMatch(/^hops +2$/m)
  expect(out).toMatch(new RegExp(`^correlation +${id}$`, 'm'))
  expect(out).toMatch(/^causation +run-1$/m)
})

test('the list says why dispatches are in quarantine', async () => {
  const id = await send({ type: 'held' })
  await asDispatched('held')
  await pool.query('update events set held = true where id = $1', [id])
  await pool.query(
    `insert into dispatches (event_id, trigger, state, reason) values ($1, 'triage', 'quarantined', 'body_mismatch')`,
    [id],
  )

  const { out } = await onset('events', 'list', '--type', 'held')

  expect(out).toContain('triage: body_mismatch')
})

test.each([
  [['events', 'shwo'], /show/],
  [['events', 'show'], /Name the event to show/],
  [['events', 'cancel'], /Name the replay to cancel/],
  [['events', 'replay'], /Name an event, or give --source/],
  [['events', 'replay', '--source', 'internal'], /Give --from/],
  [['events', 'list', '--from', 'soon'], /Expected a date/],
])('%j is a misuse', async (argv, message) => {
  expect(await onset(...argv)).toMatchObject({
    exitCode: 2,
    error: expect.stringMatching(message),
  })
})

test('an unknown event is told apart by the exit code', async () => {
  for (const verb of ['show', 'verify', 'release', 'discard', 'replay']) {
    expect(await onset('events', verb, 'evt_none')).toMatchObject({ exitCode: 4, out: '' })
  }
})
