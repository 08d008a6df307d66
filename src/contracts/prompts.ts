// Generated from prompts/*.md by `onset prompts types`. Do not edit.

/** What each prompt takes and answers. An output of type string is free text. */
export interface PromptTypes {
  'chase-review': {
    input: {
      author: string
      title: string
      url: string
      daysWaiting: number
    }
    output: string
  }
  'daily-digest': {
    input: {
      date: string
      items: {
        summary: string
        status: string
        workflow?: string
      }[]
    }
    output: string
  }
  'triage-issue': {
    input: {
      repository: string
      number: number
      title: string
      body: string
    }
    output: {
      severity: 'low' | 'normal' | 'critical'
      labels: string[]
      summary: string
    }
  }
}
