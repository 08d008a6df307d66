import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity } from './process-identity.ts'

/** A lock that is held by this process until it is released or the process is gone. */
export interface Lock {
  release(): void
}

/** Somebody else holds the lock. */
export class LockedError extends Error {
  readonly pid: number

  constructor(file: string, pid: number) {
    super(`${file} is held by process ${pid}, which is running.`)
    this.pid = pid
  }
}

/**
 * Takes the lock, also from an owner that is dead. Rejects with a `LockedError` while its owner lives.
 */
export async function takeLock(file: string): Promise<Lock> {
  mkdirSync(dirname(file), { recursive: true })
  const mine = `${process.pid} ${processIdentity(process.pid)}\n`
  for (let emptyRounds = 0; ;) {
    if (writeNew(file, mine)) return { release: () => release(file, mine) }
    const content = readIfThere(file)
    if (content === null) continue
    const owner = livingOwner(content)
    if (owner !== null) throw new LockedError(file, owner)
    // Its owner has made the file and is about to write into it, or died in between.
    if (content === '' && emptyRounds < 20) {
      emptyRounds += 1
      await sleep(50)
      continue
    }
    removeDead(file)
  }
}

function release(file: string, mine: string): void {
  if (readIfThere(file) === mine) rmSync(file, { force: true })
}

function removeDead(file: string): void {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  // Between the look and the move somebody else may have taken it over: then it goes back where it was.
  const moved = readIfThere(aside) ?? ''
  if (livingOwner(moved) !== null) writeNew(file, moved)
  rmSync(aside, { force: true })
}

function livingOwner(content: string): number | null {
  const [pid, ...identity] = content.trim().split(' ')
  if (pid === undefined || pid === '') return null
  return processIdentity(Number(pid)) === identity.join(' ') ? Number(pid) : null
}

function writeNew(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
