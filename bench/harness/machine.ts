import { cpus, loadavg, release, totalmem, type } from 'node:os'

/** Where the figures come from. */
export function describeMachine(versions: Record<string, string>): Record<string, string> {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return {
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GiB, ${type()} ${release()}`,
    'load before': loadavg()[0]?.toFixed(1) ?? '',
    node: process.version,
    ...versions,
  }
}
