import { signers } from './signers.ts'

/** A request before it is written: what is changed in it is changed here, or in the bytes that come of it. */
export interface Shape {
  line: string
  /** In their order; latin1. */
  headers: { name: string; value: string }[]
  body: Uint8Array
}

/** What makes a request. */
export interface Making {
  /** Which source it is for. */
  source: string
  /** Stands in its path: by this it is found again among what was kept. */
  number: number
  /** The name of the number in the path. @default 'n' */
  mark?: string
  port: number
  /** Signed like any other; a body of the provider where absent. */
  body?: Uint8Array
  contentType?: string
  contentEncoding?: string
}

/** A request that its provider has signed. */
export function signedRequest(making: Making): Shape {
  const { source, number, port, contentEncoding } = making
  const signer = signers[source]
  if (signer === undefined) throw new Error(`Expected a signer of ${source}.`)
  const id = `event-${number}`
  const body = making.body ?? Buffer.from(signer.body(id))
  const host = `127.0.0.1:${port}`
  const path = pathOf(making)
  const headers = {
    host,
    'content-type': making.contentType ?? signer.contentType,
    ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
    ...(source === 'github' ? { 'x-github-event': 'tests', 'x-github-delivery': id } : {}),
    ...signer.sign({ body, method: 'POST', url: `http://${host}${path}`, id }),
    'content-length': String(body.length),
  }
  return {
    line: `POST ${path} HTTP/1.1`,
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    body,
  }
}

const pathOf = ({ source, number, mark = 'n' }: Making): string =>
  `/hooks/${source}?${mark}=${number}`

/** The number under a mark in the URL of what was kept; NaN where there is none. */
export const numberIn = (url: string, mark = 'n'): number =>
  Number(new RegExp(`[?&]${mark}=(\\d+)`).exec(url)?.[1] ?? Number.NaN)

/** A request as it goes over the wire. */
export function print({ line, headers, body }: Shape): Buffer {
  const head = [line, ...headers.map(({ name, value }) => `${name}: ${value}`), '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}
