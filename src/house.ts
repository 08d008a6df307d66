import type { Logger } from 'pino'
import type { Pool } from 'pg'
import type { Config } from './config.ts'
import { messageOf } from './contracts/message-of.ts'
import { createDispatcher, type Dispatcher } from './inbox/dispatch.ts'
import { createStartRun, type StartRun } from './inbox/start-run.ts'
import { createReplayer } from './inbox/replayer.ts'
import { createRetainer, type Retention } from './inbox/retention.ts'
import { createRush, type Rush } from './inbox/rush.ts'
import { createSweeper } from './inbox/sweeper.ts'
import { importPrompts } from './models/prompt-import.ts'
import { createReservationSweeper } from './models/reservations.ts'
import { promptsFolder } from './prompts-folder.ts'
import { createRoomKeeper } from './room.ts'
import { createReconciler } from './runs/reconciler.ts'
import { createRunLog, type RunLog } from './runs/run-log.ts'
import { createWaker, type Waker } from './runs/wake.ts'
import { migrate } from './store/migrate.ts'
import { openPool } from './store/pool.ts'
import { keepStatistics } from './store/statistics.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'
import { openTemporal, type Temporal } from './temporal/connection.ts'
import { createPayloadRetainer } from './temporal/payload-retention.ts'
import { createDataConverter } from './temporal/payload-storage.ts'
import { schedulesOf } from './temporal/schedules.ts'
import { keepSettingUp } from './temporal/set-up.ts'
import type { Source, Trigger } from './triggers/define.ts'

/** What every process of Onset has, whatever its role. */
export interface House {
  pool: Pool
  metrics: Metrics
  temporal: Temporal
  runLog: RunLog
  waker: Waker
  dispatcher: Dispatcher
  startRun: StartRun
  /** The senders that wait: dispatch stands back for them. */
  rush: Rush
  /** Resolves once Temporal knows our search attributes and schedules. */
  setUp: Promise<void>
  close(): Promise<void>
}

interface HouseOptions {
  config: Pick<Config, 'DATABASE_URL' | 'DATABASE_POOL' | 'RETENTION_DAYS' | 'QUARANTINE_DAYS'>
  env: NodeJS.ProcessEnv
  sources: Source[]
  catalogue: Record<string, Trigger>
  /** Whether a worker lives in this process, so that runs can begin without a detour. */
  eager: boolean
  log: Logger
}

/**
 * Opens what all roles stand on: the database at its newest schema, Temporal as soon as it can be reached, and the
 * loops that finish what other processes had to leave. `close` undoes it in reverse.
 */
export async function openHouse({
  config,
  env,
  sources,
  catalogue,
  eager,
  log,
}: HouseOptions): Promise<House> {
  const pool = openPool({ databaseUrl: config.DATABASE_URL, size: config.DATABASE_POOL })
  try {
    const applied = await migrate(pool)
    if (applied.length > 0) log.info({ applied }, 'database migrated')
  } catch (cause) {
    await pool.end()
    throw new Error(`Postgres cannot be used: ${messageOf(cause)}`, { cause })
  }
  await importOrClose(pool, log)

  const schedules = schedulesOf(catalogue)
  const temporal = openTemporal({ env, dataConverter: createDataConverter(pool), log })
  const { client } = temporal
  const metrics = createMetrics(pool)
  const onChanged = metrics.eventsChanged
  const runLog = createRunLog(pool, log)
  const waker = createWaker({ pool, client, log })
  const rush = createRush()
  const isRush = rush.isOn
  const startRun = createStartRun({ client, eager })
  const dispatcher = createDispatcher({
    pool,
    catalogue,
    startRun,
    wake: (waitIds) =>
      void waker
        .wakeAll(waitIds)
        .catch((error: unknown) => log.warn({ err: error }, 'waking is repeated')),
    isRush,
    onChanged,
    log,
  })
  const loops = [
    createSweeper({ pool, dispatcher, isRush, onChanged, log }),
    createReplayer({ pool, dispatcher, log }),
    createRetainer({
      pool,
      retention: retentionOf(config, sources),
      onChanged,
      log,
    }).keepRetaining(),
    waker.keepWaking(),
    createReservationSweeper({ pool, log }),
    createRoomKeeper({ pool, waker, log }),
    keepStatistics({ pool, log }),
  ]
  const closing = new AbortController()
  const setUp = setUpOnce()
  setUp.catch((error: unknown) => {
    // A process that ends before Temporal was reached has nothing to set up.
    if (!closing.signal.aborted) log.error({ err: error }, 'Temporal cannot be set up')
  })

  return {
    pool,
    metrics,
    temporal,
    runLog,
    waker,
    dispatcher,
    startRun,
    rush,
    setUp,
    async close() {
      closing.abort()
      await Promise.all(loops.map((loop) => loop.stop()))
      await dispatcher.idle()
      await runLog.close()
      await temporal.close()
      await pool.end()
    },
  }

  async function setUpOnce(): Promise<void> {
    const { client: connected } = await temporal.connected()
    closing.signal.throwIfAborted()
    const days = config.RETENTION_DAYS
    loops.push(
      createReconciler({ pool, client, runLog, log }).keepReconciling(),
      createPayloadRetainer({ pool, client, days, log }).keepRetaining(),
    )
    const { namespace } = temporal
    const { signal } = closing
    await keepSettingUp({ client: connected, namespace }, { schedules, log, signal })
  }
}

async function importOrClose(pool: Pool, log: Logger): Promise<void> {
  try {
    const imported = await importPrompts(pool, promptsFolder)
    if (imported.length > 0) log.info({ imported }, 'prompts imported')
  } catch (cause) {
    await pool.end()
    throw cause
  }
}

const retentionOf = (
  { RETENTION_DAYS, QUARANTINE_DAYS }: HouseOptions['config'],
  sources: Source[],
): Retention => ({
  days: RETENTION_DAYS,
  quarantineDays: QUARANTINE_DAYS,
  windows: new Map(
    sources.flatMap(({ name, kind }) =>
      kind.kind === 'webhook' ? [[name, kind.remembersDays] as const] : [],
    ),
  ),
})
