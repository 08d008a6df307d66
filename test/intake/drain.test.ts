import { expect, test } from 'vitest'
import { until } from '../house.ts'
import { openMachine } from '../outages/machine.ts'
import { signedByGithub } from '../triggers/webhook/signed.ts'
import { openWire, requestText } from '../wire.ts'

// A machine that is busy may not have handed the server all that was written to it when the stop comes.
const RETRIES = { retry: 2, timeout: 90_000 }

const machine = await openMachine()

const body = (key: string): string => JSON.stringify({ action: 'edited', key })

const signed = (delivery: string): string =>
  requestText('/hooks/github', {
    headers: signedByGithub(body(delivery), { delivery }),
    body: body(delivery),
  })

const kept = async (): Promise<string[]> =>
  (await machine.sql('select key from events')).map(({ key }) => String(key))

test(
  'a server that is told to end answers what it has in hand, takes no more connections, and loses nothing',
  RETRIES,
  async () => {
    const server = await machine.start('serve')
    const keys = Array.from({ length: 20 }, (_, index) => `in-hand-${index}`)
    const wires = await Promise.all(keys.map(() => openWire(machine.url)))
    const requests = keys.map(signed)
    // One before: what a server has not accepted yet when it is told to end is no connection of its own.
    for (const [index, wire] of wires.entries()) wire.write(signed(`first-${index}`))
    await Promise.all(wires.map((wire) => wire.answer()))
    // All but the last byte: a request that the server knows of and cannot answer yet.
    for (const [index, wire] of wires.entries()) wire.write(requests[index]?.slice(0, -1) ?? '')
    await machine.deliver('before')

    const stopped = server.stop()
    await until('new connections to be refused', () =>
      openWire(machine.url).then(
        (wire) => wire.destroy(),
        (error: unknown) =>
          error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED',
      ),
    )
    for (const [index, wire] of wires.entries()) wire.write(requests[index]?.slice(-1) ?? '')
    const answers = await Promise.all(wires.map((wire) => wire.answer()))
    await Promise.all(wires.map((wire) => wire.closed()))
    await stopped

    expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 200))
    expect(new Set(answers.map(({ headers }) => headers['connection']))).toEqual(new Set(['close']))
    expect(await server.ended).toMatchObject({ code: 0 })
    const all = [...keys, ...keys.map((_, index) => `first-${index}`), 'before']
    expect((await kept()).toSorted()).toEqual(all.toSorted())
  },
)

test('of a steady stream each event that was answered 200 is kept, though the server ends amid it', async () => {
  const server = await machine.start('serve')
  const answered: string[] = []
  let isOver = false
  const streams = Array.from({ length: 8 }, async (_, stream) => {
    for (let index = 0; !isOver; index += 1) {
      const key = `stream-${stream}-${index}`
      const response = await machine.deliver(key).catch(() => null)
      if (response?.ok === true) answered.push(key)
      else isOver = true
    }
  })
  await until('some to be answered', () => Promise.resolve(answered.length > 100))

  await server.stop()
  await Promise.all(streams)

  const rows = new Set(await kept())
  expect(answered.filter((key) => !rows.has(key))).toEqual([])
}, 90_000)
