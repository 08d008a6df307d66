import { z } from 'zod'

const instant = z.iso.datetime().describe('ISO 8601 in UTC')

/** Who may answer, and how they fare. */
export const Models = z.object({
  tiers: z.array(
    z.object({
      tier: z.string(),
      models: z.array(z.string()).describe('provider/model, in the order in which they are tried'),
    }),
  ),
  providers: z.array(
    z.object({
      id: z.string(),
      profile: z.string(),
      baseUrl: z.string(),
      api: z.enum(['chat', 'responses']),
      key: z.string().describe('Where the key stands; never the key'),
      concurrency: z.int().nullable(),
      breaker: z.enum(['closed', 'open']).describe('Open: nothing is asked until it works again'),
      reason: z.enum(['billing', 'auth', 'outage']).nullable(),
      message: z.string().nullable(),
      since: instant.nullable(),
      probeAt: instant.nullable().describe('When the next call tries'),
    }),
  ),
  limits: z.array(
    z.object({
      provider: z.string(),
      model: z.string(),
      rpm: z.number().nullable().describe('Requests per minute, as configured'),
      tpm: z.number().nullable().describe('Tokens per minute, as configured'),
      observedRpm: z.number().nullable().describe('What the provider says; only lowers'),
      observedTpm: z.number().nullable(),
      share: z.number().describe('Of the rate; less than 1 after refusals and outages'),
      waitMs: z.number().describe('How long a call that comes now waits'),
      pausedUntil: instant.nullable().describe('The provider wants nothing before'),
    }),
  ),
})
