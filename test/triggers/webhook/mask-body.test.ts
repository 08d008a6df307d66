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
  ['{"tokens":"stay","my_token":"stays"}', '{"tokens":"stay","my_token":"stays"}'],
])('%j is shown as %j', (body, shown) => {
  expect(mask('slack', body)).toBe(shown)
})

test('bodies of other sources are shown as they are', () => {
  expect(mask('github', '{"token":"x"}')).toBe('{"token":"x"}')
})
