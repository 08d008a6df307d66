import type { ZodType } from 'zod'
import type { EventHead, TriggerEvent } from '../contracts/event.ts'
import type { Flow } from '../inbox/trigger.ts'
import type * as workflows from '../workflows/index.ts'
import type { Bus } from './bus/bus.ts'
import type { Schedule } from './schedule/schedule.ts'
import type { Webhook } from './webhook/webhook.ts'

/** Where events come from. */
export interface Source {
  /** Lower case, digits and `-`; part of the endpoint's path and of every run id. */
  name: string
  kind: Webhook | Schedule | Bus
  /** Bodies that `onset send <source> <type>` can send, by type. */
  samples?: Record<string, unknown>
}

/** What a workflow is started with, and one line for people. */
export interface Reading {
  data: unknown
  summary: string
}

/** Which events of a source start which workflow, with the types of its body and workflow forgotten. */
export interface Trigger {
  source: Source
  /** Whether the event is meant at all. Throwing quarantines this dispatch. */
  when(event: EventHead): boolean
  /** Parses the body and picks what the workflow asks for. Throws `ZodError` when the body does not match. */
  read(body: unknown, event: EventHead): Reading
  workflow: WorkflowName
  flow?: Flow
}

type Workflows = typeof workflows

/** A function that `workflows/index.ts` exports. */
export type WorkflowName = Extract<keyof Workflows, string>

type DataOf<Name extends WorkflowName> =
  Parameters<Workflows[Name]> extends [TriggerEvent<infer Data>] ? Data : never

interface TriggerDefinition<Body, Name extends WorkflowName> {
  source: Source
  /** Which events are meant; all of the source's where absent. */
  when?(event: EventHead): boolean
  /** What the body must look like; a mismatch puts this dispatch into quarantine. */
  body: ZodType<Body>
  /** Picks what the workflow asks for out of a verified body. Throwing quarantines this dispatch, not the event. */
  read(body: Body, event: EventHead): DataOf<Name>
  /** One line for the list of runs and the Temporal UI; type and subject of the event where absent. */
  summary?(data: DataOf<Name>, event: EventHead): string
  /** A name that `workflows/index.ts` exports. */
  workflow: Name
  /** How its runs stand to others. */
  flow?: Flow
}

/** Types a source. */
export const defineSource = (source: Source): Source => source

/** Types a trigger: a wrong workflow name, or data that the workflow does not take, does not compile. */
export function defineTrigger<Name extends WorkflowName, Body>(
  definition: TriggerDefinition<Body, Name>,
): Trigger {
  return {
    source: definition.source,
    workflow: definition.workflow,
    flow: definition.flow ?? {},
    when: definition.when ?? (() => true),
    read(body, event) {
      const data = definition.read(definition.body.parse(body), event)
      return { data, summary: definition.summary?.(data, event) ?? describe(event) }
    },
  }
}

const describe = ({ type, subject }: EventHead): string =>
  subject === undefined ? type : `${type} · ${subject}`
