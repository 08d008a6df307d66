// Plain Node 18 without packages: this runs before anything is installed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const lockFile = join(root, 'package-lock.json')
// npm writes this one last, so that it stands for a finished installation.
const installedLock = join(root, 'node_modules/.package-lock.json')
const stampFile = join(root, 'node_modules/.onset-installed')
const claimFile = join(root, '.onset/install.pid')

/** The runtime of everything else: Node 24, which is a package of this repository. */
export const runtime = join(root, 'node_modules/node/bin/node')

/** Runs `npm ci` when the packages are missing or are not those of package-lock.json. Throws with npm's own words. */
export async function install() {
  if (isInstalled()) return
  await claim()
  try {
    // Another start may have installed while this one waited for its turn.
    if (!isInstalled()) await npmCi()
  } finally {
    rmSync(claimFile, { force: true })
  }
}

function isInstalled() {
  if (!existsSync(installedLock) || !existsSync(runtime)) return false
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp()) return true
  return statSync(installedLock).mtimeMs >= statSync(lockFile).mtimeMs
}

function stamp() {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  return `${hash} ${process.platform} ${process.arch}\n`
}

/** Waits for its turn: two installations at once would delete each other's files. */
async function claim() {
  mkdirSync(join(root, '.onset'), { recursive: true })
  for (let round = 0; ; round += 1) {
    try {
      writeFileSync(claimFile, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (round === 5) process.stderr.write('Packages: another start installs them, waiting …\n')
    // The first second belongs to an owner that has made the file and not yet written into it.
    if (round > 5 && !claimHolds()) rmSync(claimFile, { force: true })
    await sleep(200)
  }
}

function claimHolds() {
  try {
    return readFileSync(claimFile, 'utf8').split(' ').some(isAlive)
  } catch {
    return false
  }
}

function isAlive(pid) {
  if (!/^\d+$/.test(pid)) return false
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

async function npmCi() {
  const started = Date.now()
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`
  process.stderr.write('Packages: installing, usually half a minute …\n')
  const ticker = process.stderr.isTTY
    ? setInterval(() => process.stderr.write(`\rPackages: ${seconds()} `), 1000)
    : setInterval(() => process.stderr.write(`Packages: ${seconds()} …\n`), 15_000)
  const { code, output } = await runNpm()
  clearInterval(ticker)
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  if (code !== 0) {
    // After a refusal npm explains all of its options, which hides the reason.
    const [reason] = output.split('npm error Clean install a project')
    throw new Error(`The packages could not be installed: npm ci ended with ${code}.\n${reason}`)
  }
  if (!existsSync(runtime)) {
    throw new Error(`npm ci ended well, but ${runtime} is missing: its install script did not run.`)
  }
  writeFileSync(stampFile, stamp())
  process.stderr.write(`Packages: installed, ${seconds()}\n`)
}

function runNpm() {
  // `npm ci` deletes the Node 24 that may be on the path, so it runs on the Node that started npm.
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  const env = { ...process.env, PATH: pathWithoutPackages() }
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts=false']
  args.push('--no-audit', '--no-fund', '--loglevel=error')
  const options = { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] }
  const child = npm && node ? spawn(node, [npm, ...args], options) : spawn('npm', args, options)
  // Whoever looks at the claim must see npm as well: it goes on when this process is killed.
  if (child.pid) writeFileSync(claimFile, `${process.pid} ${child.pid}`)

  const stop = (signal) => child.kill(signal)
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return new Promise((resolve) => {
    let output = ''
    const keep = (chunk) => (output = (output + chunk).slice(0, 16_000))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => resolve({ code: error.code, output: error.message }))
    child.once('close', (code, signal) => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      resolve({ code: code ?? signal, output })
    })
  })
}

function pathWithoutPackages() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.filter((folder) => !/[\\/]node_modules([\\/]|$)/.test(folder)).join(delimiter)
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await install()
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
