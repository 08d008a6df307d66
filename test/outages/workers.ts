import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { type Service, startService } from '../../dev/service.ts'

/** Starts a worker as a process of its own, with the workflows of the tests. Whoever starts it ends it. */
export function launchWorker(env: NodeJS.ProcessEnv): Service {
  return startService({
    name: 'work',
    command: process.execPath,
    args: [fileURLToPath(new URL('./worker-process.ts', import.meta.url))],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ...env,
      WORKFLOW_BUNDLE: inject('workflowBundlePath'),
      LOG_LEVEL: 'silent',
    },
  })
}
