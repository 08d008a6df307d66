import type { Command, DescribedVariable } from './command.ts'
import { EXIT } from './exit.ts'
import { table } from './table.ts'

/** `onset doctor`: every variable as it stands, and whether what the server needs can be reached. */
export const doctor: Command = {
  name: 'doctor',
  usage: '[--json]',
  summary: 'Show all settings and check what the server needs',
  positionals: { least: 0, most: 0 },
  options: { json: { type: 'boolean', meaning: 'Answer in JSON' } },
  async run(input, { describeConfig, checks: check, print }) {
    const variables = describeConfig().map(masked)
    const checks = await check()

    if (input.flag('json')) print.json({ variables, checks })
    else {
      for (const line of table(variables.map(variableRow))) print.line(line)
      print.line('')
      const rows = checks.map(({ name, ok, detail }) => ({
        check: name,
        result: ok ? 'ok' : 'FAILED',
        detail,
      }))
      for (const line of table(rows)) print.line(line)
    }
    const healthy = variables.every(({ fault }) => fault === null) && checks.every(({ ok }) => ok)
    return healthy ? EXIT.ok : EXIT.failed
  },
}

const masked = (variable: DescribedVariable): DescribedVariable =>
  variable.secret && variable.value !== null ? { ...variable, value: '********' } : variable

function variableRow({
  name,
  value,
  default: preset,
  fault,
  requiredBy,
  description,
}: DescribedVariable) {
  return {
    variable: name,
    value: value ?? (preset === null ? '(not set)' : `${preset} (default)`),
    fault: fault ?? '',
    'required by': requiredBy ?? '',
    meaning: description,
  }
}
