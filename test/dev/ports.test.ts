import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, isFreePort, requireFreePort } from '../../dev/ports.ts'

test('a taken port is named with its purpose and the setting that changes it', async () => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')

  const wanted = { port, purpose: 'Temporal', setting: 'TEMPORAL_PORT', patienceMs: 0 }

  await expect(requireFreePort(wanted)).rejects.toThrow(
    `Port ${port} is taken, and Temporal needs it. ` +
      'End what listens there, or set TEMPORAL_PORT to another port.',
  )
  expect(await isFreePort(port)).toBe(false)
})

test('a port that is about to be given up is waited for', async () => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  setTimeout(() => server.close(), 50)

  await expect(
    requireFreePort({ port, purpose: 'Temporal', setting: 'TEMPORAL_PORT' }),
  ).resolves.toBeUndefined()
})
