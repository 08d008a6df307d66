import type { TracedCall, TracedEnd } from '../telemetry/model-telemetry.ts'
import type { Candidate } from '../models/model-config.ts'
import type { Attempt, Question } from './attempt.ts'
import type { Bill } from './pay.ts'

/** A call in the words of telemetry, before it is sent. */
export function tracedCall(
  { call, prompt, filled }: Question,
  { candidate: { provider, model }, number }: { candidate: Candidate } & Pick<Attempt, 'number'>,
): TracedCall {
  const { tenant, runId, workflow, trigger, step, ask } = call
  return {
    tenant,
    runId,
    workflow,
    trigger,
    step,
    ask,
    attempt: number,
    provider: provider.id,
    profile: provider.profile,
    baseUrl: provider.baseUrl,
    model,
    prompt: prompt.name,
    promptVersion: prompt.version,
    maxOutputTokens: filled.maxOutputTokens,
    temperature: prompt.temperature,
    stream: prompt.stream,
    json: prompt.outputSchema !== null,
    messages: filled.messages,
  }
}

/** What a call used and cost, in the words of telemetry. */
export const tracedBill = ({
  usage,
  usageEstimated,
  price,
}: Bill): Pick<TracedEnd, 'usage' | 'usageEstimated' | 'costMicros'> => ({
  usage,
  usageEstimated,
  costMicros: price === undefined ? null : (price.costMicros ?? 'unpriced'),
})
