import { expect, test } from 'vitest'
import { openTestHouse, until } from './house.ts'

const { house, call } = await openTestHouse({ catalogue: {}, env: { INBOX_MAX_OPEN_EVENTS: '2' } })

const detailThat = (isAsExpected: (detail: string) => boolean) =>
  until('the inbox', async () => {
    const { detail } = (await call('/readyz')).body.parts.inbox
    return isAsExpected(detail) && String(detail)
  })

/** Opens events that nobody takes up. */
const open = (count: number) =>
  house.pool.query(
    `insert into events (id, tenant, source, key, type, time, method, url, headers, content_type, body, correlation_id,
                         state, dispatch_after)
     select 'evt_' || number, 'default', 'internal', number::text, 'waits', now(), 'POST', '', '{}', 'application/json',
            '', '', 'accepted', 'infinity'
       from generate_series(1, $1) as number on conflict do nothing`,
    [count],
  )

test('open events are counted up to the bound, and beyond it said to be more', async () => {
  await open(2)
  const two = await detailThat((detail) => detail.startsWith('2 '))
  await open(5)
  const more = await detailThat((detail) => detail.startsWith('more'))

  expect(two).toMatch(/^2 open events, the oldest since \d+ s$/)
  expect(more).toMatch(/^more than 2 open events, .*; senders who deliver again get 503$/)
})
