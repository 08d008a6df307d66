import { expect, test } from 'vitest'
import { originOf, readNetworks } from '../../../src/triggers/webhook/addresses.ts'
import { createThrottle } from '../../../src/triggers/webhook/throttle.ts'

function networks(text: string) {
  const isListed = readNetworks(text)
  if (typeof isListed === 'string') throw new Error(isListed)
  return isListed
}

const isProxy = networks('10.0.0.0/8, ::1')
const origin = (peer: string, forwardedFor?: string) => originOf({ peer, forwardedFor, isProxy })

test.each([
  ['192.0.2.1', true],
  ['192.0.2.255', true],
  ['192.0.3.1', false],
  ['203.0.113.7', true],
  ['203.0.113.8', false],
  ['2001:db8:1::1', true],
  ['2001:db9::1', false],
  ['nonsense', false],
  ['', false],
])('whether %s is on the list: %s', (address, expected) => {
  const isListed = networks('192.0.2.0/24, 203.0.113.7,2001:db8::/32')

  expect([isListed(address), isListed(address)]).toEqual([expected, expected])
})

test.each([
  '192.0.2.0/33',
  '192.0.2/24',
  'host.example.org',
  '::1/129',
  '10.0.0.0/8/8',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/1e1',
])('%s is no network, and the fault names it', (text) => {
  expect(readNetworks(`10.0.0.0/8,${text}`)).toContain(`'${text}'`)
})

test.each([
  ['the peer where it is no proxy', '192.0.2.1', '198.51.100.1', '192.0.2.1', false],
  ['who a proxy says', '10.0.0.1', '198.51.100.1', '198.51.100.1', true],
  [
    'the right-most where there are several',
    '10.0.0.1',
    '198.51.100.9, 198.51.100.1',
    '198.51.100.1',
    true,
  ],
  [
    'who stands before other proxies',
    '10.0.0.1',
    '198.51.100.1, 10.0.0.2,10.0.0.3',
    '198.51.100.1',
    true,
  ],
  ['the peer where nothing is said', '10.0.0.1', undefined, '10.0.0.1', true],
  ['the peer where it says nonsense', '10.0.0.1', '198.51.100.1, nonsense', '10.0.0.1', true],
  ['the peer where it says nothing', '10.0.0.1', '', '10.0.0.1', true],
  ['a zone is none', '10.0.0.1', 'fe80::1%eth0', '10.0.0.1', true],
  ['IPv4 within IPv6', '::ffff:10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1', true],
  ['IPv4 within IPv6 in hexadecimal', '10.0.0.1', '::ffff:c633:6401', '198.51.100.1', true],
  ['IPv4 without its port', '10.0.0.1', '198.51.100.1:51234', '198.51.100.1', true],
  ['IPv6 without brackets', '10.0.0.1', '[2001:db8::1]', '2001:db8::1', true],
  ['IPv6 without brackets and port', '10.0.0.1', '[2001:db8::1]:443', '2001:db8::1', true],
  [
    'who stands before proxies with ports',
    '10.0.0.1',
    '198.51.100.1:1, 10.0.0.2:2,[::1]:3',
    '198.51.100.1',
    true,
  ],
  ['the peer where a port is none', '10.0.0.1', '198.51.100.1:x', '10.0.0.1', true],
  ['the peer where brackets hold none', '10.0.0.1', '[198.51.100]', '10.0.0.1', true],
  ['IPv6 in its short form', '::1', '2001:DB8:0:0:0:0:0:1', '2001:db8::1', true],
])('the origin is %s', (_, peer, forwardedFor, address, proxied) => {
  expect(origin(peer, forwardedFor)).toEqual({ address, proxied })
})

test('an address may fail twenty times a minute', () => {
  const throttle = createThrottle()

  const waits = Array.from({ length: 22 }, () => throttle.failed('192.0.2.1', 1_000))

  expect(waits).toEqual([...Array<null>(20).fill(null), 60, 60])
  expect(throttle.failed('192.0.2.1', 60_999)).toBe(1)
  expect(throttle.failed('192.0.2.1', 61_000)).toBeNull()
})

test.each([
  ['of one IPv6 network', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
  ['of two IPv6 networks', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['of two IPv4 addresses', '192.0.2.1', '192.0.2.2', false],
  ['that are short', '::1', '::2', true],
])('failures %s count together: %s', (_, first, second, together) => {
  const throttle = createThrottle()
  for (let failure = 0; failure < 20; failure += 1) throttle.failed(first, 0)

  expect(throttle.failed(second, 0) !== null).toBe(together)
})

test('only so many addresses are remembered', () => {
  const throttle = createThrottle()
  for (let failure = 0; failure <= 20; failure += 1) throttle.failed('192.0.2.1', 0)
  for (let other = 0; other < 10_000; other += 1)
    throttle.failed(`10.0.${other >> 8}.${other & 255}`, 0)

  expect(throttle.failed('192.0.2.1', 0)).toBeNull()
})
