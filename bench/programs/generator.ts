import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, openConnection } from '../harness/connection.ts'
import { type Load, LoadOrder } from '../harness/load-order.ts'
import { answerParent } from '../harness/parent.ts'
import { quantile } from '../harness/statistics.ts'
import { nextDelivery } from '../harness/webhook.ts'

// A process of its own: sends webhooks and keeps count of what became of them.
answerParent({ answer: async (question) => generate(LoadOrder.parse(question)) })

interface Tally {
  sent: number
  statuses: Record<string, number>
  broken: number
  latencies: number[]
}

// Signed beforehand, so that the sender's own work stays out of the measurement.
const ready: Buffer[] = []
const READY_AT_MOST = 60_000

async function generate(order: LoadOrder): Promise<Load> {
  const wanted = Math.min(READY_AT_MOST, order.prepare)
  while (ready.length < wanted) ready.push(nextDelivery().request)
  const tally: Tally = { sent: 0, statuses: {}, broken: 0, latencies: [] }
  const connections = await Promise.all(
    Array.from({ length: order.clients }, () => openConnection(order.port)),
  )
  const begin = performance.now()
  const end = begin + order.seconds * 1_000
  if (order.perSecond === undefined) {
    await Promise.all(connections.map((connection) => sendInTurn(connection, { tally, end })))
  } else {
    await sendAtRate(connections, { tally, begin, end, perSecond: order.perSecond })
  }
  const seconds = (performance.now() - begin) / 1_000
  for (const connection of connections) connection.close()
  const { latencies, ...counts } = tally
  return {
    ...counts,
    seconds,
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
  }
}

/** A closed loop: the next one goes out when the last one was answered. */
async function sendInTurn(
  connection: Connection,
  { tally, end }: { tally: Tally; end: number },
): Promise<void> {
  while (performance.now() < end) await send(connection, { tally, due: performance.now() })
}

/**
 * An open loop: arrivals do not wait for answers. One that finds every connection taken waits for one, and its time
 * counts from when it was due.
 */
async function sendAtRate(
  connections: Connection[],
  { tally, begin, end, perSecond }: { tally: Tally; begin: number; end: number; perSecond: number },
): Promise<void> {
  const due: number[] = []
  const idle = [...connections]
  const underWay = new Set<Promise<void>>()
  let arrivals = 0
  for (let now = begin; now < end; now = performance.now()) {
    for (; begin + (arrivals * 1_000) / perSecond <= now; arrivals += 1) {
      due.push(begin + (arrivals * 1_000) / perSecond)
    }
    start()
    await sleep(1)
  }
  while (due.length > 0 || underWay.size > 0) await Promise.all(underWay)

  function start(): void {
    while (due.length > 0) {
      const connection = idle.pop()
      const at = due[0]
      if (connection === undefined || at === undefined) return
      due.shift()
      const exchange = send(connection, { tally, due: at }).finally(() => {
        underWay.delete(exchange)
        idle.push(connection)
        start()
      })
      underWay.add(exchange)
    }
  }
}

async function send(
  connection: Connection,
  { tally, due }: { tally: Tally; due: number },
): Promise<void> {
  tally.sent += 1
  try {
    const { status } = await connection.exchange(ready.pop() ?? nextDelivery().request)
    tally.latencies.push(performance.now() - due)
    tally.statuses[status] = (tally.statuses[status] ?? 0) + 1
  } catch {
    tally.broken += 1
    // A server that is gone is not asked in a tight loop.
    await sleep(10)
  }
}
