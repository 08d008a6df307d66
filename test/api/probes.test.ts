import { expect, test } from 'vitest'
import { createProbeRoutes } from '../../src/api/probes.ts'
import { Readiness } from '../../src/api/schemas.ts'

const postgres = { ok: true, detail: 'answers' }
const metrics = { contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }

const probes = (parts: Record<string, { ok: boolean; detail: string }>) =>
  createProbeRoutes({
    readiness: () => Promise.resolve(parts),
    metrics: () => Promise.resolve(metrics),
  })

test('a server whose parts are all ready is ready', async () => {
  const response = await probes({ postgres }).request('/readyz')

  expect(response.status).toBe(200)
  expect(Readiness.parse(await response.json())).toEqual({ ready: true, parts: { postgres } })
})

test('a part that is not ready makes the server not ready, and says why', async () => {
  const parts = { postgres, temporal: { ok: false, detail: 'refused' } }
  const response = await probes(parts).request('/readyz')

  expect(response.status).toBe(503)
  expect(Readiness.parse(await response.json())).toEqual({ ready: false, parts })
})

test('metrics come as they are', async () => {
  const response = await probes({}).request('/metrics')

  expect(response.headers.get('content-type')).toBe(metrics.contentType)
  expect(await response.text()).toBe(metrics.body)
})
