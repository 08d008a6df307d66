/** What a workflow asks the model activity for. */
export interface ModelCall {
  tenant: string
  runId: string
  /** The step's id; together with run and ask it names the call that is paid once. */
  step: string
  /** Starts at 1; a repeated question raises it. */
  ask: number
  /** A file in `prompts/`. */
  prompt: string
  variables: Record<string, unknown>
}

/** What the model activity answers: the text, or the value where the prompt has an output schema. */
export interface ModelReply<Output = unknown> {
  output: Output
  model: string
  promptVersion: string
}
