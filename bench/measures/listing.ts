import { z } from 'zod'
import { outageKinds, type Query, type QueryKind, queryKinds } from '../harness/event-queries.ts'
import { watchOtherLoad } from '../harness/load.ts'
import type { Options } from '../harness/options.ts'
import type { Receiver } from '../harness/receivers.ts'
import type { Report } from '../harness/report.ts'
import { quantile } from '../harness/statistics.ts'

interface ListBench {
  receiver: Receiver
  /** How many events there are. */
  count: number
  /** Leaves some of the youngest open, as an outage does. */
  breakDown(): Promise<void>
  machine: Record<string, string>
  options: Options
}

const REQUESTS = 200
// Until statements are planned and what they touch is in memory.
const WARM_UP_REQUESTS = 20
const LIMIT_MS = 50

const Page = z.object({
  events: z.array(z.object({ id: z.string() })),
  next: z.string().nullable(),
})

/** Lists and searches events through the API of a server, one request at a time. */
export async function measureListing({
  receiver,
  count,
  breakDown,
  machine,
  options,
}: ListBench): Promise<Report> {
  const otherLoad = watchOtherLoad()
  const measure = async (kind: QueryKind) => {
    await ask(receiver, { kind, requests: WARM_UP_REQUESTS })
    const times = await ask(receiver, { kind, requests: REQUESTS * options.rounds })
    return { name: kind.name, times }
  }
  const measured: { name: string; times: number[] }[] = []
  for (const kind of queryKinds(count, new Date())) measured.push(await measure(kind))
  await breakDown()
  for (const kind of outageKinds) measured.push(await measure(kind))

  const found = measured.map(({ name, times }) => ({
    name,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    slowest: quantile(times, 1),
  }))
  const slowestKind = Math.max(...found.map(({ p99 }) => p99))
  return {
    title: `Listing and searching ${count.toLocaleString('en-US')} events`,
    machine,
    columns: ['p50, ms', 'p99, ms', 'slowest, ms'],
    rows: found.map(({ name, p50, p99, slowest }) => ({ name, values: [p50, p99, slowest] })),
    // The kind with the highest p99, and every other one that is too high.
    bounds: found
      .filter(({ p99 }) => p99 === slowestKind || p99 > LIMIT_MS)
      .map(({ name, p99 }) => ({
        number: 'list',
        name: `${name}: p99, ms`,
        value: p99,
        limit: LIMIT_MS,
        at: 'most',
      })),
    notes: [
      `${REQUESTS * options.rounds} requests of each kind in turn, each with other values, after ${WARM_UP_REQUESTS} that do not count.`,
      'As a caller sees it: through HTTP and JSON, with 50 events on a page where nothing else is said.',
      `Others kept ${otherLoad()?.toFixed(2) ?? '?'} cores busy.`,
    ],
  }
}

/** Milliseconds of each request. */
async function ask(
  { url, token }: Receiver,
  { kind, requests }: { kind: QueryKind; requests: number },
): Promise<number[]> {
  const times: number[] = []
  let next: string | null = null
  for (let index = 0; index < requests; index += 1) {
    const query: Query = { ...kind.query(index), ...(next === null ? {} : { after: next }) }
    const begin = performance.now()
    const response = await fetch(`${url}/api/events?${new URLSearchParams(query).toString()}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const text = await response.text()
    times.push(performance.now() - begin)
    if (response.status !== 200)
      throw new Error(`${kind.name} was answered ${response.status}: ${text}`)
    const page = Page.parse(JSON.parse(text))
    if (page.events.length > 0 !== (kind.finds === 'some')) {
      throw new Error(
        `Expected ${kind.name} to find ${kind.finds}, received ${page.events.length}.`,
      )
    }
    if (kind.turnsPages === true) next = page.next
  }
  return times
}
