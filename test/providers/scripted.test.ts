import { expect, test } from 'vitest'
import type { JsonSchema } from '../../src/contracts/json-schema.ts'
import { createCheck } from '../../src/models/prompt-schemas.ts'
import { readPrompts } from '../../src/models/prompts.ts'
import { ChatFailure, type ChatRequest } from '../../src/providers/chat.ts'
import { scripted } from '../../src/providers/scripted.ts'

const prompts = readPrompts('prompts')

function request(name: string, variables: Record<string, unknown>): ChatRequest {
  const prompt = prompts.get(name)
  if (prompt === undefined) throw new Error(`Expected a prompt ${name}.`)
  return {
    prompt: name,
    model: 'any',
    messages: prompt.render(variables),
    maxOutputTokens: 100,
    stream: true,
    ...(prompt.outputSchema && { schema: prompt.outputSchema }),
  }
}

const issue = (title: string, body = '') =>
  request('triage-issue', { repository: 'acme/widgets', number: 7, title, body })

const silent = { signal: new AbortController().signal, onText: () => undefined }

test('an alarming issue is critical, and any other is not', async () => {
  const { chat } = scripted({ msPerWord: 0 })

  const alarming = await chat(issue('The shop is down'), silent)
  const quiet = await chat(issue('A typo on the first page'), silent)

  expect(JSON.parse(alarming.text)).toEqual({
    severity: 'critical',
    labels: ['scripted'],
    summary: 'Scripted summary: The shop is down',
  })
  expect(JSON.parse(quiet.text)).toMatchObject({ severity: 'normal' })
  expect(prompts.get('triage-issue')?.checkOutput(JSON.parse(alarming.text))).toBeNull()
})

test('any text prompt gets an answer that says where it comes from', async () => {
  const { name, chat } = scripted({ msPerWord: 0 })
  const pieces: string[] = []

  const reply = await chat(request('daily-digest', { date: '2026-02-27', items: [] }), {
    ...silent,
    onText: (text) => void pieces.push(text),
  })

  expect(name).toBe('scripted')
  expect(reply.model).toBe('scripted')
  expect(reply.text).toMatch(/^This is the scripted model answering the prompt daily-digest\./)
  expect(pieces.join('')).toBe(reply.text)
  expect(pieces.length).toBeGreaterThan(10)
})

test('a made-up answer fits any schema', async () => {
  const properties: Record<string, JsonSchema> = {
    short: { type: 'string', maxLength: 3 },
    long: { type: 'string', minLength: 200 },
    small: { type: 'number', maximum: 0.5 },
    large: { type: 'integer', minimum: 7 },
    none: { type: 'null' },
    flag: { type: ['boolean', 'null'] },
    level: { enum: [3, null] },
    lists: { type: 'array', minItems: 2, items: { type: 'array', items: { type: 'boolean' } } },
  }
  const schema = { type: 'object' as const, properties, required: Object.keys(properties) }

  const { text } = await scripted({ msPerWord: 0 }).chat({ ...issue('x'), schema }, silent)

  expect(createCheck(schema, 'output')(JSON.parse(text))).toBeNull()
})

test('given answers come in order, the last one for ever', async () => {
  const failure = new ChatFailure({ code: 'LLM.Server', retryable: true, message: 'No.' })
  const { chat } = scripted({ msPerWord: 0, answers: { 'triage-issue': [failure, { a: 1 }, 'b'] } })

  await expect(chat(issue('x'), silent)).rejects.toBe(failure)
  expect(await chat(issue('x'), silent)).toMatchObject({ text: '{"a":1}' })
  expect(await chat(issue('x'), silent)).toMatchObject({ text: 'b' })
  expect(await chat(issue('x'), silent)).toMatchObject({ text: 'b' })
})

test('a cancelled call ends at once with the reason', async () => {
  const controller = new AbortController()
  const reason = new Error('The run was cancelled.')

  const reply = scripted({ msPerWord: 10 }).chat(issue('x'), {
    signal: controller.signal,
    onText: () => controller.abort(reason),
  })

  await expect(reply).rejects.toBe(reason)
})
