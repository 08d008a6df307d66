import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { TOKENS_PER_SECOND } from '../harness/token-streams.ts'
import { answerParent } from '../harness/parent.ts'

// A model server that writes at a steady pace: frames as OpenAI sends them, `max_tokens` of them, the first one at once.
const Question = z.object({ max_tokens: z.number() })

const server = createServer((request, response) => {
  void json(request).then((body) => write(response, Question.parse(body).max_tokens))
})
server.listen(0, '127.0.0.1')
const listening = once(server, 'listening')

answerParent({
  async answer() {
    await listening
    const address = server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  },
})

function write(response: ServerResponse, tokens: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_1' })
  response.write(frame({ delta: { role: 'assistant', content: '', refusal: null } }))
  let left = tokens
  const timer = setInterval(writeToken, 1_000 / TOKENS_PER_SECOND)
  response.once('close', () => clearInterval(timer))
  writeToken()

  function writeToken(): void {
    response.write(frame({ delta: { content: ' token' } }))
    left -= 1
    if (left > 0) return
    clearInterval(timer)
    response.write(frame({ delta: {}, finish_reason: 'stop' }))
    response.write(USAGE)
    response.end('data: [DONE]\n\n')
  }
}

const head = {
  id: 'chatcmpl-BZxJ0Qh1x2y3z4a5b6c7d8e9f0a1b',
  object: 'chat.completion.chunk',
  created: 1_760_000_000,
  model: 'gpt-5.4-mini-2026-03-17',
  service_tier: 'default',
  system_fingerprint: 'fp_0123456789',
}

function frame(choice: object): string {
  const choices = [{ index: 0, logprobs: null, finish_reason: null, ...choice }]
  return `data: ${JSON.stringify({ ...head, choices, usage: null, obfuscation: 'a1b2c3' })}\n\n`
}

const USAGE = `data: ${JSON.stringify({ ...head, choices: [], usage: { prompt_tokens: 9, completion_tokens: 9 } })}\n\n`
