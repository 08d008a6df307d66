import pino from 'pino'
import { expect, test } from 'vitest'
import { createLoop } from '../../src/store/loop.ts'
import { until } from '../house.ts'

/** A loop whose rounds fail as the list says, and then succeed; resolves with what was logged. */
async function logged(fails: boolean[]): Promise<string[]> {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line).msg) })
  let rounds = 0
  const loop = createLoop({
    name: 'tested',
    intervalMs: 1,
    log,
    round() {
      rounds += 1
      return fails[rounds - 1] === true ? Promise.reject(new Error('No.')) : Promise.resolve()
    },
  })
  await until('all rounds', async () => rounds > fails.length + 1)
  await loop.stop()
  return lines
}

test('one failure between rounds that succeed is nothing to tell', async () => {
  await expect(logged([true, false, true])).resolves.toEqual([])
})

test('a longer outage is two lines: that it fails, and that it works again', async () => {
  await expect(logged([true, true, true, true])).resolves.toEqual([
    'loop fails and goes on trying',
    'loop works again',
  ])
})
