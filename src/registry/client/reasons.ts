/**
 * The reasons within a refusal's one text. Confluent writes `Schema being registered is
 * incompatible with an earlier schema for subject "…", details: [{…}, {…}]`, Apicurio
 * `… list of diff types: [… at /fields/0/type, …]`; anything else stays whole.
 */
export function reasonsIn(words: string): string[] {
  const list = /(?:details|list of diff types): \[(.*)\]/s.exec(words)?.[1]
  if (list === undefined) return words === '' ? [] : [words]
  const groups = topLevelGroups(list)
  if (groups.length > 0) return reasonsOf(groups)
  return list.split(/, (?=[A-Za-z ]+(?:: | not |[A-Z_]{4,}))/).flatMap(each => each.trim() || [])
}

/**
 * Confluent's groups as sentences: `{errorType:'X', description:'…', additionalInfo:'…'}`. Those
 * without a reason tell the level and the version that the schema was held against.
 */
export function reasonsOf(groups: readonly string[]): string[] {
  const reasons = groups.flatMap(group => reasonOf(group) ?? [])
  return reasons.length > 0 ? reasons : [...groups]
}

function reasonOf(group: string): string | undefined {
  const quoted = `['"](.*?)['"]`
  const form = new RegExp(
    String.raw`^\{?errorType: ?${quoted}, description: ?${quoted}(?:, additionalInfo: ?${quoted})?\}?$`,
    's',
  )
  const parts = form.exec(group.trim())
  if (!parts) return undefined
  const [, type, description = '', info = ''] = parts
  // Confluent's additional information is mostly the path; often the description has it too.
  const more = info === '' || description.includes(info) ? '' : ` (${info})`
  return `${type}: ${description}${more}`
}

/** The outermost `{…}` groups of a text, without their braces. */
function topLevelGroups(text: string): string[] {
  const groups: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{' && depth++ === 0) start = at + 1
    if (text[at] === '}' && depth > 0 && --depth === 0) groups.push(text.slice(start, at).trim())
  }
  return groups
}
