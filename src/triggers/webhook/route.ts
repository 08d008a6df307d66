import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import type { Accept } from '../../inbox/accept.ts'
import { type Endpoint, receive, takesType } from './receive.ts'

/** Why a delivery was refused, in the words of the API's problem documents. */
export type Refusal = 'not_found' | 'unsupported_media_type' | 'body_too_large' | 'unauthorized'

interface HooksOptions {
  endpoints: Endpoint[]
  accept: Accept
  /** Makes the answer to a refused delivery. */
  refuse(code: Refusal, detail: string): Response
  /** Is told of each answer, for metrics: the source, and `accepted`, `duplicate` or why it was refused. */
  onAnswer(source: string, answer: string): void
}

/**
 * `POST /hooks/:source`: verifies, keeps, answers, in this order. 200 means that the event is durable, now or
 * already; only then is anything else done with it.
 */
export function createHooks({
  endpoints,
  accept,
  refuse,
  onAnswer,
}: HooksOptions): Hono<{ Bindings: Partial<HttpBindings> }> {
  const bySource = new Map(endpoints.map((endpoint) => [endpoint.source, endpoint]))
  const hooks = new Hono<{ Bindings: Partial<HttpBindings> }>()

  hooks.post('/hooks/:source', async (c) => {
    const endpoint = bySource.get(c.req.param('source'))
    if (endpoint === undefined) return refuse('not_found', 'No source has this endpoint.')
    const { source } = endpoint

    const no = (code: Refusal, detail: string): Response => {
      onAnswer(source, code)
      return refuse(code, detail)
    }
    const { preset, limitBytes } = endpoint
    const headers = headersOf(c)
    if (!takesType(endpoint, headers['content-type'] ?? '') || 'content-encoding' in headers) {
      const expected = preset.mediaTypes.join(' or ')
      return no('unsupported_media_type', `Expected ${expected}, not compressed.`)
    }
    const body = await readBody(c, { declared: headers['content-length'], limitBytes })
    if (body === null) return no('body_too_large', `The body is larger than ${limitBytes} bytes.`)

    const { method, url } = c.req
    const delivery = receive(endpoint, { headers, body, method, url }, new Date())
    if (!delivery.verified) return no('unauthorized', 'The signature does not hold.')

    const accepted = await accept(delivery.event)
    onAnswer(source, accepted.status)
    return c.json(accepted)
  })

  return hooks
}

// As Node has read them: making Headers of them and reading those again costs as much as a signature.
function headersOf(c: Context<{ Bindings: Partial<HttpBindings> }>): Record<string, string> {
  const incoming = c.env?.incoming
  if (incoming === undefined) return c.req.header()
  const headers: Record<string, string> = {}
  for (const name in incoming.headers) {
    const value = incoming.headers[name]
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

// Null once the body is larger than allowed, whether or not its length was declared.
async function readBody(
  c: Context,
  { declared, limitBytes }: { declared: string | undefined; limitBytes: number },
): Promise<Uint8Array | null> {
  if (declared !== undefined) {
    return Number(declared) > limitBytes ? null : new Uint8Array(await c.req.arrayBuffer())
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.length
    if (size > limitBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
