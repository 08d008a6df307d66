/** Something that was started and can be stopped. */
export interface Stoppable {
  stop(): Promise<void>
}

/** Two starts; each gives up when its signal is aborted. */
export interface Starts<Postgres, Temporal> {
  postgres(signal: AbortSignal): Promise<Postgres>
  temporal(signal: AbortSignal): Promise<Temporal>
}

/**
 * Starts both side by side. When one fails, or the signal is aborted, the other is given up, and stopped if it had
 * started.
 */
export async function startBoth<Postgres extends Stoppable, Temporal extends Stoppable>(
  starts: Starts<Postgres, Temporal>,
  signal?: AbortSignal,
): Promise<{ postgres: Postgres; temporal: Temporal }> {
  const givenUp = new AbortController()
  const either = AbortSignal.any([givenUp.signal, ...(signal ? [signal] : [])])
  const failures: unknown[] = []
  const giveUp = (error: unknown): never => {
    failures.push(error)
    givenUp.abort()
    throw error
  }
  const [postgres, temporal] = await Promise.allSettled([
    starts.postgres(either).catch(giveUp),
    starts.temporal(either).catch(giveUp),
  ])
  if (
    signal?.aborted !== true &&
    postgres.status === 'fulfilled' &&
    temporal.status === 'fulfilled'
  ) {
    return { postgres: postgres.value, temporal: temporal.value }
  }
  if (postgres.status === 'fulfilled') await postgres.value.stop()
  if (temporal.status === 'fulfilled') await temporal.value.stop()
  // The first one: the second may only say that its start was given up.
  throw failures[0] ?? signal?.reason
}
