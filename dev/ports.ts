import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A port that somebody asked for, and how to ask for another. */
export interface WantedPort {
  port: number
  /** Who listens there: 'Temporal'. */
  purpose: string
  /** The variable or option that chooses another: 'TEMPORAL_PORT'. */
  setting: string
  /** How long to wait for it. Default 3,000: the services of a start that was killed need that to be gone. */
  patienceMs?: number
}

/** Rejects when the port cannot be listened on, naming the port, its purpose and the setting that changes it. */
export async function requireFreePort(wanted: WantedPort): Promise<void> {
  const { port, purpose, setting, patienceMs = 3000 } = wanted
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      await listenOnce(port)
      return
    } catch (cause) {
      if (Date.now() < deadline) {
        await sleep(100)
        continue
      }
      throw new Error(
        `Port ${port} is taken, and ${purpose} needs it. ` +
          `End what listens there, or set ${setting} to another port.`,
        { cause },
      )
    }
  }
}

/** True when nothing listens on that port of 127.0.0.1. */
export async function isFreePort(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  )
}

/** A port of 127.0.0.1 on which nothing listens at this moment. */
export async function freePort(): Promise<number> {
  return listenOnce(0)
}

async function listenOnce(wanted: number): Promise<number> {
  const server = createServer()
  server.listen({ port: wanted, host: '127.0.0.1', exclusive: true })
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error(`No port in ${address}.`)
  return address.port
}
