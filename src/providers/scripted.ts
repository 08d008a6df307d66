import { setTimeout as pause } from 'node:timers/promises'
import { type JsonSchema, sampleOf } from '../contracts/json-schema.ts'
import type { ChatProvider, ChatRequest, ChatWatch } from './chat.ts'

// Nobody shall take its answers for those of a model.
const SCRIPTED_MODEL = 'scripted'

/** One answer: the text, a value that is sent as JSON, or an error that is thrown. */
export type ScriptedAnswer = string | Record<string, unknown> | Error

/** What the stand-in says, and how fast. */
export interface ScriptedOptions {
  /** Answers by the name of the prompt, given one after the other, the last one for ever. */
  answers?: Record<string, ScriptedAnswer[]>
  /** Milliseconds before each word. Default 15, so that a first run can be watched. */
  msPerWord?: number
}

/**
 * A model for tests and first runs: in this process, without a key, the same answer every time. Where nothing is
 * scripted for a prompt, it makes up an answer from the schema; text that sounds alarming gets the enum value `critical`.
 */
export function scripted({ answers = {}, msPerWord = 15 }: ScriptedOptions = {}): ChatProvider {
  const given = new Map<string, number>()

  return {
    name: SCRIPTED_MODEL,
    async chat(request, watch) {
      const answer = nextAnswer(request.prompt) ?? improvise(request)
      if (answer instanceof Error) throw answer
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
      const ttftMs = await speak({ text, msPerWord, stream: request.stream, watch })
      return {
        outcome: 'complete',
        text,
        refusal: null,
        model: SCRIPTED_MODEL,
        finishReason: 'stop',
        usage: {
          inputTokens: request.messages.reduce(
            (sum, { content }) => sum + words(content).length,
            0,
          ),
          outputTokens: words(text).length,
        },
        requestId: null,
        responseId: null,
        serviceTier: null,
        reportedCostMicros: null,
        ttftMs,
      }
    },
  }

  function nextAnswer(prompt: string): ScriptedAnswer | undefined {
    const turn = given.get(prompt) ?? 0
    given.set(prompt, turn + 1)
    return answers[prompt]?.at(turn) ?? answers[prompt]?.at(-1)
  }
}

interface Speech {
  text: string
  msPerWord: number
  stream: boolean
  watch: ChatWatch
}

/** Hands the text out word by word and returns the milliseconds to the first. */
async function speak({ text, msPerWord, stream, watch }: Speech): Promise<number | null> {
  const startedAt = performance.now()
  let ttftMs: number | null = null
  for (const word of stream ? words(text) : [text]) {
    if (msPerWord > 0) await pause(msPerWord, undefined, { signal: watch.signal }).catch(() => null)
    watch.signal.throwIfAborted()
    if (stream) ttftMs ??= performance.now() - startedAt
    watch.onText(word)
  }
  return ttftMs
}

/** Splits after white space, so that the pieces make up the text again. */
const words = (text: string): string[] => text.match(/\s*\S+\s*/g) ?? []

function improvise({ prompt, schema, messages }: ChatRequest): string {
  const question = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  const topic = firstLine(question)
  return schema === undefined
    ? `This is the scripted model answering the prompt ${prompt}. It was asked about: ${topic}. ` +
        'Set OPENAI_API_KEY to hear from a real model.'
    : JSON.stringify(valueOf(schema, { question, topic }))
}

function valueOf(schema: JsonSchema, about: { question: string; topic: string }): unknown {
  const alarming = /\b(down|crash\w*|data loss|outage|production)\b/i.test(about.question)
  return sampleOf(schema, {
    text: (property) => (property === 'summary' ? `Scripted summary: ${about.topic}` : 'scripted'),
    pick: (values) => {
      if (alarming && values.includes('critical')) return 'critical'
      return values.includes('normal') ? 'normal' : values[0]
    },
  })
}

/** The first line of the question that is no tag. */
function firstLine(question: string): string {
  const line = question.split('\n').find((text) => text.trim() !== '' && !/^<\/?\w+>$/.test(text))
  return (line ?? 'nothing').trim().slice(0, 120)
}
