import { expect, test } from 'vitest'
import { salesforce } from '../../../../src/triggers/webhook/presets/salesforce.ts'
import { composed, eventsOf, judgeChanged, read, readBody } from './composed.ts'

const preset = salesforce('SALESFORCE_CERTIFICATE', {
  header: 'X-Client-Fingerprint',
  addresses: 'SALESFORCE_ADDRESSES',
})
const SESSION = '00D000000000001!AQcAQLiveSession'

const notification = (id: string, fields = '<sf:Id>006</sf:Id>'): string =>
  `<Notification><Id>${id}</Id><sObject xsi:type="sf:Lead" xmlns:sf="urn:s">${fields}</sObject></Notification>`
const message = (notifications: string, session = `<SessionId>${SESSION}</SessionId>`): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00D1</OrganizationId>
   <ActionId>04k1</ActionId>
   ${session}
   <EnterpriseUrl>https://acme.my.salesforce.com/</EnterpriseUrl>
   ${notifications}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`
const eventsIn = async (body: string) => eventsOf(await readBody(preset, body, 'text/xml'))

test('each notification is an event with the fields of its record', async () => {
  const fields =
    '<sf:Id>006</sf:Id><sf:Name>A &amp; B</sf:Name><sf:Fax xsi:nil="true"/><sf:Tag>1</sf:Tag><sf:Tag>2</sf:Tag><sf:At><sf:City>Bonn</sf:City></sf:At>'

  const events = await eventsIn(message(notification('04l1', fields) + notification('04l2')))

  expect(events).toEqual([
    {
      key: '04l1',
      type: 'Lead.notified',
      subject: '006',
      data: {
        readable: true,
        data: {
          OrganizationId: '00D1',
          ActionId: '04k1',
          EnterpriseUrl: 'https://acme.my.salesforce.com/',
          Id: '04l1',
          type: 'Lead',
          sObject: { Id: '006', Name: 'A & B', Fax: null, Tag: ['1', '2'], At: { City: 'Bonn' } },
        },
      },
    },
    expect.objectContaining({ key: '04l2', subject: '006' }),
  ])
})

test.each([
  ['a session', `<SessionId>${SESSION}</SessionId>`],
  ['a prefix', `<s:SessionId xmlns:s="u">${SESSION}</s:SessionId >`],
  ['CDATA', `<SessionId><![CDATA[${SESSION}]]></SessionId>`],
  ['a message that was cut off', `<SessionId>${SESSION}`],
  ['elements in it', `<SessionId>a<b>${SESSION}</b></SessionId>`],
])('%s: the session is in no part and not in the bytes that are kept', async (_, session) => {
  const body = message(notification('04l1', `<sf:Id>006</sf:Id>${session}`), session)

  const events = await eventsIn(body)
  const kept = Buffer.from(preset.redactRaw?.(Buffer.from(body)) ?? body).toString()

  expect(kept).not.toContain('LiveSession')
  expect(JSON.stringify(events)).not.toContain('LiveSession')
})

test('a message without a session is kept as it came', () => {
  const body = message(notification('04l1'), '<SessionId xsi:nil="true"/>')

  expect(Buffer.from(preset.redactRaw?.(Buffer.from(body)) ?? '').toString()).toBe(body)
})

test('of a message in another encoding nothing is kept', () => {
  const body = Buffer.from(`\uFEFF${message('')}`, 'utf16le')

  expect(Buffer.from(preset.redactRaw?.(body) ?? '').toString()).toBe('The message is no UTF-8.')
})

test.each([
  ['no notification', message('')],
  ['101 of them', message(notification('1').repeat(101))],
  ['one without an id', message(notification(''))],
  ['a document type', message(notification('1')).replace('?>', '?><!DOCTYPE a>')],
  ['an entity', message(notification('1', '<sf:Id>&file;</sf:Id>'))],
  ['a text', 'text'],
  ['no envelope', '<a/>'],
])('%s: kept in quarantine', async (_, body) => {
  expect(await eventsIn(body)).toMatchObject([{ type: 'unknown', unreadable: true }])
})

test('a hundred notifications are taken', async () => {
  expect(await eventsIn(message(notification('1').repeat(100)))).toHaveLength(100)
})

test('a sample is read back', async () => {
  const [event] = eventsOf(await read(preset, composed(preset, { id: 'a&<"' })))

  expect(event).toMatchObject({ key: 'a&<"', type: 'Opportunity.notified' })
})

test('the answer acknowledges in SOAP', () => {
  const answer = preset.answer?.([], Object.create(null))

  expect(answer).toMatchObject({ status: 200, contentType: 'text/xml; charset=utf-8' })
  expect(answer?.body).toMatch(
    /<notificationsResponse [^>]*><Ack>true<\/Ack><\/notificationsResponse>/,
  )
})

test.each([
  ['nobody in front', { proxied: false }, 'proxy'],
  ['no certificate', { headers: { 'x-client-fingerprint': '' } }, 'header'],
  ['another certificate', { headers: { 'x-client-fingerprint': 'f'.repeat(64) } }, 'credentials'],
  ['two of them', { headers: { 'x-client-fingerprint': 'a, b' } }, 'header'],
])('%s: refused', async (_, changes, step) => {
  const judged = await judgeChanged(preset, composed(preset), changes)

  expect(judged).toMatchObject({ verified: false, step })
})
