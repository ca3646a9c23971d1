import { KafkaError } from '../../errors.ts'

/** What one look at one thing showed. */
export interface Finding {
  /** What was looked at, in a word or an address. */
  readonly check: string
  readonly is: 'ok' | 'warning' | 'problem'
  readonly what: string
  /** What to do about it; nothing where all is well. */
  readonly do?: string
}

export function fine(check: string, what: string): Finding {
  return { check, is: 'ok', what }
}

/** Works, but not as somebody may think, or not for long. */
export function warning(check: string, what: string, advice: string): Finding {
  return { check, is: 'warning', what, do: advice }
}

/** Does not work. */
export function problem(check: string, what: string, advice: string): Finding {
  return { check, is: 'problem', what, do: advice }
}

/** An error's own words and its hint apart, as a finding has them. */
export function wordsApart(error: Error): { what: string; hint: string | undefined } {
  const hint = error instanceof KafkaError ? error.hint : undefined
  const { message } = error
  if (hint === undefined || !message.endsWith(`; ${hint}`)) return { what: message, hint }
  return { what: message.slice(0, -hint.length - 2), hint }
}
