import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { freePort } from './ports.ts'
import { erasePostgres } from './postgres-home.ts'

/** A copy of this repository as a new user has it: nothing installed, nothing started. */
export interface FreshClone {
  folder: string
  /** What was copied, for people. */
  source: string
  /** Deletes it, and its data wherever they lie. */
  remove(): void
}

// What a clone does not contain; used where there is no git.
const NOT_IN_A_CLONE = new Set(['node_modules', '.onset', 'dist', '.git', '.env'])

/** Clones HEAD into a temporary folder; without git, or without a commit, copies the files. */
export function cloneRepository(root: string): FreshClone {
  // The real path, because that is what the process table shows.
  const parent = mkdtempSync(join(realpathSync(tmpdir()), 'onset-fresh-'))
  const folder = join(parent, 'onset')
  const head = spawnSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' })
  const isRepository = head.status === 0
  if (isRepository) {
    const clone = spawnSync('git', ['clone', '--quiet', root, folder], { encoding: 'utf8' })
    if (clone.status !== 0) throw new Error(`git clone ${root} failed.\n${clone.stderr}`)
  } else {
    const filter = (path: string): boolean => !NOT_IN_A_CLONE.has(basename(path))
    cpSync(root, folder, { recursive: true, filter })
  }
  return {
    folder,
    source: isRepository ? `commit ${head.stdout.trim()}` : 'a copy of the files',
    remove() {
      erasePostgres(join(folder, '.onset/postgres'))
      rmSync(parent, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

// What npm and Node set for us, and what would lead a new user's start elsewhere.
const OURS =
  /^(npm_|INIT_CWD$|NODE_|VITEST|DATABASE_URL$|TEMPORAL_|OPENAI_|ONSET_|NO_COLOR$|FORCE_COLOR$)/
// How this machine reaches the packages belongs to the machine.
const MACHINE =
  /^(NODE_EXTRA_CA_CERTS|npm_config_(registry|cache|userconfig|globalconfig|cafile|(https_|no)?proxy))$/

/** The environment of a new user's terminal, but with ports on which nothing else listens. */
export async function freshEnvironment(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const kept = Object.entries(env).filter(([name]) => MACHINE.test(name) || !OURS.test(name))
  const folders = (env['PATH'] ?? '').split(delimiter)
  const path = folders.filter((folder) => !/[\\/]node_modules([\\/]|$)/.test(folder))
  return {
    ...Object.fromEntries(kept),
    PATH: path.join(delimiter),
    PORT: String(await freePort()),
    TEMPORAL_PORT: String(await freePort()),
    TEMPORAL_UI_PORT: String(await freePort()),
  }
}
