import { expect, test } from 'vitest'
import { catalogue } from '../../../src/triggers/catalogue/index.ts'
import * as presets from '../../../src/triggers/webhook/presets/index.ts'
import { openTestHouse, secrets, until } from '../../house.ts'

const { url, call } = await openTestHouse({ catalogue })
const github = presets.github('GITHUB_WEBHOOK_SECRET')
const MEGABYTE = 1024 * 1024

test.each([4, 24])(
  'a delivery of %i MB is kept whole and becomes a run',
  async (megabytes) => {
    const line = 'A comment that nobody reads, on an issue that everybody has. '
    const { url: to, ...request } = github.compose({
      type: 'issues.opened',
      data: {
        action: 'opened',
        issue: { number: megabytes, title: 'It is large', body: 'Short' },
        repository: { full_name: 'acme/widgets' },
        comments: Array.from({ length: megabytes * 16 }, (_, index) =>
          `${index} ${line.repeat(1_100)}`.slice(0, MEGABYTE / 16),
        ),
      },
      id: `large-${megabytes}`,
      now: new Date(),
      url: `${url}/hooks/github`,
      secret: secrets.GITHUB_WEBHOOK_SECRET,
    })

    const response = await fetch(to, request)
    const { id } = JSON.parse(await response.text())

    expect(response.status).toBe(200)
    const event = await until(
      'the dispatch',
      async () => {
        const { body } = await call(`/api/events/${id}`)
        return body.dispatches.length > 0 && body
      },
      { timeoutMs: 30_000 },
    )
    expect(event.dispatches).toMatchObject([{ trigger: 'newIssues', state: 'started' }])
    expect(Buffer.byteLength(event.body)).toBe(request.body.length)
  },
  60_000,
)
