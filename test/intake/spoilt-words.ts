/** Stands for the path of the request. */
export const PATH = '{path}'
/** Stands for the length of its body: in hex where it is in chunks. */
export const LENGTH = '{length}'
/** Stands for one more. */
export const MORE = '{more}'
/** Stands for one less. */
export const LESS = '{less}'
/** Stands for the body. */
export const BODY = '{body}'

const LAST = '0\r\n\r\n'

/** What may stand between the name of a header and its colon: folded lines, spaces, what no header may have. */
export const beforeColon: readonly string[] = ['', ' ', '\t', ' \t', '\r\n ', '\0', '\x0b']

/** What may stand behind a value. */
export const afterValue: readonly string[] = [
  '',
  '  ',
  '\t',
  '\r\n ',
  '\r\n\t',
  '\r',
  '\n',
  '\0',
  ',',
  ', ',
  '\xa0',
]

/** Headers that may mean something to somebody. */
export const names: readonly string[] = [
  'x',
  '__proto__',
  'constructor',
  'transfer-encoding',
  'te',
  'expect',
  'connection',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'forwarded',
  'idempotency-key',
  'ce-id',
  'ce-specversion',
  'x-http-method-override',
  'trailer',
]

/** What may stand in them. */
export const values: readonly string[] = [
  '',
  '100-continue',
  'close',
  'keep-alive',
  'upgrade',
  'h2c',
  'websocket',
  'chunked',
  'identity',
  'trailers',
  '1.0',
  '127.0.0.1',
  'DELETE',
  '"',
  '\t',
  '\xff\xfe',
  'x'.repeat(5_000),
  'x'.repeat(17_000),
  `${'1.1.1.1,'.repeat(1_900)}1`,
  ', '.repeat(4_000),
]

/** Content types, some of them in other sets of characters. */
export const contentTypes: readonly string[] = [
  '',
  'application/json, application/json',
  'application/json;charset=utf-16',
  'application/json; charset="utf-8',
  'application/json;charset=utf-8;charset=utf-16',
  'text/plain',
  'APPLICATION/JSON',
  'application/xml',
  'multipart/form-data',
  'multipart/form-data; boundary=a',
  'application/x-www-form-urlencoded',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  ';',
  '/',
  'null',
  'application/json;'.repeat(800),
  `application/json;${' '.repeat(12_000)}charset`,
]

/** Content codings. */
export const codings: readonly string[] = [
  'gzip',
  'deflate',
  'br',
  'zstd',
  'gzip, gzip',
  'identity',
  'GZIP',
  '',
  'x-gzip',
]

/** Hosts, most of which are none. */
export const hosts: readonly string[] = [
  '',
  'a b',
  'a,b',
  '[::1',
  'a\\b',
  '\xfc',
  '127.0.0.1:99999',
  'x'.repeat(9_000),
  '@',
  '?',
]

/** Values of the headers with the length, of which there may be several. */
export const lengths: readonly string[][] = [
  [],
  [MORE],
  [LESS],
  ['0'],
  ['-1'],
  ['+1'],
  [`+${LENGTH}`],
  ['0x10'],
  ['1e2'],
  [''],
  [LENGTH, LENGTH],
  [LENGTH, MORE],
  [LESS, LENGTH],
  [`${LENGTH}, ${LENGTH}`],
  [` ${LENGTH} `],
  [`0${LENGTH}`],
  ['9'.repeat(30)],
  ['18446744073709551617'],
  ['1 1'],
  ['NaN'],
  ['2000000'],
  [`${LENGTH}\t`],
  [`${LENGTH}.0`],
]

/** Values of the headers with the transfer coding, of which there may be several. */
export const transferCodings: readonly string[][] = [
  ['chunked'],
  ['xchunked'],
  ['chunked', 'chunked'],
  ['chunked, identity'],
  ['CHUNKED'],
  ['identity, chunked'],
  ['gzip, chunked'],
  [' chunked'],
  ['chunked\x0b'],
  ['chunked;a=b'],
  ['identity'],
  ['identity', 'chunked'],
  ['chunked', 'identity'],
  [''],
  ['"chunked"'],
]

/** Bodies in chunks, most of which are none. */
export const chunks: readonly string[] = [
  `${LENGTH}\r\n${BODY}\r\n${LAST}`,
  `${LENGTH};a=b\r\n${BODY}\r\n0\r\nx: y\r\n\r\n`,
  `${LENGTH}\r\n${BODY}${LAST}`,
  `${LENGTH}\n${BODY}\n0\n\n`,
  `zz\r\n${BODY}\r\n`,
  `-1\r\n${BODY}\r\n${LAST}`,
  `${'f'.repeat(20)}\r\n${BODY}\r\n${LAST}`,
  `0x${LENGTH}\r\n${BODY}\r\n${LAST}`,
  `00000${LENGTH}\r\n${BODY}\r\n${LAST}`,
  `${LENGTH}\r\n${BODY}\r\n`,
  `${LENGTH};${'x'.repeat(17_000)}\r\n${BODY}\r\n${LAST}`,
  `${LENGTH} \r\n${BODY}\r\n${LAST}`,
  `${LAST}${BODY}`,
  `\r\n${BODY}`,
  BODY,
  `${LENGTH}\r\n${BODY}\r\n0\r\ncontent-length: 5\r\ntransfer-encoding: x\r\n\r\n`,
  `${LENGTH}\r\n${BODY}\r\n0\r\n x\r\n\r\n`,
  `${LENGTH};\n${BODY}\r\n${LAST}`,
]

/** First lines. */
export const lines: readonly string[] = [
  `POST ${PATH}`,
  `POST ${PATH} HTTP/0.9`,
  `POST ${PATH} HTTP/1.0`,
  `POST ${PATH} HTTP/1.2`,
  `POST ${PATH} HTTP/2.0`,
  `post ${PATH} HTTP/1.1`,
  `GET ${PATH} HTTP/1.1`,
  `POST  ${PATH} HTTP/1.1`,
  `POST http://127.0.0.1${PATH} HTTP/1.1`,
  `POST https://evil${PATH} HTTP/1.1`,
  'POST * HTTP/1.1',
  `POST /x/..${PATH} HTTP/1.1`,
  `POST /${PATH} HTTP/1.1`,
  `POST ${PATH}#f HTTP/1.1`,
  `POST ${PATH}\t HTTP/1.1`,
  `POST ${PATH}\0 HTTP/1.1`,
  `POST ${PATH}%00 HTTP/1.1`,
  'CONNECT 127.0.0.1:80 HTTP/1.1',
  `PUT ${PATH} HTTP/1.1`,
  'OPTIONS * HTTP/1.1',
  `POST ${PATH}&bodySHA256=${'a'.repeat(64)} HTTP/1.1`,
  `POST /${'a'.repeat(15_000)} HTTP/1.1`,
  'POST /hooks/%67ithub HTTP/1.1',
  'POST /hooks/github/ HTTP/1.1',
  'POST /hooks/%E0%A4 HTTP/1.1',
  `\r\n\r\nPOST ${PATH} HTTP/1.1`,
  ` POST ${PATH} HTTP/1.1`,
  `\xef\xbb\xbfPOST ${PATH} HTTP/1.1`,
]
