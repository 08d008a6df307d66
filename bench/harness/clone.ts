import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cloneRepository, type FreshClone } from '../../dev/fresh-clone.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Clones the repository. `packages` says whether it has those of this checkout, or those still to be installed. */
export function cloneForStart({ packages }: { packages: 'installed' | 'missing' }): FreshClone {
  const clone = cloneRepository(root)
  if (packages === 'missing') return clone
  const target = join(clone.folder, 'node_modules')
  // Hard links, not one symbolic link: an installation in the clone must not reach into this checkout.
  const linked = spawnSync('cp', ['-al', join(root, 'node_modules'), target])
  if (linked.status !== 0) {
    rmSync(target, { recursive: true, force: true })
    const copied = spawnSync('cp', ['-a', join(root, 'node_modules'), target], { encoding: 'utf8' })
    if (copied.status !== 0) throw new Error(`The packages could not be copied.\n${copied.stderr}`)
  }
  stamp(clone.folder)
  return clone
}

// What dev/install.mjs writes after `npm ci`.
function stamp(folder: string): void {
  const [here, there] = [root, folder].map((at) => readFileSync(join(at, 'package-lock.json')))
  if (here === undefined || there === undefined || !here.equals(there)) {
    throw new Error(
      'package-lock.json differs from the last commit: the clone needs its own packages.',
    )
  }
  const file = join(folder, 'node_modules/.onset-installed')
  // A linked file is this checkout's file: it is replaced, not written to.
  if (existsSync(file)) rmSync(file)
  const hash = createHash('sha256').update(there).digest('hex')
  writeFileSync(file, `${hash} ${process.platform} ${process.arch}\n`)
}
