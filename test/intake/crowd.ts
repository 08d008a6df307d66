import { connect, type Socket } from 'node:net'

/** How the server ended a connection of a crowd. */
export interface Parted {
  /** Status of the answer; null where there was none. */
  status: number | null
  /** When it was answered, or else over, from when it was open. */
  seconds: number
}

/** Many connections at once. */
export interface Crowd {
  /** Settles once the server has ended all of them. */
  parted: Promise<Parted[]>
  leave(): void
}

interface Member {
  port: number
  /** What it says first. */
  opening: string | Uint8Array
  /** What it says every so often after that. */
  drip?: { text: string; everyMs: number }
  /** What it sends after that, as fast as it is taken. */
  flood?: { chunk: Uint8Array; bytes: number }
}

/** Opens connections that all do the same. */
export function openCrowd(count: number, member: Member): Crowd {
  const sockets: Socket[] = []
  const parted = Promise.all(
    Array.from({ length: count }, () => {
      const { promise, resolve } = Promise.withResolvers<Parted>()
      let start = performance.now()
      let end: number | undefined
      const socket = connect({ port: member.port, host: '127.0.0.1' })
      sockets.push(socket)
      let received = ''
      let timer: NodeJS.Timeout | undefined
      socket.on('connect', () => {
        start = performance.now()
        socket.write(member.opening)
        const { drip, flood } = member
        if (drip !== undefined) timer = setInterval(() => socket.write(drip.text), drip.everyMs)
        if (flood !== undefined) pour(socket, flood)
      })
      socket.on('data', (chunk: Uint8Array) => {
        end ??= performance.now()
        received += Buffer.from(chunk).toString('latin1')
      })
      // How a connection ends is what is looked at.
      socket.on('error', () => undefined)
      socket.on('close', () => {
        clearInterval(timer)
        const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1]
        resolve({
          status: status === undefined ? null : Number(status),
          seconds: ((end ?? performance.now()) - start) / 1_000,
        })
      })
      return promise
    }),
  )

  return {
    parted,
    leave() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function pour(socket: Socket, { chunk, bytes }: { chunk: Uint8Array; bytes: number }): void {
  let left = bytes
  more()
  socket.on('drain', more)

  function more(): void {
    while (left > 0 && socket.writable) {
      left -= chunk.length
      if (!socket.write(chunk)) return
    }
  }
}
