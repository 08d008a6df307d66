import { z } from 'zod'

const Question = z.object({ id: z.number(), question: z.unknown() })

/**
 * The child's side: answers each question of the parent, in any order. Once the parent lets go or is gone, closes and
 * ends the process.
 */
export function answerParent({
  answer,
  close,
}: {
  answer: (question: unknown) => Promise<unknown>
  close?: () => Promise<void>
}): void {
  process.on('message', (message) => {
    const { id, question } = Question.parse(message)
    answer(question).then(
      (value) => tellParent({ to: id, answer: value }),
      (error: unknown) => tellParent({ to: id, error: explain(error) }),
    )
  })
  process.once('disconnect', () => {
    // Whatever still hangs after this is not worth waiting for.
    setTimeout(() => process.exit(1), 10_000).unref()
    void Promise.resolve(close?.()).finally(() => process.exit())
  })
  // Ctrl-C reaches the whole group; the parent ends us in order.
  process.on('SIGINT', () => undefined)
}

/** Says something to the parent that it has not asked for, as long as it listens. */
export function tellParent(news: object): void {
  if (process.connected) process.send?.(news)
}

/** CPU time of this process with all of its threads, in microseconds. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

const explain = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
