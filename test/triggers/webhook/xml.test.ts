import { expect, test } from 'vitest'
import { readXml } from '../../../src/triggers/webhook/xml.ts'

const parse = (text: string) => readXml(Buffer.from(text))

test('elements, attributes, text and CDATA are read without prefixes', () => {
  const root = parse(
    '<?xml version="1.0" encoding="UTF-8"?>\n<a:root xmlns:a="u" a:b=\'1&lt;2\'>x<c/>&#65;&#x42;<![CDATA[<&]]></a:root>\n',
  )

  expect(root).toEqual({
    name: 'root',
    attributes: new Map([
      ['a', 'u'],
      ['b', '1<2'],
    ]),
    children: [{ name: 'c', attributes: new Map(), children: [], text: '' }],
    text: 'xAB<&',
  })
})

test.each([
  ['nothing', ''],
  ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['an entity of its own', '<a>&b;</a>'],
  ['an ampersand alone', '<a>a & b</a>'],
  ['the character NUL', '<a>&#0;</a>'],
  ['half of a pair', '<a>&#xD800;</a>'],
  ['a character beyond all', '<a>&#x110000;</a>'],
  ['a comment', '<a><!-- b --></a>'],
  ['an instruction', '<a><?b?></a>'],
  ['a second declaration', '<?xml version="1.0"?><?xml version="1.0"?><a/>'],
  ['another encoding', '<?xml version="1.0" encoding="UTF-16"?><a/>'],
  ['two roots', '<a/><b/>'],
  ['text around the root', '<a/>b'],
  ['an end that is missing', '<a>'],
  ['an end too many', '<a/></a>'],
  ['ends in the wrong order', '<a><b></a></b>'],
  ['an attribute twice', '<a b="1" b="2"/>'],
  ['an attribute without quotes', '<a b=1/>'],
  ['CDATA without end', '<a><![CDATA[</a>'],
  ['33 levels', '<a>'.repeat(33) + '</a>'.repeat(33)],
  ['a million levels', '<a>'.repeat(1_000_000)],
  ['an attribute without end', `<a b="${' b="'.repeat(100_000)}`],
])('%s: no document', (_, text) => {
  expect(parse(text)).toBeNull()
})

test('32 levels are read', () => {
  expect(parse('<a>'.repeat(32) + '</a>'.repeat(32))).not.toBeNull()
})

test('what is no UTF-8 is no document', () => {
  expect(readXml(Buffer.from('<a>\xff</a>', 'latin1'))).toBeNull()
})
