import { expect, test } from 'vitest'
import { createMaskBody } from '../../../src/triggers/webhook/mask-body.ts'
import { github } from '../../../src/triggers/webhook/presets/index.ts'

const preset = { ...github('SECRET'), maskedMembers: ['response_url', 'token'] }
const mask = createMaskBody([{ source: 'slack', preset }])

test.each([
  ['{"token" : "a\\"b","text":"token"}', '{"token" : "[masked]","text":"token"}'],
  [
    '{"n":12345678901234567890,"a":[{"response_url":"x"}]}',
    '{"n":12345678901234567890,"a":[{"response_url":"[masked]"}]}',
  ],
  ['token=abc&text=x&response_url=https%3A%2F%2Fx', 'token=[masked]&text=x&response_url=[masked]'],
  [
    'payload=%7B%22token%22%3A%22abc%22%2C%22a%22%3A1%7D',
    'payload=%7B%22token%22%3A%22[masked]%22%2C%22a%22%3A1%7D',
  ],
  [
    '--b\r\nContent-Disposition: form-data; name="token"\r\n\r\nabc\r\n--b--',
    '--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n[masked]\r\n--b--',
  ],
  ['{"token":"never ends', '{"token":"[masked]'],
  ['{"token":"a\\\\"}', '{"token":"[masked]"}'],
  ['{"token":"","a":"token"}', '{"token":"[masked]","a":"token"}'],
  ['payload=%7B%22token%22+%3a+%22a%5c%22bc%22%7D', 'payload=%7B%22token%22+%3a+%22[masked]%22%7D'],
  ['{"tokens":"stay","my_token":"stays"}', '{"tokens":"stay","my_token":"stays"}'],
])('%j is shown as %j', (body, shown) => {
  expect(mask('slack', body)).toBe(shown)
})

test.each([
  ['a member of 8 MB', `{"token":"${'x'.repeat(8 * 1024 * 1024)}"}`],
  ['a member of 8 MB of escapes', `{"token":"${'\\\\'.repeat(4 * 1024 * 1024)}"}`],
  ['a name again and again', 'name="token"\r\n'.repeat(200_000)],
  ['a name in quotes again and again', '"token"'.repeat(200_000)],
  ['quotes again and again', '%22token%22%3A%22'.repeat(200_000)],
])('%s is hidden in one walk', (_, body) => {
  const start = process.threadCpuUsage()

  const shown = mask('slack', body)

  expect(shown.includes('[masked]')).toBe(!body.startsWith('"'))
  const { user, system } = process.threadCpuUsage(start)
  expect((user + system) / 1_000).toBeLessThan(1_000)
})

test('bodies of other sources are shown as they are', () => {
  expect(mask('github', '{"token":"x"}')).toBe('{"token":"x"}')
})
