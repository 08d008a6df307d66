import type { Pool } from 'pg'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { createModelMetrics, type ModelMetrics } from './model-metrics.ts'

/** What this process counts, and what it asks Postgres for when it is scraped. */
export interface Metrics {
  /** Model calls of this process. */
  models: ModelMetrics
  /** An answer to a webhook: `accepted`, `duplicate`, or the code with which it was refused. */
  hookAnswered(source: string, answer: string): void
  /** A request that was refused: its source, empty where it has none, and what did not hold. */
  hookRejected(source: string, step: string): void
  /** Whether senders are put off because the inbox is above its bounds. */
  sheds(isShedding: boolean): void
  /** What so many events have become, by this process. */
  eventsChanged(state: string, count: number): void
  /** In the text form of Prometheus. Rejects when Postgres cannot be asked. */
  read(): Promise<{ contentType: string; body: string }>
}

/** Makes the metrics of one process. */
export function createMetrics(pool: Pool): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const answers = new Counter({
    name: 'onset_webhook_answers_total',
    help: 'Deliveries by source and answer.',
    labelNames: ['source', 'answer'],
    registers: [registry],
  })
  const rejects = new Counter({
    name: 'onset_webhook_rejects_total',
    help: 'Refused requests by source and by what did not hold.',
    labelNames: ['source', 'step'],
    registers: [registry],
  })
  const changes = new Counter({
    name: 'onset_inbox_changes_total',
    help: 'Events by the state that they have come to; deleted ones included.',
    labelNames: ['state'],
    registers: [registry],
  })
  const shedding = new Gauge({
    name: 'onset_inbox_shedding',
    help: '1 while senders are put off because the inbox is above its bounds.',
    registers: [registry],
  })
  const inboxDepth = new Gauge({
    name: 'onset_inbox_open_events',
    help: 'Accepted events that are not dispatched yet.',
    registers: [registry],
  })
  const inboxAge = new Gauge({
    name: 'onset_inbox_oldest_open_seconds',
    help: 'Age of the oldest event that is not dispatched yet.',
    registers: [registry],
  })
  const runs = new Gauge({
    name: 'onset_open_runs',
    help: 'Runs that have not ended, by status.',
    labelNames: ['status'],
    registers: [registry],
  })

  return {
    models: createModelMetrics(registry),
    eventsChanged: (state, count) => changes.inc({ state }, count),
    hookAnswered: (source, answer) => answers.inc({ source, answer }),
    hookRejected: (source, step) => rejects.inc({ source, step }),
    sheds: (isShedding) => shedding.set(isShedding ? 1 : 0),
    async read() {
      const inbox = await pool.query<{ depth: string; age: string | null }>(
        `select count(*) as depth, extract(epoch from now() - min(received_at)) as age
           from events where dispatch_after is not null`,
      )
      inboxDepth.set(Number(inbox.rows[0]?.depth ?? 0))
      inboxAge.set(Number(inbox.rows[0]?.age ?? 0))
      const open = await pool.query<{ status: string; runs: string }>(
        `select status, count(*) as runs from runs
          where status in ('running', 'waiting', 'parked') group by status`,
      )
      runs.reset()
      for (const row of open.rows) runs.set({ status: row.status }, Number(row.runs))
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
  }
}
