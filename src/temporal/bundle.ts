import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode } from '@temporalio/worker'
import { interceptorsPath } from './worker.ts'

// Run by the build over compiled code: a worker that finds the bundle starts a second sooner.
const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../workflows/all.js', import.meta.url)),
  workflowInterceptorModules: [interceptorsPath()],
})
await writeFile(new URL('../workflow-bundle.js', import.meta.url), code)
