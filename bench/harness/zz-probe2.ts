import { execSync } from 'node:child_process'
import { startChild } from './child.ts'
import { leaveMeasuredCore } from './cores.ts'
import { startReceiver } from './receivers.ts'
import { startServers } from './servers.ts'
leaveMeasuredCore()
const servers = await startServers()
const g = startChild({ program: 'generator' })
const threads = () => execSync(`for p in $(pgrep -f accept-onset.ts -P ${process.pid}); do for t in /proc/$p/task/*; do echo "$(cat $t/comm) $(awk '{print $14, $15}' $t/stat)"; done; done`).toString().split('\n').filter(l => !/ 0 0$/.test(l)).join(' | ')
try {
  const db = await servers.createDatabase('probe')
  const rec = await startReceiver({ program: 'accept-onset', databaseUrl: db, profile: '/tmp/prof/c1' } as any)
  await new Promise(r => setTimeout(r, 3000)); console.log('idle 3s', threads())
  await rec.measure(g, { clients: 64, seconds: 5 }); console.log(threads())
  for (let i = 0; i < 3; i++) { const one = await rec.measure(g, { clients: 1, seconds: 3 })
  console.log('c1 p50', one.p50.toFixed(2), 'cpu', one.cpuUs.toFixed(0), 'n', one.ok); console.log(threads()) }
  await rec.stop()
} finally { await g.stop(); await servers.stop() }
