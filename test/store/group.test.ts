import { expect, test } from 'vitest'
import { createGroup } from '../../src/store/group.ts'

/** A group whose statements end when the test says so. */
function controlled({ statementsAtOnce = 1, itemsPerStatement = 100 } = {}) {
  const statements: { items: number[]; end: (error?: Error) => void }[] = []
  const group = createGroup({
    statementsAtOnce,
    itemsPerStatement,
    write: (items: number[]) =>
      new Promise<number[]>((resolve, reject) => {
        const end = (error?: Error): void =>
          error === undefined ? resolve(items.map((item) => item * 2)) : reject(error)
        statements.push({ items, end })
      }),
  })
  return { group, statements }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a lone caller waits for nothing', async () => {
  const { group, statements } = controlled()

  const answer = group.add(1)
  await turn()
  statements[0]?.end()

  await expect(answer).resolves.toBe(2)
})

test('what comes while a statement is under way shares the next one', async () => {
  const { group, statements } = controlled()

  const answers = [group.add(1)]
  await turn()
  answers.push(group.add(2), group.add(3))
  await turn()
  expect(statements.map(({ items }) => items)).toEqual([[1]])
  statements[0]?.end()
  await turn()
  statements[1]?.end()

  await expect(Promise.all(answers)).resolves.toEqual([2, 4, 6])
  expect(statements.map(({ items }) => items)).toEqual([[1], [2, 3]])
})

test('no statement carries more than it may', async () => {
  const { group, statements } = controlled({ itemsPerStatement: 2, statementsAtOnce: 2 })

  const answers = [1, 2, 3].map((item) => group.add(item))
  await turn()
  for (let index = 0; index < 2; index += 1) {
    statements[index]?.end()
    await turn()
  }

  await expect(Promise.all(answers)).resolves.toEqual([2, 4, 6])
  expect(statements.map(({ items }) => items)).toEqual([[1, 2], [3]])
})

test('an outage fails everything that waits, and what comes later is tried anew', async () => {
  const { group, statements } = controlled()

  const first = group.add(1)
  await turn()
  const second = group.add(2)
  await turn()
  const outcomes = Promise.allSettled([first, second])
  statements[0]?.end(new Error('connection refused'))
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])

  const third = group.add(3)
  await turn()
  statements[1]?.end()
  await expect(third).resolves.toBe(6)
})

test('an item that is refused fails alone', async () => {
  const refused = Object.assign(new Error('invalid input'), { code: '22007' })
  const group = createGroup({
    statementsAtOnce: 1,
    itemsPerStatement: 100,
    write: async (items: number[]) => {
      if (items.includes(13)) throw refused
      return items
    },
  })

  const outcomes = await Promise.allSettled([1, 13, 2].map((item) => group.add(item)))

  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('it is idle once everything is written', async () => {
  const { group, statements } = controlled()
  let idle = false

  const answer = group.add(1)
  const waiting = group.idle().then(() => (idle = true))
  await turn()
  expect(idle).toBe(false)
  statements[0]?.end()

  await Promise.all([answer, waiting])
  expect(idle).toBe(true)
})

test('a statement carries no more bytes than it may, and a larger item goes alone', async () => {
  const batches: number[][] = []
  const group = createGroup<number, number>({
    write: async (sizes) => {
      batches.push(sizes)
      return sizes
    },
    statementsAtOnce: 1,
    itemsPerStatement: 3,
    bytesOf: (size) => size,
    bytesPerStatement: 10,
  })

  await Promise.all([4, 6, 1, 50, 2, 2, 2, 2].map((size) => group.add(size)))

  expect(batches).toEqual([[4, 6], [1], [50], [2, 2, 2], [2]])
})
