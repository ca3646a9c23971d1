/** What a line of JAAS says, as far as it means something outside Java. */
export interface JaasConfig {
  /** The last part of the login module's class, such as `ScramLoginModule`. */
  readonly module: string
  readonly options: ReadonlyMap<string, string>
}

/**
 * Reads `org.apache…ScramLoginModule required username="a" password="b";`, the form in which
 * providers hand out credentials. Undefined where it is nothing of that kind.
 */
export function parseJaas(text: string): JaasConfig | undefined {
  const match = /^\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)\b(.*)$/is.exec(text)
  if (!match) return undefined
  const options = new Map<string, string>()
  const pair = /\s*([\w.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))|\s*(;)\s*$/sy
  let rest = match[2]!
  for (;;) {
    pair.lastIndex = 0
    const next = pair.exec(rest)
    if (!next) return rest.trim() === '' ? result(match[1]!, options) : undefined
    if (next[4]) return result(match[1]!, options)
    options.set(next[1]!, next[2]?.replace(/\\(.)/gs, '$1') ?? next[3]!)
    rest = rest.slice(pair.lastIndex)
  }
}

function result(className: string, options: ReadonlyMap<string, string>): JaasConfig {
  return { module: className.slice(className.lastIndexOf('.') + 1), options }
}
