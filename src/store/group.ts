/** Many callers, few statements: what arrives while a statement is under way goes into the next one. */
export interface Group<Item, Result> {
  /** Resolves with the item's own result once the statement that carried it has committed. */
  add(item: Item): Promise<Result>
  /** Resolves when nothing is waiting or under way. */
  idle(): Promise<void>
}

interface GroupOptions<Item, Result> {
  /** Writes all items in one statement and answers one result each, in their order. */
  write(items: Item[]): Promise<Result[]>
  /** Two: while one waits for the disk, the next is on its way. One keeps the order of items. */
  statementsAtOnce: number
  itemsPerStatement: number
  /** Size of an item, where statements are cut by it as well. A larger one goes alone. */
  bytesOf?(item: Item): number
  /** @default no bound */
  bytesPerStatement?: number
}

interface Pending<Item, Result> {
  item: Item
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * Groups single writes. A lone caller waits for nothing; a burst costs one statement per few hundred items. An item
 * that Postgres cannot take fails alone: its companions are written one by one. When Postgres cannot be reached,
 * everything that waits fails with what was under way, so that no caller waits longer than one statement takes.
 */
export function createGroup<Item, Result>(
  options: GroupOptions<Item, Result>,
): Group<Item, Result> {
  const waiting: Pending<Item, Result>[] = []
  const onIdle: (() => void)[] = []
  let underWay = 0

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        // Later in this turn of the loop, so that requests read together share a statement.
        if (waiting.length === 1) queueMicrotask(() => void next())
      }),
    idle: () =>
      new Promise((resolve) => {
        if (waiting.length === 0 && underWay === 0) resolve()
        else onIdle.push(resolve)
      }),
  }

  async function next(): Promise<void> {
    if (waiting.length === 0 || underWay === options.statementsAtOnce) return
    const batch = waiting.splice(0, countOfNext())
    underWay += 1
    const writing = write(batch)
    void next()
    await writing
    underWay -= 1
    if (waiting.length === 0 && underWay === 0) for (const resolve of onIdle.splice(0)) resolve()
    void next()
  }

  function countOfNext(): number {
    const { itemsPerStatement, bytesOf, bytesPerStatement = Infinity } = options
    const most = Math.min(waiting.length, itemsPerStatement)
    if (bytesOf === undefined) return most
    let bytes = 0
    for (let count = 0; count < most; count += 1) {
      const pending = waiting[count]
      bytes += pending === undefined ? 0 : bytesOf(pending.item)
      if (bytes > bytesPerStatement) return Math.max(count, 1)
    }
    return most
  }

  async function write(batch: Pending<Item, Result>[]): Promise<void> {
    try {
      const results = await options.write(batch.map(({ item }) => item))
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index]
        if (result === undefined) reject(new Error('A grouped write answered too few results.'))
        else resolve(result)
      })
    } catch (error) {
      if (isRefused(error) && batch.length > 1) {
        for (const pending of batch) await write([pending])
        return
      }
      const failed = isRefused(error) ? batch : [...batch, ...waiting.splice(0)]
      for (const { reject } of failed) reject(error)
    }
  }
}

/** True when Postgres refuses what it was given (SQLSTATE 22, 23, 54): the item's own fault, not the server's. */
export function isRefused(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return typeof error.code === 'string' && /^(22|23|54)/.test(error.code)
}
