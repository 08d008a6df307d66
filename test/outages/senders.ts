import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ComposedRequest } from '../../src/triggers/webhook/preset.ts'
import { github } from '../../src/triggers/webhook/presets/github.ts'
import { secrets } from '../house.ts'
import type { SentEvent } from './ledger.ts'

/** A sender of signed GitHub webhooks that keeps count of what it was told. */
export interface Sender {
  /** First part of its keys. */
  name: string
  /** Servers that it calls in turn, as behind a load balancer. */
  urls: readonly string[]
  perSecond: number
  seconds: number
  /** Whether it delivers an event again, under the same key, until it is answered 200. */
  persists: boolean
}

/** What a sender knows when it has finished. */
export interface Sent {
  sent: SentEvent[]
  /** Keys that were answered 200. */
  answered: string[]
  /** Deliveries by what became of them: a status, or `none` where no answer came. */
  outcomes: Record<string, number>
}

// One in twenty means the trigger `newIssues` and starts a run; two cores carry out about ten runs a second beside
// everything else. The others mean nothing: for them every dispatch is one too many.
const ONE_STARTS_A_RUN = 20
// GitHub gives up after ten seconds.
const ANSWER_WITHIN_MS = 10_000
// Twice as long after each attempt: whoever hammers a server that comes back keeps it from coming back.
const AGAIN_AFTER_MS = 1_000
const AGAIN_AFTER_MS_AT_MOST = 8_000
// Long after every outage: who is still refused then is refused for good.
const PERSISTS_FOR_MS = 120_000

/** Sends at a steady rate, whatever the answers do, and resolves once the last delivery has come to its end. */
export async function send({ name, urls, perSecond, seconds, persists }: Sender): Promise<Sent> {
  const all = Array.from({ length: perSecond * seconds }, (_, index) => ({
    key: `${name}-${index}`,
    type: index % ONE_STARTS_A_RUN === 0 ? 'issues.opened' : 'issues.edited',
  }))
  const answered: string[] = []
  const outcomes: Record<string, number> = {}
  let deliveries = 0
  const begin = performance.now()
  const underWay: Promise<void>[] = []
  for (const [index, event] of all.entries()) {
    const early = begin + (index * 1_000) / perSecond - performance.now()
    if (early > 0) await sleep(early)
    underWay.push(bring(event))
  }
  await Promise.all(underWay)
  return { sent: all, answered, outcomes }

  async function bring(event: SentEvent): Promise<void> {
    const deadline = performance.now() + PERSISTS_FOR_MS
    for (let pauseMs = AGAIN_AFTER_MS; ; pauseMs = Math.min(2 * pauseMs, AGAIN_AFTER_MS_AT_MOST)) {
      const outcome = await deliver(event)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      if (outcome === '200') answered.push(event.key)
      if (outcome === '200' || !persists || performance.now() > deadline) return
      await sleep(pauseMs)
    }
  }

  async function deliver({ key, type }: SentEvent): Promise<string> {
    deliveries += 1
    const url = `${urls[deliveries % urls.length]}/hooks/github`
    const status = await post(compose({ key, type, url })).catch(() => 'none')
    return String(status)
  }
}

// As many as a provider opens to one receiver. Further deliveries queue up here, not in a server that is starting.
const agent = new Agent({ keepAlive: true, maxSockets: 64 })

function post({ url, method, headers, body }: ComposedRequest): Promise<number | undefined> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  return new Promise((resolve, reject) => {
    const posted = request(url, { method, headers, agent, signal }, (response) => {
      response.once('error', reject)
      response.once('end', () => resolve(response.statusCode))
      response.resume()
    })
    posted.once('error', reject)
    posted.end(body)
  })
}

const preset = github('GITHUB_WEBHOOK_SECRET')

function compose({ key, type, url }: SentEvent & { url: string }): ComposedRequest {
  return preset.compose({
    type,
    data: {
      action: type.split('.')[1],
      issue: { number: 7, title: `A typo in ${key}`, body: '' },
      repository: { full_name: 'acme/widgets' },
    },
    id: key,
    now: new Date(),
    url,
    secret: secrets.GITHUB_WEBHOOK_SECRET,
  })
}
