// What workers carry out: what index.ts exports, which triggers may start, and what Onset brings along.
export * from './index.ts'
export { tryPrompt } from './built-in/try-prompt.ts'
