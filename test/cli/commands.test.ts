import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { onset } from './open-command-line.ts'

test('help lists every command, those of main.ts included', async () => {
  const { exitCode, out } = await onset({}, ['help'])

  expect(exitCode).toBe(0)
  for (const name of ['serve', 'send', 'runs', 'approvals', 'approve', 'doctor']) {
    expect(out).toContain(`\n  ${name} `)
  }
})

test('without a command the help is shown as an error', async () => {
  expect((await onset({}, [])).exitCode).toBe(2)
})

test.each([
  ['help', 'send'],
  ['send', '--help'],
  ['send', '-h'],
])('%s %s shows the flags of the command', async (...argv) => {
  const { exitCode, out } = await onset({}, argv)

  expect(exitCode).toBe(0)
  expect(out).toContain('npx onset send <source or provider> <type>')
  expect(out).toContain('--count')
})

test('--version prints the version alone', async () => {
  expect(await onset({}, ['--version'])).toEqual({ exitCode: 0, out: '1.2.3\n', error: '' })
})

test('a command of main.ts gets its flags', async () => {
  expect(await onset({}, ['serve', '--port', '80'])).toMatchObject({
    exitCode: 0,
    out: 'port 80\n',
  })
})

test.each([
  [['snd'], "Unknown command 'snd'. Did you mean 'send'?"],
  [
    ['xyzzy'],
    "Unknown command 'xyzzy'. Known: serve, send, verify, events, rejects, runs, approvals, approve, llm, doctor, help.",
  ],
  [['--verbose'], "Unknown flag '--verbose'."],
  [['help', 'snd'], "Did you mean 'send'?"],
  [['llm'], 'Usage: npx onset llm <'],
  [['llm', 'budget'], "Unknown word of llm 'budget'. Did you mean 'budgets'?"],
  [['llm', 'budgets', '--limits', '5'], "Unknown flag '--limits'. Did you mean '--limit'?"],
  [['runs', '--stauts', 'failed'], "Unknown flag '--stauts'. Did you mean '--status'?"],
  [['runs', '--constructor'], "Unknown flag '--constructor'."],
  [['runs', '-x'], "Unknown flag '-x'."],
  [['runs', '--status'], '--status needs a value.'],
  [['runs', '--status', '--json'], '--status needs a value.'],
  [['runs', '--json=yes'], '--json takes no value.'],
  [['runs', '--limit', '0'], "Expected a number from 1 to 200 as --limit, received '0'."],
  [['runs', '--follow'], 'Name the run that --follow is to follow.'],
  [['runs', 'a', 'b'], 'Expected retry, skip, fail or cancel before a run'],
  [['runs', 'cancel', 'a', 'b'], 'Expected retry, skip, fail or cancel before a run'],
  [['runs', '--url', 'nowhere'], "as --url, received 'nowhere'."],
  [['send', 'github'], 'Usage: npx onset send <source or provider> <type>'],
  [['send', 'githb', 'issues.opened'], "Unknown source 'githb'. Did you mean 'github'?"],
  [['send', 'github', 'issue.opened'], "Did you mean 'issues.opened'?"],
  [['send', 'github', 'toString'], "Unknown sample of github 'toString'."],
  [['send', 'github', 'issues.opened', '--count', 'two'], "as --count, received 'two'."],
  [['approve'], 'Name a run or an approval, or give --latest.'],
  [['approve', 'apr_1', '--latest'], 'Name a run or an approval, or give --latest.'],
])('%j is wrong usage', async (argv, message) => {
  const { exitCode, out, error } = await onset({}, argv)

  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
  expect(error).toContain(message)
})

test.each([
  [['runs']],
  [['runs', 'a:b', '--follow']],
  [['approvals']],
  [['approve', 'apr_1']],
  [['send', 'github', 'issues.opened']],
])('%j says that no server is there', async (argv) => {
  expect(await onset({}, argv)).toEqual({
    exitCode: 3,
    out: '',
    error: 'No Onset server at http://127.0.0.1:1. Start one with npm start.\n',
  })
})

test('--url names another server', async () => {
  const { error } = await onset({}, ['runs', '--url', 'http://127.0.0.1:2/'])

  expect(error).toContain('No Onset server at http://127.0.0.1:2.')
})

test('a server that is none of ours is told apart', async () => {
  const other = createServer((_, response) => void response.end('<html>'))
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = addressOf(other.address())
  const { exitCode, error } = await onset({ url: `http://127.0.0.1:${port}` }, ['runs'])
  other.close()

  expect(exitCode).toBe(1)
  expect(error).toContain('is that an Onset server?')
})

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('Expected a port.')
  return address
}
