import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Whether processes can be kept on cores of their own here. */
export const canPin: boolean =
  availableParallelism() > 1 &&
  spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0

/** The core of the process that is measured. */
export const MEASURED_CORE = 0

/** The command line that runs a command on one core only; unchanged where that cannot be done. */
export const onCore = (core: number | undefined, command: string[]): string[] =>
  core === undefined || !canPin ? command : ['taskset', '-c', String(core), ...command]

/** Takes this process, and what it starts from here on, off the measured core. */
export function leaveMeasuredCore(): void {
  if (!canPin) return
  const others = `${MEASURED_CORE + 1}-${availableParallelism() - 1}`
  spawnSync('taskset', ['-acp', others, String(process.pid)], { stdio: 'ignore' })
}

/** Keeps this process, and what it starts from here on, on the first cores, as if the machine had no others. */
export function stayOnCores(count: number): void {
  if (!canPin || availableParallelism() <= count) return
  spawnSync('taskset', ['-acp', `0-${count - 1}`, String(process.pid)], { stdio: 'ignore' })
}
