import { expect, test, vi } from 'vitest'
import { createProgress } from '../../dev/progress.ts'

test('a step is shown once it takes longer than a second, with what it does', async () => {
  vi.useFakeTimers()
  const lines: string[] = []
  const progress = createProgress({ write: (line) => lines.push(line) })

  const quick = progress('Postgres', async () => 1)
  const slow = progress('Temporal', async (say) => {
    say('downloading')
    await vi.advanceTimersByTimeAsync(20_000)
    say('starting')
  })
  await Promise.all([quick, slow])
  vi.useRealTimers()

  expect(lines).toEqual([
    'Temporal: downloading … 1.0 s\n',
    'Temporal: downloading … 16.0 s\n',
    'Temporal: starting, 20.0 s\n',
  ])
})
