import { startChild } from './child.ts'
import { leaveMeasuredCore } from './cores.ts'
import { startReceiver } from './receivers.ts'
import { startServers } from './servers.ts'
leaveMeasuredCore()
const variants = process.argv[2].split(',')
const seconds = Number(process.argv[3] ?? 3), rounds = Number(process.argv[4] ?? 2), warm = Number(process.argv[5] ?? 3)
const servers = await startServers()
const g = startChild({ program: 'generator' })
try {
  const db = await servers.createDatabase('probe')
  for (let r = 0; r < rounds; r++) for (const v of variants) {
    if (v !== 'bare') await servers.emptyInbox(db).catch(() => {})
    const rec = await startReceiver({ program: v === 'bare' ? 'accept-bare' : v === 'ours' ? 'accept-onset' : `../../../../tmp/${v}/bench/harness/accept-onset`, databaseUrl: db, root: v === 'bare' ? undefined : v === 'ours' ? undefined : v, profile: process.env.PROF && `/tmp/prof/${v.replaceAll('/', '_')}` } as any)
    await rec.measure(g, { clients: 64, seconds: warm })
    const one = await rec.measure(g, { clients: 1, seconds: 2 })
    const m = await rec.measure(g, { clients: 64, seconds })
    console.log(v, 'c1 p50', one.p50.toFixed(2), 'cpu', one.cpuUs.toFixed(0), '| c64 cpu', m.cpuUs.toFixed(0), 'rate', m.perSecond.toFixed(0), 'p50', m.p50.toFixed(1), 'p99', m.p99.toFixed(1), 'other', m.otherLoad?.toFixed(2))
    await rec.stop()
  }
} finally { await g.stop(); await servers.stop() }
