import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { processCommand } from './process-identity.ts'

/** A line of the process table. */
export interface ProcessLine {
  pid: number
  parent: number
  command: string
  /** Empty where it cannot be read, and on systems without /proc. */
  cwd: string
}

/** All processes of this machine that can be seen, without the dead ones that wait for their parent. */
export function processTable(): ProcessLine[] {
  return process.platform === 'linux' ? fromProc() : fromPs()
}

/** The processes below that one, at any depth. */
export function descendants(pid: number, table = processTable()): ProcessLine[] {
  const children = table.filter(({ parent }) => parent === pid)
  return children.flatMap((child) => [child, ...descendants(child.pid, table)])
}

function fromProc(): ProcessLine[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (state === 'Z') return []
      const pid = Number(name)
      return [{ pid, parent: Number(parent), command: processCommand(pid) ?? '', cwd: cwdOf(name) }]
    } catch {
      // It ended while the table was read.
      return []
    }
  })
}

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

function fromPs(): ProcessLine[] {
  const { stdout } = spawnSync('ps', ['-axo', 'pid=,ppid=,stat=,command='], { encoding: 'utf8' })
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    if (command === undefined || state?.startsWith('Z') === true) return []
    return [{ pid: Number(pid), parent: Number(parent), command, cwd: '' }]
  })
}
