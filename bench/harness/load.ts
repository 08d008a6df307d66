import { readFileSync } from 'node:fs'
import { descendants } from '../../dev/process-table.ts'

/** What others did on this machine, in cores; null where the system does not say. */
export type OtherLoad = () => number | null

// Linux counts CPU time in hundredths of a second, whatever its own clock does.
const TICKS_PER_SECOND = 100

/** Begins to watch; the answer is how many cores others have kept busy since, beside us and what we have started. */
export function watchOtherLoad(): OtherLoad {
  if (process.platform !== 'linux') return () => null
  const before = sample()
  return () => {
    const after = sample()
    const seconds = (after.ms - before.ms) / 1_000
    const ticks = after.busy - before.busy - (after.own - before.own)
    return Math.max(0, ticks / TICKS_PER_SECOND / seconds)
  }
}

function sample(): { ms: number; busy: number; own: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number)
  const pids = [process.pid, ...descendants(process.pid).map(({ pid }) => pid)]
  const own = pids.reduce((sum, pid) => sum + ticksOf(pid), 0)
  return { ms: performance.now(), busy: user + nice + system + irq + soft, own }
}

// Own time and that of children that have ended: a Postgres connection that closes moves from one to the other.
function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0)
  } catch {
    return 0
  }
}
