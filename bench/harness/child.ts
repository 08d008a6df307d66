import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { onCore } from './cores.ts'

/** A process of the benchmark's own that is asked things. */
export interface Child {
  /** Asks and waits for the answer. Rejects with what the child threw, and when it ends before it has answered. */
  ask<Answer>(question: object, answer: z.ZodType<Answer>): Promise<Answer>
  /** Ends it and resolves when it is gone; kills it after 15 s. */
  stop(): Promise<void>
}

interface ChildOptions {
  /** A file of bench/programs. */
  program: string
  env?: NodeJS.ProcessEnv
  /** The core that it is kept on, where `taskset` exists; that of its parent where absent. */
  core?: number
  /** Hears what the child says without being asked. */
  onNews?: (news: unknown) => void
  /** Where V8 writes a CPU profile when the child ends. */
  profile?: string | undefined
}

const Reply = z.union([
  z.object({ to: z.number(), answer: z.unknown() }),
  z.object({ to: z.number(), error: z.string() }),
])

/** Starts a program. It ends with us: its channel closes when we are gone. */
export function startChild({ program, env, core, onNews, profile }: ChildOptions): Child {
  const node = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
  const [command = process.execPath, ...before] = onCore(core, [process.execPath, ...node])
  const child = fork(fileURLToPath(new URL(`../programs/${program}.ts`, import.meta.url)), [], {
    env: { ...process.env, ...env },
    execPath: command,
    execArgv: before,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>()
  let asked = 0
  child.on('message', (message: unknown) => {
    const reply = Reply.safeParse(message).data
    if (reply === undefined) return onNews?.(message)
    const asker = waiting.get(reply.to)
    waiting.delete(reply.to)
    if ('error' in reply) asker?.reject(new Error(`${program}: ${reply.error}`))
    else asker?.resolve(reply.answer)
  })
  const gone = end()

  return {
    async ask(question, answer) {
      asked += 1
      const id = asked
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      waiting.set(id, { resolve, reject })
      if (child.exitCode !== null || !child.connected)
        throw new Error(`${program} has ended before it was asked.`)
      child.send({ id, question })
      return answer.parse(await promise)
    },
    async stop() {
      if (child.connected) child.disconnect()
      const killer = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await gone
      clearTimeout(killer)
    },
  }

  async function end(): Promise<void> {
    const [code, signal]: unknown[] = await once(child, 'exit')
    const error = new Error(`${program} has ended (${String(code ?? signal)}).`)
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
}
