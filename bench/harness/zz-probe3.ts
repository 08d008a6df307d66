import { leaveMeasuredCore } from './cores.ts'
import { startServers } from './servers.ts'
import { openPool } from '../../src/store/pool.ts'
import { migrate } from '../../src/store/migrate.ts'
import { insertEvents } from '../../src/inbox/events-table.ts'
import { quantile } from './statistics.ts'
import { randomUUID } from 'node:crypto'
const servers = await startServers()
try {
  const db = await servers.createDatabase('probe')
  const pool = openPool({ databaseUrl: db, size: 4 }); await migrate(pool)
  await pool.query('create table plain (id text primary key, body bytea)')
  const body = Buffer.alloc(1024, 65)
  const ev = () => ({ tenant: 'default', source: 'github', key: randomUUID(), type: 'issues.opened', subject: 'acme/widgets#7', time: new Date().toISOString(), method: 'POST', url: 'http://127.0.0.1/hooks/github', headers: { accept: '*/*', 'user-agent': 'GitHub-Hookshot/2e2c5c3', 'x-github-event': 'issues', 'x-github-hook-id': '517382940', 'x-hub-signature-256': 'sha256=' + 'a'.repeat(64), 'x-github-delivery': 'x', 'content-type': 'application/json' }, contentType: 'application/json', body, hops: 0 })
  const tests = {
    select1: () => pool.query({ name: 's1', text: 'select 1' }),
    plain: () => pool.query({ name: 'p', text: 'insert into plain values ($1,$2)', values: [randomUUID(), body] }),
    plainNoSync: () => pool.query({ name: 'p', text: 'insert into plain values ($1,$2)', values: [randomUUID(), body] }),
    insert1: () => insertEvents(pool, [ev()]),
    insert16: () => insertEvents(pool, Array.from({ length: 16 }, ev)),
    insert32: () => insertEvents(pool, Array.from({ length: 32 }, ev)),
  }
  for (let r = 0; r < 3; r++) for (const [n, f] of Object.entries(tests)) {
    const l: number[] = []; const c = process.cpuUsage()
    for (let i = 0; i < 500; i++) { const t = performance.now(); await f(); l.push(performance.now() - t) }
    const d = process.cpuUsage(c)
    console.log(r, n, 'p50', quantile(l, .5).toFixed(3), 'p95', quantile(l, .95).toFixed(3), 'cpu us', ((d.user + d.system) / 500).toFixed(0))
  }
  const { rows } = await pool.query('show fsync'); console.log(rows)
  await pool.end()
} finally { await servers.stop() }
