import type { KeyObject } from 'node:crypto'
import type { Accepted } from '../../contracts/event.ts'
import type { Opening } from './open-body.ts'
import type { Secret } from './secret.ts'
import type { Answer, RawRequest } from './request.ts'
import type { Verified } from './verify.ts'

/** Whether a request is really from the sender; `key` is the index of the key that said so. */
export type Verdict =
  | {
      valid: true
      key: number
      /** When it was signed, Unix milliseconds; absent where the scheme signs no time. */
      signedAtMs?: number
    }
  | { valid: false; step: VerificationStep; reason: string }

/** What of a request did not hold. */
export type VerificationStep =
  | 'address'
  | 'proxy'
  | 'header'
  | 'time'
  | 'body'
  | 'signature'
  | 'credentials'

/** What a provider says about one event. */
export interface EventFacts {
  /** What the provider calls it. Where absent and the event is readable, `Idempotency-Key` is, else a random one. */
  key?: string | undefined
  type: string
  subject?: string | undefined
  /** ISO 8601 or what `Date` reads; the time of receipt where absent or unreadable. */
  time?: string | undefined
  /** The part of the body that is this event; the whole body where absent. */
  part?: { contentType: string; body: Uint8Array }
  /** Whether its sender says the same again and means another event: then equal bytes are no duplicate. */
  mayRepeat?: true
  /** Whether it is authentic but not what the provider sends: kept in quarantine. */
  unreadable?: true
}

/** What a verified request brings: events, of which all are kept or none, or a handshake that wants its answer. */
export type Reading =
  | { outcome: 'events'; events: EventFacts[] }
  | { outcome: 'handshake'; answer: Answer }

/** What a sample is made of. */
export interface Sampling {
  type: string
  data: unknown
  /** What the provider would call the event. */
  id: string
  now: Date
  /** The public URL of the endpoint. */
  url: string
  /** As `Secret.make` gives it for signing. */
  secret: string
}

/** A correctly signed request, as the provider would send it. */
export interface ComposedRequest {
  method: 'POST'
  /** May have more of a query than the sampling's. */
  url: string
  headers: Record<string, string>
  body: Uint8Array
}

/** How one provider signs its webhooks, where it puts what we ask for, and what it expects of us. */
export interface Preset {
  name: string
  secret: Secret
  /** Headers with signatures or credentials, lower case: masked wherever a request is shown. */
  signatureHeaders: readonly string[]
  /** Media types that the provider sends; others get 415. `*\/*` takes any. */
  mediaTypes: readonly string[]
  /** The largest body that the provider sends; 1 MB where absent. */
  limitBytes?: number
  /** The variable with the addresses from which alone it is taken; any address where absent. */
  addressesVariable?: string
  /** Whether a trusted proxy must stand in front: the start is refused without one. */
  needsProxy?: true
  /** Whether every failure is answered 401, however many there were: what some providers try us with. */
  alwaysUnauthorized?: true
  /** Whether CloudEvents are read as such: in their own content types, and in headers that are as good as the body. */
  cloudEvents?: true
  /** Headers that are signed together with the body, lower case: of CloudEvents no others count. None where absent. */
  signedHeaders?: readonly string[]
  /**
   * Judges the raw bytes. Nothing that a sender can send throws, and only what was signed is believed. Bodies that
   * would hold the event loop are judged in slices: hence the promise.
   */
  verify(request: RawRequest, keys: readonly KeyObject[], nowMs: number): Verdict | Promise<Verdict>
  /** The answer to what the provider sends without a signature; null for everything else. Nothing of it is kept. */
  unsigned?(request: RawRequest): Answer | null
  /** How its bodies are opened where their content type does not say it all. */
  opening?: Opening
  /**
   * Reads key, type and subject. The body of the request has no compression any more. `data` is undefined where the
   * body cannot be read, what the opening makes of it where the preset has one, and the skeleton of its value where it
   * is large (`skeleton.ts`): parts are cut from the body.
   */
  read(request: Verified, data: unknown): Reading
  /** True where the key stands in an unsigned header: then equal signed bytes of one type are a duplicate as well. */
  keyIsUnsigned?: true
  /** False where whoever shows the credentials may write what they like: then equal bytes prove nothing. */
  signsBody?: false
  /** Members of the body that change between two attempts to deliver the same event. */
  volatile?: readonly string[]
  /** Members of the body that let their holder act, such as Slack's `response_url`: masked wherever a body is shown. */
  maskedMembers?: readonly string[]
  /** The bytes without what must never be kept, such as a live session; asked where events are parts of the body. */
  redactRaw?(body: Uint8Array): Uint8Array
  /** Answers after which the provider delivers no more: the door gives none of them. None where absent. */
  stopsOn?: readonly number[]
  /** Whether the provider delivers again after a 503. What is not delivered again is kept even under overload. */
  retries: boolean
  /** How long it goes on trying, so that keys are remembered for longer; 7 days where absent. */
  remembersDays?: number
  /** After how many minutes nobody can use the event any more; never where absent. */
  expiresAfterMinutes?: number
  /** The answer to what was kept; `{ id, status }` in JSON with status 200 where absent. */
  answer?(accepted: readonly Accepted[], context: { publicUrl: string; request: Verified }): Answer
  /** Data of typical events by type, for `onset send`. */
  samples: Readonly<Record<string, unknown>>
  /** A correctly signed request: what `onset send` and tests send. */
  compose(sampling: Sampling): ComposedRequest
}

/** One event that is the whole body. */
export const oneEvent = (facts: EventFacts): Reading => ({ outcome: 'events', events: [facts] })
