import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { erasePostgres } from '../dev/postgres-home.ts'
import { freshEnvironment } from '../dev/fresh-clone.ts'
import { cloneForStart } from './harness/clone.ts'
import { measureStart, type StartTimes } from './harness/first-run.ts'
import { describeMachine } from './harness/machine.ts'
import { readOptions } from './harness/options.ts'
import { type Bound, printReports } from './harness/report.ts'
import { medianOfQuiet } from './harness/statistics.ts'

// N9: `npm start` to the first finished run, in a clone of the last commit.
const options = readOptions({ seconds: 1, rounds: 3, switches: ['fresh'] })
const WARM_SECONDS = 10
const COLD_SECONDS = 60

const machine = describeMachine({})
const env = await freshEnvironment(process.env)
const times: { warm: StartTimes[]; cold: StartTimes[]; fresh: StartTimes[] } = {
  warm: [],
  cold: [],
  fresh: [],
}
const clone = cloneForStart({ packages: options.switches.has('fresh') ? 'missing' : 'installed' })
const terminal = { folder: clone.folder, env }
try {
  // Only the first start of a clone installs.
  if (options.switches.has('fresh')) times.fresh.push(await measureStart(terminal))
  for (let round = 0; round < options.rounds; round += 1) {
    forget(join(clone.folder, '.onset'))
    times.cold.push(await measureStart(terminal))
    times.warm.push(await measureStart(terminal))
  }
} finally {
  clone.remove()
}

const { warm, cold, fresh } = times
const all = (of: (start: StartTimes) => number) =>
  [warm, cold, fresh].map((starts) => medianOfQuiet(starts, of, ({ otherLoad }) => otherLoad))
const finished = all(({ finishedMs }) => finishedMs / 1_000)
const bound = (name: string, value: number | undefined, limit: number): Bound => ({
  number: 'N9',
  name: `${name}: first finished run, s`,
  value: value ?? NaN,
  limit,
  at: 'most',
})
printReports(
  [
    {
      title: `N9: npm start to the first finished run, ${clone.source}`,
      machine,
      columns: ['warm', 'cold', 'cold, with npm ci'],
      rows: [
        { name: 'Onset is ready, s', values: all(({ readyMs }) => readyMs / 1_000) },
        { name: 'event accepted, s', values: all(({ acceptedMs }) => acceptedMs / 1_000) },
        { name: 'run finished, s', values: finished },
        { name: 'cores kept busy by others', values: all(({ otherLoad }) => otherLoad) },
      ],
      bounds: [
        bound('warm', finished[0], WARM_SECONDS),
        bound('cold', finished[1], COLD_SECONDS),
        ...(fresh.length > 0 ? [bound('cold, with npm ci', finished[2], COLD_SECONDS)] : []),
      ],
      notes: [
        `Medians of ${options.rounds} rounds. Cold: without .onset; warm: the start after that. The Temporal binary is cached.`,
        'The run is a triage of an issue that is not critical, asked of the scripted model, which speaks a word in 15 ms.',
      ],
    },
  ],
  options,
)

function forget(state: string): void {
  erasePostgres(join(state, 'postgres'))
  rmSync(state, { recursive: true, force: true })
}
