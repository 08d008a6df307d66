import { expect, test } from 'vitest'
import { Event } from '../../src/api/event-schemas.ts'
import { Accepted, AcceptedBatch } from '../../src/api/schemas.ts'
import { openApi } from './open-api.ts'

const { request, post } = await openApi()

const cloudEvent = { specversion: '1.0', source: '/reviews', type: 'review.submitted' }

test('an event is kept with the exact text of its data', async () => {
  const response = await post(
    '/api/events',
    '{"type":"order.paid","subject":"o-1","data":{"n":12345678901234567890}}',
  )
  const { id, status } = Accepted.parse(await response.json())
  const event = Event.parse(await (await request(`/api/events/${id}`)).json())

  expect(response.status).toBe(202)
  expect(status).toBe('accepted')
  expect(event).toMatchObject({
    id,
    tenant: 'default',
    source: 'internal',
    type: 'order.paid',
    subject: 'o-1',
    contentType: 'application/json',
    body: '{"n":12345678901234567890}',
    state: 'accepted',
    correlationId: id,
    dispatches: [],
  })
})

test('the same event again is a duplicate of the first', async () => {
  const body = { type: 't', id: 'same' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => post('/api/events', body)))
  const accepted = await Promise.all(answers.map(async (each) => Accepted.parse(await each.json())))

  expect(new Set(accepted.map(({ id }) => id)).size).toBe(1)
  expect(accepted.filter(({ status }) => status === 'accepted')).toHaveLength(1)
})

test('all modes of CloudEvents find the same key', async () => {
  const event = { ...cloudEvent, id: 'modes' }
  const structured = await post('/api/events', event, {
    'content-type': 'application/cloudevents+json',
  })
  const batch = await post('/api/events', [event, { ...event, id: 'modes-2' }], {
    'content-type': 'application/cloudevents-batch+json',
  })
  const binary = await post('/api/events', 'null', {
    'ce-specversion': '1.0',
    'ce-id': 'modes',
    'ce-source': '/reviews',
    'ce-type': 'review.submitted',
  })

  const first = Accepted.parse(await structured.json())
  expect(first.status).toBe('accepted')
  expect(AcceptedBatch.parse(await batch.json()).events).toMatchObject([
    { id: first.id, status: 'duplicate' },
    { status: 'accepted' },
  ])
  expect(Accepted.parse(await binary.json())).toEqual({ id: first.id, status: 'duplicate' })
})

test('an event of another tenant is not there', async () => {
  const { id } = Accepted.parse(await (await post('/api/events', { type: 't' })).json())
  const response = await request(`/api/events/${id}`, {
    headers: { authorization: 'Bearer token-2' },
  })

  expect(response.status).toBe(404)
})

test('the same key of two tenants is two events', async () => {
  const body = { type: 't', id: 'shared' }
  await post('/api/events', body)
  const answer = await post('/api/events', body, { authorization: 'Bearer token-2' })

  expect(Accepted.parse(await answer.json()).status).toBe('accepted')
})

test('an event that runs have caused too often goes to quarantine', async () => {
  const answer = await post('/api/events', { type: 't' }, { 'x-onset-hops': '6' })
  const { id } = Accepted.parse(await answer.json())

  expect(Event.parse(await (await request(`/api/events/${id}`)).json())).toMatchObject({
    state: 'quarantined',
    reason: 'too_many_hops',
    hops: 6,
  })
})

test('credentials are not kept', async () => {
  const answer = await post('/api/events', { type: 't' }, { cookie: 'a=b', 'x-shop': 's-1' })
  const { id } = Accepted.parse(await answer.json())
  const { headers } = Event.parse(await (await request(`/api/events/${id}`)).json())

  expect(headers).toMatchObject({ 'x-shop': 's-1' })
  expect(Object.keys(headers)).not.toContain('authorization')
  expect(Object.keys(headers)).not.toContain('cookie')
})
