import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { z } from 'zod'
import { createOpenAi } from '../../src/providers/openai.ts'
import { profiles } from '../../src/providers/profiles.ts'
import { answerParent, cpuUs } from '../harness/parent.ts'
import { READERS, type Reader, StreamOrder, TOKENS_PER_SECOND } from '../harness/token-streams.ts'

// Reads many streams at once in one of three ways, and counts what it costs.
type Order = z.infer<typeof StreamOrder>
type Read = (onText: (text: string) => void) => Promise<unknown>

const reader = z.enum(READERS).parse(process.env['READER'])

answerParent({ answer: async (question) => measure(StreamOrder.parse(question)) })

async function measure(order: Order) {
  const { streams, tokens: length, warmUpSeconds, seconds } = order
  const read = readers[reader](order)
  const firstTokens: number[] = []
  let tokens = 0
  let counts = false
  const stop = new AbortController()

  const loops = Array.from({ length: streams }, (_, number) => loop(number))
  await sleep(warmUpSeconds * 1_000)
  counts = true
  tokens = 0
  const before = cpuUs()
  await sleep(seconds * 1_000)
  const measured = { firstTokens, tokens, cpuUs: cpuUs() - before }
  counts = false
  stop.abort()
  await Promise.all(loops)
  return measured

  // Spread over the length of a stream, so that there are always some that begin.
  async function loop(number: number): Promise<void> {
    await sleep((number / streams) * (length / TOKENS_PER_SECOND) * 1_000)
    while (!stop.signal.aborted) {
      const begin = performance.now()
      let isFirst = true
      await read(() => {
        tokens += 1
        if (!isFirst) return
        isFirst = false
        if (counts) firstTokens.push(performance.now() - begin)
      })
    }
  }
}

const MESSAGES = [{ role: 'user' as const, content: 'Hello?' }]

const readers: Record<Reader, (order: Order) => Read> = { raw, ours, client }

/** What anybody would write who splits lines and parses, and checks nothing. */
function raw({ port, tokens }: Order): Read {
  const body = JSON.stringify({
    model: 'gpt-5.4-mini',
    messages: MESSAGES,
    max_tokens: tokens,
    stream: true,
    stream_options: { include_usage: true },
  })
  return async (onText) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
      body,
    })
    const decoder = new TextDecoder()
    let rest = ''
    for await (const bytes of response.body ?? []) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
        const text: unknown = JSON.parse(line.slice(6)).choices[0]?.delta.content
        if (typeof text === 'string' && text !== '') onText(text)
      }
    }
  }
}

function ours({ port, tokens }: Order): Read {
  const provider = createOpenAi({
    ...profiles.custom,
    id: 'stub',
    apiKey: 'sk-test',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    timeoutMs: 60_000,
    idleTimeoutMs: 30_000,
  })
  const request = {
    prompt: 'measured',
    model: 'gpt-5.4-mini',
    messages: MESSAGES,
    maxOutputTokens: tokens,
    stream: true,
  }
  return (onText) => provider.chat(request, { signal: new AbortController().signal, onText })
}

/** The stock client, as its README has it. */
function client({ port, tokens }: Order): Read {
  const openai = new OpenAI({ apiKey: 'sk-test', baseURL: `http://127.0.0.1:${port}/v1` })
  return async (onText) => {
    const stream = await openai.chat.completions.create({
      model: 'gpt-5.4-mini',
      messages: MESSAGES,
      max_tokens: tokens,
      stream: true,
      stream_options: { include_usage: true },
    })
    for await (const chunk of stream) {
      const text = chunk.choices[0]?.delta.content
      if (text) onText(text)
    }
  }
}
