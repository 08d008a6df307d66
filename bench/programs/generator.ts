import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { type Connection, openConnection } from '../harness/connection.ts'
import { type Load, LoadOrder } from '../harness/load-order.ts'
import { answerParent } from '../harness/parent.ts'
import { quantile } from '../harness/statistics.ts'
import { type Delivery, nextDelivery } from '../harness/webhook.ts'

// A process of its own: sends webhooks and keeps count of what became of them.
answerParent({ answer: async (question) => generate(LoadOrder.parse(question)) })

interface Tally {
  sent: number
  statuses: Record<string, number>
  broken: number
  latencies: number[]
  events: Load['events']
}

// Signed beforehand, so that the sender's own work stays out of the measurement. So many take 200 MB.
const ready: Delivery[] = []
const READY_AT_MOST = 110_000
// As GitHub does.
const GIVES_UP_AFTER_MS = 10_000
let made = 0

async function generate(order: z.output<typeof LoadOrder>): Promise<Load> {
  const wanted = Math.min(READY_AT_MOST, order.prepare)
  while (ready.length < wanted) ready.push(make(order))
  const tally: Tally = { sent: 0, statuses: {}, broken: 0, latencies: [], events: [] }
  const next = (): Delivery => ready.pop() ?? make(order)
  const send = createSend({ tally, next, record: order.record })
  const connections = await Promise.all(
    Array.from({ length: order.clients }, () => openConnection(order.port)),
  )
  const begin = performance.now()
  const end = begin + order.seconds * 1_000
  if (order.perSecond === undefined) {
    await Promise.all(connections.map((connection) => sendInTurn(connection, { send, end })))
  } else {
    await sendAtRate(connections, { send, begin, end, perSecond: order.perSecond })
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
    tooLate: latencies.filter((ms) => ms > GIVES_UP_AFTER_MS).length,
  }
}

/** A closed loop: the next one goes out when the last one was answered. */
async function sendInTurn(
  connection: Connection,
  { send, end }: { send: Send; end: number },
): Promise<void> {
  while (performance.now() < end) await send(connection, performance.now())
}

/**
 * An open loop: arrivals do not wait for answers. One that finds every connection taken waits for one, and its time
 * counts from when it was due.
 */
async function sendAtRate(
  connections: Connection[],
  { send, begin, end, perSecond }: { send: Send; begin: number; end: number; perSecond: number },
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
      const exchange = send(connection, at).finally(() => {
        underWay.delete(exchange)
        idle.push(connection)
        start()
      })
      underWay.add(exchange)
    }
  }
}

/** Sends the next event and keeps count of it; its time counts from `due`. */
type Send = (connection: Connection, due: number) => Promise<void>

function createSend({
  tally,
  next,
  record,
}: {
  tally: Tally
  next(): Delivery
  record: boolean
}): Send {
  return async (connection, due) => {
    const { key, type, request } = next()
    tally.sent += 1
    let ok = false
    try {
      const { status } = await connection.exchange(request)
      tally.latencies.push(performance.now() - due)
      tally.statuses[status] = (tally.statuses[status] ?? 0) + 1
      ok = status === 200
    } catch {
      tally.broken += 1
      // A server that is gone is not asked in a tight loop.
      await sleep(10)
    }
    if (record) tally.events.push({ key, type, ok })
  }
}

function make({ oneStartsARunIn }: Pick<z.output<typeof LoadOrder>, 'oneStartsARunIn'>): Delivery {
  made += 1
  return nextDelivery(made % oneStartsARunIn === 0 ? 'issues.opened' : 'issues.edited')
}
