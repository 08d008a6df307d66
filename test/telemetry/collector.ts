import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { z } from 'zod'

const Value = z.union([
  z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.object({ intValue: z.string() }).transform(({ intValue }) => Number(intValue)),
  z.object({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
  z.object({ boolValue: z.boolean() }).transform(({ boolValue }) => boolValue),
  z
    .object({ arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string() })) }) })
    .transform(({ arrayValue }) => arrayValue.values.map(({ stringValue }) => stringValue)),
])

const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value])))

const Span = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string(),
  kind: z.literal(3),
  startTimeUnixNano: z.string().regex(/^\d{19}$/),
  endTimeUnixNano: z.string().regex(/^\d{19}$/),
  attributes: Attributes,
  status: z.object({ code: z.number(), message: z.string().optional() }),
})

const Body = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes: Attributes }),
        scopeSpans: z.array(
          z.object({ scope: z.object({ name: z.string() }), spans: z.array(Span) }),
        ),
      }),
    )
    .length(1),
})

/** A collector on this machine, and what it got. */
export interface Collector {
  endpoint: string
  /** What the requests were. */
  requests: { path: string; authorization: string | undefined; service: unknown; spans: number }[]
  spans: z.infer<typeof Span>[]
}

/** Starts a collector for one test. One that hangs reads requests and never answers them. */
export async function startCollector(answer: 'ok' | 'refuse' | 'hang' = 'ok'): Promise<Collector> {
  const collector: Collector = { endpoint: '', requests: [], spans: [] }
  const server = createServer((request, response) => {
    void take(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Expected a port.')
  collector.endpoint = `http://127.0.0.1:${address.port}`
  return collector
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [about] = Body.parse(await json(request)).resourceSpans
    const spans = about?.scopeSpans.flatMap((scope) => scope.spans) ?? []
    const { authorization } = request.headers
    const service = about?.resource.attributes['service.name']
    collector.requests.push({
      path: request.url ?? '',
      authorization,
      service,
      spans: spans.length,
    })
    collector.spans.push(...spans)
    if (answer !== 'hang') response.writeHead(answer === 'ok' ? 200 : 503).end('{}')
  }
}
