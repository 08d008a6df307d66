import { createHmac, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { npmStart, type Terminal, until } from '../../dev/fresh-start.ts'
import { watchOtherLoad } from './load.ts'

/** How long a start took, each from the moment at which `npm start` was typed. */
export interface StartTimes {
  /** Until the URLs are printed. */
  readyMs: number
  /** Until the first webhook was answered. */
  acceptedMs: number
  /** Until its run was `completed`. */
  finishedMs: number
  otherLoad: number
}

const READY_WITHIN_SECONDS = 300
const FINISHED_WITHIN_SECONDS = 60
const LOOK_MS = 25

const Started = z.object({
  url: z.string(),
  token: z.string(),
  secrets: z.record(z.string(), z.string()),
})
const Accepted = z.object({ id: z.string() })
const Event = z.object({ dispatches: z.array(z.object({ runId: z.string().nullable() })) })
const Run = z.object({ status: z.string() })

/** Types `npm start`, sends one webhook as soon as it is ready, waits for the run, and stops everything by Ctrl-C. */
export async function measureStart(terminal: Terminal): Promise<StartTimes> {
  const otherLoad = watchOtherLoad()
  const startedAt = performance.now()
  const elapsed = (): number => performance.now() - startedAt
  const start = npmStart(terminal)
  try {
    const devFile = join(terminal.folder, '.onset/dev.json')
    const dev = await until('npm start', start, READY_WITHIN_SECONDS, () =>
      existsSync(devFile) && start.output().includes('Onset is ready.')
        ? Started.parse(JSON.parse(readFileSync(devFile, 'utf8')))
        : undefined,
    )
    const readyMs = elapsed()
    const eventId = await deliver(dev)
    const acceptedMs = elapsed()
    await finished(dev, eventId)
    return { readyMs, acceptedMs, finishedMs: elapsed(), otherLoad: otherLoad() ?? 0 }
  } finally {
    await start.service.stop()
  }
}

type Started = z.infer<typeof Started>

/** A wish: the scripted model calls it normal, so that nobody has to be asked. */
const ISSUE = JSON.stringify({
  action: 'opened',
  issue: { number: 8, title: 'A darker blue for links', body: 'They are hard to see at night.' },
  repository: { full_name: 'acme/widgets' },
})

async function deliver({ url, secrets }: Started): Promise<string> {
  const secret = secrets['GITHUB_WEBHOOK_SECRET'] ?? ''
  const response = await fetch(`${url}/hooks/github`, {
    method: 'POST',
    body: ISSUE,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(ISSUE).digest('hex')}`,
    },
  })
  if (response.status !== 200) throw new Error(`The webhook was answered ${response.status}.`)
  return Accepted.parse(await response.json()).id
}

async function finished({ url, token }: Started, eventId: string): Promise<void> {
  const read = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    return response.ok ? response.json() : undefined
  }
  const deadline = performance.now() + FINISHED_WITHIN_SECONDS * 1_000
  let runId: string | null | undefined
  while (performance.now() < deadline) {
    runId ??= Event.safeParse(await read(`/api/events/${eventId}`)).data?.dispatches[0]?.runId
    const path = runId ? `/api/runs/${encodeURIComponent(runId)}` : undefined
    const status = path && Run.safeParse(await read(path)).data?.status
    if (status === 'completed') return
    if (status === 'failed' || status === 'cancelled') throw new Error(`The run was ${status}.`)
    await sleep(LOOK_MS)
  }
  throw new Error(`The run was not finished after ${FINISHED_WITHIN_SECONDS} s.`)
}
