/** A pattern of topic names in the syntax of RE2/J, as Kafka's coordinator takes it. */
export interface TopicPattern {
  readonly text: string
  /** Whether it is about the whole of a name. */
  matches(topic: string): boolean
}

/**
 * Undefined for a text that is no such pattern. A match takes linear time, whatever the pattern.
 * The library is loaded with the first pattern: a broker without one starts the sooner.
 */
export async function topicPattern(text: string): Promise<TopicPattern | undefined> {
  const { RE2JS } = await import('re2js')
  try {
    const compiled = RE2JS.compile(text)
    return { text, matches: topic => compiled.matches(topic) }
  } catch {
    return undefined
  }
}
