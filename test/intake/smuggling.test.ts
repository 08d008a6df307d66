import { expect, test } from 'vitest'
import { createTalks } from './conversations.ts'
import { openIntake } from './open-intake.ts'
import { print, signedRequest } from './requests.ts'

const intake = await openIntake()
const talk = createTalks(intake)
const { port, pool } = intake

const unsigned =
  'POST /hooks/github?smuggled=1 HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
const SMUGGLED = `${unsigned}x-github-event: push\r\ncontent-length: 2\r\n\r\n{}`
const CHUNKED = 'transfer-encoding: chunked'
const hex = SMUGGLED.length.toString(16)

/** A request without a signature, in whose body or behind which another is. */
const shapes = {
  'a length and chunks': [
    `content-length: ${5 + SMUGGLED.length}`,
    CHUNKED,
    '',
    `0\r\n\r\n${SMUGGLED}`,
  ],
  'chunks and a length': [CHUNKED, 'content-length: 4', '', `${hex}\r\n${SMUGGLED}\r\n0\r\n\r\n`],
  'chunks of another name': ['transfer-encoding: xchunked', 'content-length: 0', '', SMUGGLED],
  'chunks in a folded line': ['transfer-encoding:\r\n chunked', 'content-length: 0', '', SMUGGLED],
  'chunks with a space before the colon': [
    'transfer-encoding : chunked',
    'content-length: 0',
    '',
    SMUGGLED,
  ],
  'chunks twice': [CHUNKED, CHUNKED, '', `0\r\n\r\n${SMUGGLED}`],
  'chunks, then identity': [CHUNKED, 'transfer-encoding: identity', '', `0\r\n\r\n${SMUGGLED}`],
  'chunks behind a tab': ['transfer-encoding:\tchunked\x0b', 'content-length: 0', '', SMUGGLED],
  'two lengths': [`content-length: 0`, `content-length: ${SMUGGLED.length}`, '', SMUGGLED],
  'two lengths in one': [`content-length: 0, ${SMUGGLED.length}`, '', SMUGGLED],
  'a length with a sign': ['content-length: +0', '', SMUGGLED],
  'a length of nothing': ['content-length:', '', SMUGGLED],
  'a length in hex': ['content-length: 0x0', '', SMUGGLED],
  'no length': ['', SMUGGLED],
  'a line feed alone': [`content-length: 0\n\n${SMUGGLED}`, '', ''],
  'a carriage return alone': [`content-length: 0\r\r${SMUGGLED}`, '', ''],
  'a header with a line break': [`x: a\r\n\r\n${SMUGGLED}`, '', ''],
  'trailers with a length': [CHUNKED, '', `0\r\ncontent-length: 9\r\n\r\n${SMUGGLED}`],
  'a chunk that is longer than it says': [CHUNKED, '', `1\r\n${SMUGGLED}\r\n0\r\n\r\n`],
  'an extension with a line feed': [CHUNKED, '', `1;\n${SMUGGLED}\r\n0\r\n\r\n`],
  'an expectation': ['expect: 100-continue', 'content-length: 0', '', SMUGGLED],
  'an upgrade': ['connection: upgrade', 'upgrade: h2c', 'content-length: 0', '', SMUGGLED],
  'an absolute address': ['content-length: 0', '', SMUGGLED.replace('/hooks', 'http://b/hooks')],
  'HTTP/0.9': ['content-length: 0', '', `GET /api/events\r\n\r\n${SMUGGLED}`],
}

test.each(Object.entries(shapes))(
  'with %s nothing is smuggled past the signature',
  async (name, lines) => {
    const head = 'POST /hooks/reviews HTTP/1.1\r\nhost: a\r\ncontent-type: application/json'

    const faults = await talk([
      { about: name, partedAt: 0.5, hostile: () => Buffer.from([head, ...lines].join('\r\n')) },
    ])

    const { rows } = await pool.query("select 1 from events where url like '%smuggled%'")
    expect({ faults, rows }).toEqual({ faults: [], rows: [] })
  },
)

test('a body that is a request is a body', async () => {
  const faults = await talk([
    {
      about: 'a request in a signed body',
      partedAt: 0.5,
      hostile: (number) =>
        print(signedRequest({ source: 'github', number, port, body: Buffer.from(SMUGGLED) })),
    },
  ])

  const { rows } = await pool.query('select state, body from events where source = $1', ['github'])
  expect(faults).toEqual([])
  expect(rows).toEqual([{ state: 'quarantined', body: Buffer.from(SMUGGLED) }])
})
