import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'

/** A body that is meant to break whoever reads it. */
export interface HostileBody {
  name: string
  body: Uint8Array
  contentType?: string
  contentEncoding?: string
  /** How large it becomes, where that is more, in bytes. */
  openBytes?: number
}

const DEEP = 100_000
const FORM = 'application/x-www-form-urlencoded'
const bomb = Buffer.alloc(32 * 1024 * 1024, 0x20)
const small = Buffer.from('{"type":"intake.tested","text":"compressed"}')

/** Bodies that a provider could sign all the same. */
export const hostileBodies: HostileBody[] = [
  text('an open bracket a hundred thousand times', '['.repeat(DEEP)),
  text('brackets of a hundred thousand levels', `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`),
  text('objects of ten thousand levels', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
  text('a hundred thousand empty lists', `[${'[],'.repeat(DEEP)}[]]`),
  text('__proto__', '{"__proto__":{"type":"x"},"type":"a","constructor":{"prototype":{"x":1}}}'),
  text('__proto__ in escapes', String.raw`{"\u005f_proto__":{"polluted":1},"type":"a"}`),
  text('equal keys', '{"type":"a","type":"b","id":1,"id":2}'),
  text('ten thousand keys', JSON.stringify(Object.fromEntries(Array(10_000).entries()))),
  text('NUL', '{"type":"a\\u0000b","id":"\\u0000","n":"\0"}'),
  text('lone surrogates', String.raw`{"type":"\ud800","id":"\udfff","event_id":"\ud800"}`),
  text('numbers beyond all bounds', '[1e999,-1e999,1e-999,99999999999999999999999999,-0]'),
  text('names of types', '{"type":{"a":1},"id":["x"],"event":7,"action":null,"data":true}'),
  text('a key of a megabyte', `{"id":"${'k'.repeat(300_000)}","type":"${'t'.repeat(300_000)}"}`),
  text('nothing', ''),
  text('white space', ' \t\r\n'.repeat(1_000)),
  text('a byte order mark', '\ufeff{"type":"a"}'),
  text('half of JSON', '{"type":"a"'),
  text('more than JSON', '{"type":"a"}{"type":"b"}'),
  text('a list of nothing', '[null,1,"",[],{},true]'),
  text(
    'a list of a thousand',
    JSON.stringify(Array.from({ length: 1_000 }, () => ({ type: 'a' }))),
  ),
  { name: 'no UTF-8', body: Buffer.from([0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22]) },
  { name: 'half of UTF-8', body: Buffer.from([0x22, 0xe2, 0x82]) },
  { name: 'UTF-16', body: Buffer.from('{"type":"a"}', 'utf16le') },
  form('a form of a hundred thousand fields', 'a=b&'.repeat(DEEP)),
  form('a form with odd names', '__proto__=1&constructor=2&=&==&a&%00=%ff&%zz=1&a=1&a=2'),
  form('a form with a payload that is none', 'payload=%7B%22'),
  form('a form with two payloads', 'payload={}&payload={"type":"a"}'),
  form('a form that checks TLS', 'ssl_check=1&token=x'),
  parts('parts without an end', '--a\r\ncontent-disposition: form-data; name="x"\r\n\r\n1'),
  parts('ten thousand boundaries', '--a\r\n'.repeat(10_000)),
  parts('a part without a name', '--a\r\n\r\n1\r\n--a--'),
  xml('entities', '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'),
  xml('XML of ten thousand levels', '<a>'.repeat(10_000)),
  xml('XML with attributes without an end', `<a ${'b="c" '.repeat(20_000)}`),
  xml('XML of spaces', `<a${' '.repeat(100_000)}`),
  ...Object.entries({ gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }).flatMap(
    ([contentEncoding, compress]) => [
      {
        name: `a bomb in ${contentEncoding}`,
        body: compress(bomb),
        contentEncoding,
        openBytes: bomb.length,
      },
      {
        name: `${contentEncoding} cut off`,
        body: compress(small).subarray(0, 20),
        contentEncoding,
      },
      { name: `${contentEncoding} and more`, body: and(compress(small), 'more'), contentEncoding },
      { name: `${contentEncoding} that is none`, body: small, contentEncoding },
      { name: `${contentEncoding} twice`, body: compress(compress(bomb)), contentEncoding },
    ],
  ),
]

const MEGABYTE = 1024 * 1024
const filled = (piece: string): string => piece.repeat(Math.floor(MEGABYTE / piece.length))

/** Bodies of a megabyte of what costs most to read. */
export const megabytes: HostileBody[] = [
  text('a megabyte of open brackets', filled('[')),
  text('a megabyte of empty lists', `[${filled('[],').slice(0, -3)}]`),
  text('a megabyte of empty objects', `[${filled('{},').slice(0, -3)}]`),
  text('a megabyte of numbers', `[${filled('1,').slice(0, -3)}]`),
  text('a megabyte of digits', filled('1')),
  text('a megabyte of escapes', `"${filled(String.raw`\u005f`).slice(6)}"`),
  text('a megabyte of quotes', filled('"')),
  text('a megabyte of keys', `{${filled('"a":1,').slice(0, -7)}}`),
  text('a megabyte of __proto__', `[${filled('{"__proto__":1},').slice(0, -17)}]`),
  form('a megabyte of fields', filled('a=b&')),
  form('a megabyte of escapes in one field', `a=${filled('%41').slice(4)}`),
  form('a megabyte of ssl_check', filled('ssl_check=0&')),
  parts(
    'a megabyte of parts',
    filled('--a\r\ncontent-disposition: form-data; name="x"\r\n\r\n1\r\n'),
  ),
  xml('a megabyte of elements', `<a>${filled('<b/>').slice(8)}</a>`),
  xml('a megabyte of entities', `<a>${filled('&amp;').slice(10)}</a>`),
  xml('a megabyte of sessions', `<a>${filled('<SessionId>x').slice(24)}</a>`),
  xml('a megabyte of attributes', `<a ${filled('b="" ').slice(10)}/>`),
  { name: 'a megabyte of no UTF-8', body: Buffer.alloc(MEGABYTE, 0xff) },
]

function text(name: string, body: string): HostileBody {
  return { name, body: Buffer.from(body) }
}

function form(name: string, body: string): HostileBody {
  return { ...text(name, body), contentType: FORM }
}

function parts(name: string, body: string): HostileBody {
  return { ...text(name, body), contentType: 'multipart/form-data; boundary=a' }
}

function xml(name: string, body: string): HostileBody {
  return { ...text(name, body), contentType: 'text/xml' }
}

function and(body: Buffer, more: string): Buffer {
  return Buffer.concat([body, Buffer.from(more)])
}
