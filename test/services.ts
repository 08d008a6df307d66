import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import type { TestProject } from 'vitest/node'
import { LockedError, takeLock, type Lock } from '../dev/lock.ts'
import { freePort } from '../dev/ports.ts'
import { erasePostgres } from '../dev/postgres-home.ts'
import { startPostgres } from '../dev/postgres.ts'
import { createProgress } from '../dev/progress.ts'
import { startBoth } from '../dev/start-both.ts'
import { startTemporal } from '../dev/temporal.ts'
import { searchAttributes } from '../src/contracts/names.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server on which every file makes its own database. */
    databaseUrl: string
    /** The server on which every file makes its own namespace. */
    temporalAddress: string
    /** The workflows of test/workflows, bundled once. The file is missing while there are none. */
    workflowBundlePath: string
  }
}

const root = fileURLToPath(new URL('..', import.meta.url))

/** Starts Postgres and Temporal for one run of the tests, bundles the workflows, and returns what ends it. */
export default async function startTestServices(
  project: TestProject,
): Promise<() => Promise<void>> {
  const { folder, lock } = await takeFolder()
  const workflowBundlePath = join(folder, 'workflow-bundle.js')
  const starting = startServers(folder)
  try {
    const [{ postgres, temporal }] = await Promise.all([starting, bundle(workflowBundlePath)])
    project.onTestsRerun(() => bundle(workflowBundlePath))
    project.provide('databaseUrl', postgres.url)
    project.provide('temporalAddress', temporal.address)
    project.provide('workflowBundlePath', workflowBundlePath)
  } catch (error) {
    await stop()
    throw error
  }
  return stop

  async function stop(): Promise<void> {
    const servers = await starting.catch(() => null)
    await Promise.all([servers?.postgres.stop(), servers?.temporal.stop()])
    erase(folder)
    lock.release()
  }
}

function startServers(folder: string) {
  const progress = createProgress()
  return startBoth({
    postgres: (signal) =>
      startPostgres({ folder: join(folder, 'postgres'), durable: false, progress, signal }),
    temporal: async (signal) => {
      const port = await freePort()
      const { env } = process
      return startTemporal({ store: 'memory', port, searchAttributes, progress, env, signal })
    },
  })
}

async function bundle(target: string): Promise<void> {
  const workflowsPath = join(root, 'test/workflows/index.ts')
  if (!existsSync(workflowsPath)) return
  const interceptors = join(root, 'src/temporal/workflow-interceptors.ts')
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: existsSync(interceptors) ? [interceptors] : [],
    // Errors name the wrong import, which the exception does not.
    logger: new DefaultLogger('ERROR'),
  })
  writeFileSync(target, code)
}

/** `.onset/test`, or a folder of its own while another run uses that one. Empty in either case. */
async function takeFolder(): Promise<{ folder: string; lock: Lock }> {
  const state = join(root, '.onset')
  mkdirSync(state, { recursive: true })
  // What runs left behind that were killed.
  for (const name of readdirSync(state).filter((entry) => /^test-\d+$/.test(entry))) {
    const lock = await tryLock(join(state, `${name}.pid`))
    if (lock !== null) erase(join(state, name))
    lock?.release()
  }
  for (const name of ['test', `test-${process.pid}`]) {
    const folder = join(state, name)
    const lock = await tryLock(`${folder}.pid`)
    if (lock === null) continue
    erase(folder)
    mkdirSync(folder)
    return { folder, lock }
  }
  throw new Error(`Neither test nor test-${process.pid} in ${state} can be locked.`)
}

async function tryLock(file: string): Promise<Lock | null> {
  return takeLock(file).catch((error: unknown) => {
    if (error instanceof LockedError) return null
    throw error
  })
}

function erase(folder: string): void {
  if (!existsSync(folder)) return
  erasePostgres(join(folder, 'postgres'))
  rmSync(folder, { recursive: true, force: true })
}
