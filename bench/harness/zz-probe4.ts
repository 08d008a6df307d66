import { startServers } from './servers.ts'
import { openPool } from '../../src/store/pool.ts'
import { migrate } from '../../src/store/migrate.ts'
import { insertEvents } from '../../src/inbox/events-table.ts'
import { median } from './statistics.ts'
import { randomUUID } from 'node:crypto'
const servers = await startServers()
try {
  const db = await servers.createDatabase('probe')
  const pool = openPool({ databaseUrl: db, size: 4 }); await migrate(pool)
  const body = Buffer.alloc(1024, 65); for (let i = 0; i < 1024; i++) body[i] = 32 + Math.random() * 90
  const ev = () => ({ tenant: 'default', source: 'github', key: randomUUID(), type: 'issues.opened', subject: 'acme/widgets#7', time: new Date().toISOString(), method: 'POST', url: 'http://127.0.0.1/hooks/github', headers: { accept: '*/*', 'user-agent': 'GitHub-Hookshot/2e2c5c3', 'x-github-event': 'issues', 'x-github-hook-id': '517382940', 'x-github-hook-installation-target-id': '79929171', 'x-hub-signature-256': 'sha256=' + 'a'.repeat(64), 'x-github-delivery': randomUUID(), 'content-type': 'application/json' }, contentType: 'application/json', body, hops: 0 })
  // capture
  let text = '', values: any[] = []
  const fake: any = { query: async (q: any) => { text = q.text; values = q.values; return { rows: [] } } }
  const N = 32
  const cap = async () => { await insertEvents(fake, Array.from({ length: N }, ev)).catch(() => {}); }
  const conn = await pool.connect()
  const explain = async (sql: string, vals: any[]) => { const { rows } = await conn.query({ text: 'explain (analyze, buffers, wal, format json) ' + sql, values: vals }); const p = (rows[0] as any)['QUERY PLAN'][0]; return p }
  const realtext = await (async () => { let t = ''; const f: any = { query: async (q: any) => { if (q.name === 'insert-events') { t = q.text; values = q.values } return { rows: [] } } }; await insertEvents(f, [ev()]).catch(() => {}); return t })()
  const gen = async () => { let v: any[] = []; const f: any = { query: async (q: any) => { if (q.name === 'insert-events') v = q.values; return { rows: [] } } }; await insertEvents(f, Array.from({ length: N }, ev)).catch(() => {}); return v }
  const sel = realtext.slice(realtext.indexOf('select'), realtext.indexOf(' order by'))
  const timeit = async (name: string, f: () => Promise<number>) => { const a: number[] = []; for (let i = 0; i < 200; i++) a.push(await f()); console.log(name, 'exec ms p50', median(a).toFixed(3), 'per row us', (median(a) / N * 1000).toFixed(1)) }
  const sqlTime = (sql: string) => async () => { const v = await gen(); const t = performance.now(); await conn.query({ name: 'x' + sql.length, text: sql, values: v }); return performance.now() - t }
  for (const r of [0, 1]) {
    await timeit('select only', sqlTime(`select count(*) from (${sel}) x where x.headers is not null`))
    await timeit('full insert', sqlTime(realtext))
    await timeit('full insert rolled into begin..rollback', async () => { const v = await gen(); await conn.query('begin'); const t = performance.now(); await conn.query({ name: 'full', text: realtext, values: v }); const d = performance.now() - t; await conn.query('rollback'); return d })
  }
  const p = await explain(realtext, await gen()); console.log(JSON.stringify({ exec: p['Execution Time'], plan: p['Planning Time'], wal: p.Plan['WAL Bytes'], fpi: p.Plan['WAL FPI'], t: p.Plan['Actual Total Time'], sub: p.Plan.Plans.map((x: any) => [x['Node Type'], x['Actual Total Time'], x.Plans?.map((y: any) => [y['Node Type'], y['Actual Total Time']])]) }))
  for (const drop of ['events_by_type', 'events_open']) { await conn.query(`drop index ${drop}`); await timeit('without ' + drop, sqlTime(realtext)) }
  await conn.query('alter table events drop constraint events_tenant_source_key_key cascade').catch(e => console.log(String(e)))
  await timeit('without unique (no conflict clause)', sqlTime(realtext.replace(/on conflict.*do nothing/s, '')))
  conn.release(); await pool.end()
} finally { await servers.stop() }
