import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { quantile } from './harness/statistics.ts'
import { readPrompt } from '../src/models/prompts.ts'

// What it costs to render a prompt of 20 KB: at most 0.3 ms in the median.
const { seconds, json } = readOptions({ seconds: 2, rounds: 1 })

const SIZE = 20_000
const sentence = 'A customer writes that the page stays empty after signing in. '
const text = (length: number): string =>
  sentence.repeat(length / sentence.length + 1).slice(0, length)

const cases = {
  'a template of 20 KB with 20 variables': {
    body: `${text(SIZE / 20)}{{ body }}\n`.repeat(20),
    variables: { body: 'widget' },
  },
  'a template of 20 KB with 100 variables': {
    body: `${text(SIZE / 100)}{{ body }}\n`.repeat(100),
    variables: { body: 'widget' },
  },
  'a variable of 20 KB between tags': {
    body: '{{ body | fence: "body" }}',
    variables: { body: text(SIZE) },
  },
  'a list of 100 texts of 200 characters': {
    body: '{{ body }}{% if items %}{% for item in items %}{{ item | fence: "item" }}{% endfor %}{% endif %}',
    variables: { body: '', items: Array.from({ length: 100 }, () => text(SIZE / 100)) },
  },
  'a variable of 20 KB, cut to 2,000 tokens': {
    body: '{{ body }}',
    variables: { body: text(SIZE) },
    trim: 'trim: { body: 2000 tokens }',
  },
}

const rows = Object.entries(cases).map(([name, each]) => ({ name, ...measure(each) }))
const machine = describeMachine({})
if (json) process.stdout.write(`${JSON.stringify({ machine, rows }, null, 2)}\n`)
else {
  for (const [what, value] of Object.entries(machine)) process.stdout.write(`${what}: ${value}\n`)
  for (const { name, p50, p99 } of rows) {
    process.stdout.write(`${name.padEnd(42)} p50 ${p50.toFixed(3)} ms  p99 ${p99.toFixed(3)} ms\n`)
  }
}

function measure({
  body,
  variables,
  trim = '',
}: {
  body: string
  variables: Record<string, unknown>
  trim?: string
}) {
  const content = `---
name: measured
tier: fast
config: { max_output_tokens: 10 }
input: { schema: { type: object, required: [body], properties: { body: { type: string }, items: { type: array, items: { type: string } } } } }
${trim}
---
{% role "system" %}You triage issues.
{% role "user" %}
${body}`
  const prompt = readPrompt({ name: 'measured', content, partials: {} })
  const times: number[] = []
  const end = performance.now() + seconds * 1_000
  for (let now = performance.now(); now < end; now = performance.now()) {
    prompt.render(variables)
    times.push(performance.now() - now)
  }
  // The first ones are compiled on the way.
  const warm = times.slice(Math.floor(times.length / 4))
  return { p50: quantile(warm, 0.5), p99: quantile(warm, 0.99) }
}
