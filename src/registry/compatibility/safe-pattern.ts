const MAX_TEXT = 200
const MAX_REPEATS = 3

/**
 * Whether a schema's pattern is found in a text; `undefined` where finding out might take for ever.
 * A pattern such as `(a+)+$` takes exponential time, so none is run that repeats a group or
 * refers back, or that repeats more than three parts of itself.
 */
export function matches(pattern: string, text: string): boolean | undefined {
  if (text.length > MAX_TEXT || !isTame(pattern)) return undefined
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return new RegExp(pattern).test(text)
  }
}

function isTame(pattern: string): boolean {
  if (pattern.length > MAX_TEXT || /\\[1-9k]|\(\?[=!<]/.test(pattern)) return false
  // What is escaped or within brackets is one character to match.
  const bare = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x')
  if (/\)[*+?{]/.test(bare)) return false
  return (bare.match(/[*+]|\{\d*,?\d*\}/g) ?? []).length <= MAX_REPEATS
}
