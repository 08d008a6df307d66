import { expect, test } from 'vitest'
import { needsTls } from '../src/tls-advice.ts'

test.each([
  ['127.0.0.1', undefined, undefined, false],
  ['localhost', undefined, undefined, false],
  ['::1', undefined, undefined, false],
  ['0.0.0.0', undefined, undefined, true],
  ['::', 'http://hooks.example.org', undefined, true],
  ['0.0.0.0', 'https://hooks.example.org', undefined, false],
  ['10.0.0.7', undefined, '10.0.0.0/8', false],
])(
  'whether %s with the public URL %s behind the proxies %s needs TLS: %s',
  (HOST, PUBLIC_URL, TRUSTED_PROXIES, expected) => {
    expect(needsTls({ HOST, PUBLIC_URL, TRUSTED_PROXIES })).toBe(expected)
  },
)
