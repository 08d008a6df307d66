import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Pool } from 'pg'
import { afterAll } from 'vitest'
import { z } from 'zod'
import { freePort } from '../../dev/ports.ts'
import { createDatabase, createNamespace } from '../harness.ts'
import { secrets } from './signers.ts'

/** A server in a process of its own, with the sources of these tests. */
export interface Intake {
  url: string
  port: number
  pool: Pool
  /** The longest time since the last question for which its event loop was held. */
  longestHoldMs(): Promise<number>
  /** What it holds, in bytes, after what nobody needs is gone. */
  memory(): Promise<number>
  /** The most memory it had since the last question, in bytes. */
  peakMemory(): Promise<number>
  /** Requests that it failed at, as it has logged them, and how it ended, if it has. */
  faults(): string
}

const program = fileURLToPath(new URL('serve-intake.ts', import.meta.url))

/** Starts it on a database of its own. Call it at the top of a file. */
export async function openIntake(env: NodeJS.ProcessEnv = {}): Promise<Intake> {
  const { url: databaseUrl } = await createDatabase()
  const { address, namespace } = await createNamespace()
  const port = await freePort()
  const child = fork(program, [], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      PORT: String(port),
      API_TOKEN: 'a-token-for-tests-only',
      TRUSTED_PROXIES: '127.0.0.1/32',
      LOOPBACK: '127.0.0.0/8',
      ...secrets,
      ...env,
    },
  })
  let faults = ''
  child.stderr?.on('data', (chunk: Uint8Array) => {
    faults += Buffer.from(chunk).toString()
  })
  const ended = end()
  const pool = new Pool({ connectionString: databaseUrl, max: 2 })
  // Ended with the database.
  pool.on('error', () => undefined)
  afterAll(async () => {
    await pool.end()
    if (child.connected) child.disconnect()
    await ended
  })
  const url = z.string().parse(await next())

  return {
    url,
    port,
    pool,
    longestHoldMs: () => ask('longestHoldMs'),
    memory: () => ask('memory'),
    peakMemory: () => ask('peakMemory'),
    faults: () => faults.split('\n').filter(isFault).join('\n'),
  }

  async function ask(question: string): Promise<number> {
    const answer = next()
    child.send(question)
    return z.number().parse(await answer)
  }

  async function end(): Promise<void> {
    const [code, signal]: unknown[] = await once(child, 'exit')
    faults += `It has ended (${String(code ?? signal)}).`
  }

  async function next(): Promise<unknown> {
    const answer = once(child, 'message').then(([message]: unknown[]) => message)
    const gone = ended.then(() => {
      throw new Error(`Expected an answer, received: ${faults}`)
    })
    return Promise.race([answer, gone])
  }
}

// Loops that found Postgres too busy say so as well, and try again.
const isFault = (line: string): boolean =>
  line !== '' && (!line.startsWith('{') || line.includes('"msg":"a request failed"'))
