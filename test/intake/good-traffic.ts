import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { signedRequest } from './requests.ts'

/** How good requests fared. */
export interface Fared {
  /** How many were answered with each status; `none` where no answer came. */
  statuses: Record<string, number>
  /** In ascending order. */
  latenciesMs: number[]
}

interface Sending {
  port: number
  seconds: number
  perSecond: number
  source?: string
}

let sent = 0

/** Sends signed requests at a steady rate on connections that are kept, whatever the answers do. */
export async function sendGood({
  port,
  seconds,
  perSecond,
  source = 'reviews',
}: Sending): Promise<Fared> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const statuses: Record<string, number> = {}
  const latenciesMs: number[] = []
  const begin = performance.now()
  const underWay: Promise<void>[] = []
  for (let index = 0; index < seconds * perSecond; index += 1) {
    const early = begin + (index * 1_000) / perSecond - performance.now()
    if (early > 0) await sleep(early)
    underWay.push(one())
  }
  await Promise.all(underWay)
  agent.destroy()
  return { statuses, latenciesMs: latenciesMs.toSorted(ascending) }

  async function one(): Promise<void> {
    sent += 1
    const { line, headers, body } = signedRequest({ source, number: sent, mark: 'good', port })
    const start = performance.now()
    const status = await new Promise<string>((resolve) => {
      const outgoing = request({
        agent,
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: line.split(' ')[1],
        headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
      })
      outgoing.on('response', (response) => {
        response.resume()
        response.on('end', () => resolve(String(response.statusCode)))
      })
      outgoing.on('error', () => resolve('none'))
      outgoing.end(body)
    })
    statuses[status] = (statuses[status] ?? 0) + 1
    latenciesMs.push(performance.now() - start)
  }
}

/** A quantile of numbers in ascending order. */
export const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/** The middle one of some numbers. */
export const median = (numbers: readonly number[]): number =>
  quantile(numbers.toSorted(ascending), 0.5)

const ascending = (less: number, more: number): number => less - more
