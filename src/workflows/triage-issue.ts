import type { TriggerEvent } from '../contracts/event.ts'
import { act } from './steps/act.ts'
import { approve } from './steps/approve.ts'
import { llm } from './steps/llm.ts'

/** A GitHub issue, cut down to what the model needs. */
export interface Issue {
  repository: string
  number: number
  title: string
  body: string
}

/** What was made of the issue. */
export interface Triage {
  severity: 'low' | 'normal' | 'critical'
  labels: string[]
  summary: string
  /** Whether the person on call was told. */
  paged: boolean
}

/** Labels an issue, and pages the person on call once somebody agrees that it is critical. */
export async function triageIssue({ data: issue }: TriggerEvent<Issue>): Promise<Triage> {
  const triage = await llm.object('triage-issue', issue)
  await act.log('issue triaged', { repository: issue.repository, number: issue.number, ...triage })
  if (triage.severity !== 'critical') return { ...triage, paged: false }

  const decision = await approve({
    title: `Page on-call for ${issue.repository}#${issue.number}?`,
    details: { issue: issue.title, ...triage },
    expiresIn: '4 hours',
  })
  if (decision.outcome === 'approved') await act.log('on-call paged', { summary: triage.summary })
  return { ...triage, paged: decision.outcome === 'approved' }
}
