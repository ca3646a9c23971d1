/** The context of subjects that name none. */
export const DEFAULT_CONTEXT = '.'
const ALL_CONTEXTS = ':*:'

/** A subject's name in two parts: `:.test:orders` is `orders` in the context `.test`. */
export interface SubjectName {
  readonly context: string
  readonly name: string
}

export function parseSubject(text: string): SubjectName {
  if (!text.startsWith(':.')) return { context: DEFAULT_CONTEXT, name: text }
  const end = text.indexOf(':', 1)
  if (end < 0) return { context: text.slice(1), name: '' }
  return { context: text.slice(1, end), name: text.slice(end + 1) }
}

/** The one spelling of a subject: `:.:orders` is `orders`. */
export function normalSubject(text: string): string {
  const { context, name } = parseSubject(text)
  return contextPrefix(context) + name
}

export function contextPrefix(context: string): string {
  return context === DEFAULT_CONTEXT ? '' : `:${context}:`
}

/** A subject as a schema in the subject `from` names it: in the same context, unless it says. */
export function subjectFrom(from: string, text: string): string {
  const { context } = parseSubject(from)
  return text.startsWith(':.') ? normalSubject(text) : contextPrefix(context) + text
}

/** Whether a subject is one of those that a prefix, perhaps with a context, asks for. */
export function hasPrefix(subject: string, prefix: string): boolean {
  const { context, name } = parseSubject(subject)
  if (prefix.startsWith(ALL_CONTEXTS)) return name.startsWith(prefix.slice(ALL_CONTEXTS.length))
  const wanted = parseSubject(prefix)
  return context === wanted.context && name.startsWith(wanted.name)
}

/** Where settings of a subject are looked for: its own, its context's, the registry's. */
export function scopesOf(subject: string): string[] {
  const prefix = contextPrefix(parseSubject(subject).context)
  return [...new Set([subject, prefix, ''])]
}

/** A subject that settings may be given to, and (unless it is a context) schemas. */
export function isValidSubject(subject: string, isSetting: boolean): boolean {
  const { context, name } = parseSubject(subject)
  const isNamed = name !== '' || isSetting
  const isSpecial = name === '__GLOBAL' || name === '__EMPTY'
  const isPlain = [...subject].every(letter => letter.charCodeAt(0) >= 32)
  return isNamed && isPlain && !isSpecial && !context.includes(' ')
}
