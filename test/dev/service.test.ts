import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { processIdentity } from '../../dev/process-identity.ts'
import { startService } from '../../dev/service.ts'

test('a service is ended when its parent is killed', async () => {
  const script = fileURLToPath(new URL('./start-sleeper.ts', import.meta.url))
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await once(parent.stdout, 'data')
  const pid = Number(String(said))
  expect(processIdentity(pid)).not.toBeNull()

  parent.kill('SIGKILL')

  await vi.waitFor(() => expect(processIdentity(pid)).toBeNull(), { timeout: 10_000 })
})

test('a service that ends by itself is named, with its last lines', async () => {
  const { ended } = startService({
    name: 'Baker',
    command: 'sh',
    args: ['-c', 'echo no flour >&2; exit 3'],
  })

  expect(await ended).toEqual({
    name: 'Baker',
    expected: false,
    code: 3,
    message: 'Baker ended with code 3.\n  no flour',
  })
})

test('a program that does not exist ends at once', async () => {
  const { ended } = startService({ name: 'Nobody', command: '/does/not/exist', args: [] })

  expect(await ended).toMatchObject({
    expected: false,
    code: null,
    message: expect.stringContaining('ENOENT'),
  })
})

test('a service that ignores the signal is killed', async () => {
  let heard = ''
  const service = startService({
    name: 'Mule',
    command: 'sh',
    args: ['-c', 'trap "" TERM; echo standing; while true; do sleep 1; done'],
    killAfterMs: 100,
    listen: (text) => (heard += text),
  })
  await vi.waitFor(() => expect(heard).toContain('standing'))

  await Promise.all([service.stop(), service.stop()])

  expect(await service.ended).toMatchObject({
    expected: true,
    message: expect.stringContaining('SIGKILL'),
  })
})
