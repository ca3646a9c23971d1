/**
 * Whether a value holds others more than `limit` levels deep, or holds itself. JSON.parse knows no
 * limit, while whoever walks what it gives by recursion ends with the stack at some ten thousand.
 */
export function isDeeper(value: unknown, limit: number): boolean {
  let level = holders([value])
  for (let depth = 0; depth < limit && level.length > 0; depth++) {
    level = level.flatMap(each => holders(Array.isArray(each) ? each : Object.values(each)))
  }
  return level.length > 0
}

/** Those that hold others. */
function holders(values: readonly unknown[]): object[] {
  return values.filter(
    (value): value is object =>
      typeof value === 'object' && value !== null && !ArrayBuffer.isView(value),
  )
}

/** What was thrown, in words; the stack's end in words that say what the matter is. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const isStackEnd = thrown instanceof RangeError && /call stack/.test(thrown.message)
  return isStackEnd ? 'it is nested too deep' : thrown.message
}
