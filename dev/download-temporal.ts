import { Runtime } from '@temporalio/worker'

// node dev/download-temporal.ts <folder> <version>: puts the Temporal CLI into that folder, under a name of the SDK's.
const [folder = '', version = ''] = process.argv.slice(2)
const runtime = Runtime.instance()
try {
  const server = await runtime.createEphemeralServer({
    type: 'dev-server',
    exe: {
      type: 'cached-download',
      downloadDir: folder,
      version: `v${version}`,
      // It is moved to its place at once.
      ttl: 0,
      sdkName: 'sdk-typescript',
      sdkVersion: '1.24.0',
    },
    namespace: 'default',
    ip: '127.0.0.1',
    port: null,
    uiPort: null,
    dbFilename: null,
    ui: false,
    log: { format: 'pretty', level: 'error' },
    extraArgs: [],
  })
  await runtime.shutdownEphemeralServer(server)
  await runtime.shutdown()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
