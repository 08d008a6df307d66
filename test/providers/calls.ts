import type { RateNews } from '../../src/contracts/limits.ts'
import type { ChatFailure, ChatRequest, ChatWatch } from '../../src/providers/chat.ts'
import { createOpenAi, type OpenAiOptions } from '../../src/providers/openai.ts'
import { profiles } from '../../src/providers/profiles.ts'
import type { FaultServer } from './fault-server.ts'

/** A question that streams its answer. */
export const question: ChatRequest = {
  prompt: 'greeting',
  model: 'gpt-test',
  messages: [{ role: 'user', content: 'Hello?' }],
  maxOutputTokens: 50,
  stream: true,
}

/** A provider at that server, with time-outs that a test can wait for. */
export function provider({ baseUrl }: { baseUrl: string }, options: Partial<OpenAiOptions> = {}) {
  const { api, maxTokensField, supports } = profiles.openai
  const manner = { api, maxTokensField, supports }
  const times = { timeoutMs: 600, idleTimeoutMs: 300, pollMs: 20 }
  return createOpenAi({ id: 'openai', apiKey: 'sk-test', baseUrl, ...manner, ...times, ...options })
}

/** What a call said on its way, and how it ends. */
export function ask(
  server: Pick<FaultServer, 'baseUrl'>,
  {
    options,
    watch,
    ...request
  }: Partial<ChatRequest> & { options?: Partial<OpenAiOptions>; watch?: Partial<ChatWatch> } = {},
) {
  const pieces: string[] = []
  const rates: RateNews[] = []
  const ids: string[] = []
  const reply = provider(server, options).chat(
    { ...question, ...request },
    {
      signal: new AbortController().signal,
      onText: (text) => void pieces.push(text),
      onRate: (news) => void rates.push(news),
      onResponseId: (id) => void ids.push(id),
      ...watch,
    },
  )
  return { pieces, rates, ids, reply }
}

/** The failure of a call that is to fail. */
export const failureOf = (reply: Promise<unknown>): Promise<ChatFailure> =>
  reply.then(
    () => Promise.reject(new Error('Expected a failure.')),
    (failure: ChatFailure) => failure,
  )
