import { expect, test } from 'vitest'
import { publicBaseOf } from '../../../src/triggers/webhook/public-url.ts'

const forwarded = (proto: string, host: string) => ({
  host: 'inner:3000',
  'x-forwarded-proto': proto,
  'x-forwarded-host': host,
})

test.each([
  ['https', 'Hooks.example.org', 'https://Hooks.example.org'],
  ['http, https', 'other.example, hooks.example.org', 'https://hooks.example.org'],
  ['http,https,', ' , ', 'https://inner:3000'],
  ['', '', 'http://inner:3000'],
])('a proxy that forwards %j and %j is called as %s', (proto, host, expected) => {
  const headers = forwarded(proto, host)

  expect(publicBaseOf(headers, { configured: undefined, proxied: true })).toBe(expected)
})

test('what is configured, or comes from no proxy, is not changed by any header', () => {
  const headers = forwarded('https', 'elsewhere.example')
  const configured = 'https://hooks.example.org/onset'

  expect(publicBaseOf(headers, { configured, proxied: true })).toBe(configured)
  expect(publicBaseOf(headers, { configured: undefined, proxied: false })).toBe('http://inner:3000')
})
