import { expect, test } from 'vitest'
import { exchange } from './exchange.ts'
import { hostileBodies, type HostileBody, megabytes } from './hostile-bodies.ts'
import { openIntake } from './open-intake.ts'
import { print, type Shape, signedRequest } from './requests.ts'
import { signers } from './signers.ts'

const intake = await openIntake()
const { port } = intake
// Beside other tests on two cores the loop waits for its turn as well: the bound of 50 ms holds for the long run, alone.
const BUSY_HOLD_MS = 250
const LONGEST_HOLD_MS = process.env['ONSET_LONG'] === undefined ? BUSY_HOLD_MS : 50
const REPEATS = 5
const MEGABYTE = 1024 * 1024

const TINY: HostileBody = { name: 'a tiny body', body: Buffer.from('{}') }

let sent = 0

const signed = (source: string, body: HostileBody): Shape =>
  signedRequest({ source, number: (sent += 1), port, ...body })

/** Sends it alone. Answers with its status and how long it held the loop. */
async function send(shape: Shape): Promise<{ status: number | undefined; holdMs: number }> {
  await intake.longestHoldMs()
  const { answers } = await exchange({ port, writes: [print(shape)], answers: 1 })
  return { status: answers[0]?.status, holdMs: await intake.longestHoldMs() }
}

/** The same with the shortest of a few holds, less what a tiny request takes then: a busy machine is slow at everything. */
async function sendForHold(
  make: () => Shape,
  boundMs = LONGEST_HOLD_MS,
): Promise<Awaited<ReturnType<typeof send>>> {
  const { status, holdMs } = await send(make())
  let shortest = holdMs
  for (let repeat = 0; repeat < REPEATS && shortest > boundMs; repeat += 1) {
    const { holdMs: again } = await send(make())
    const { holdMs: tiny } = await send(signed('reviews', TINY))
    shortest = Math.min(shortest, again - tiny)
  }
  return { status, holdMs: shortest }
}

test.each(Object.keys(signers))(
  'whatever %s signs is answered, and holds nobody up',
  async (source) => {
    const slow: string[] = []
    const odd: string[] = []
    for (const body of [...hostileBodies, ...megabytes]) {
      // Above a megabyte, copying alone takes a while.
      const boundMs = (body.openBytes ?? 0) > MEGABYTE ? BUSY_HOLD_MS : LONGEST_HOLD_MS
      const { status, holdMs } = await sendForHold(() => signed(source, body), boundMs)
      if (holdMs > boundMs) slow.push(`${body.name}: ${Math.round(holdMs)} ms`)
      if (status === undefined || ![200, 401, 413, 415, 429].includes(status)) {
        odd.push(`${body.name}: ${status}`)
      }
    }

    expect({ slow, odd, faults: intake.faults() }).toEqual({ slow: [], odd: [], faults: '' })
  },
  120_000,
)

/** A signed body of spaces in pieces of one byte, for each of which six are sent. */
function inSingleBytes(length: number): Shape {
  const body = { name: 'spaces', body: Buffer.alloc(length, 0x20) }
  const { line, headers } = signed('reviews', body)
  const others = headers.filter(({ name }) => name !== 'content-length')
  return {
    line,
    headers: [...others, { name: 'transfer-encoding', value: 'chunked' }],
    body: Buffer.concat([Buffer.alloc(6 * length, '1\r\n \r\n'), Buffer.from('0\r\n\r\n')]),
  }
}

test('a body in pieces of one byte is read as long as it is short, and else cut', async () => {
  const { status: short } = await send(inSingleBytes(5_000))
  const { status: long, holdMs } = await sendForHold(() => inSingleBytes(MEGABYTE))

  expect(short).toBe(200)
  expect(long).toBeUndefined()
  expect(holdMs).toBeLessThan(LONGEST_HOLD_MS)
}, 60_000)

async function sendAll(): Promise<void> {
  for (const source of ['github', 'hubspot', 'salesforce', 'twilio', 'sendgrid']) {
    for (const body of hostileBodies) await send(signed(source, body))
  }
}

test('what hostile bodies took is given back', async () => {
  await sendAll()
  const before = await intake.memory()

  await sendAll()
  const after = await intake.memory()

  expect(after - before).toBeLessThan(8 * MEGABYTE)
}, 60_000)
