import type { RegExpLike } from 'ajv/dist/types/index.js'
import { linearPatterns } from '../json/patterns.ts'
import { SchemaProblem } from '../serde/format.ts'

const MAX_PATTERN = 1000
const MAX_KEPT = 1000
const compiled = new Map<string, RegExpLike | undefined>()

/**
 * Whether a schema's pattern is found in a text. Undefined where only JavaScript's own engine could
 * tell, which a hostile pattern such as `(a+)+$` would keep busy for ever.
 */
export function matches(pattern: string, text: string): boolean | undefined {
  if (!compiled.has(pattern)) {
    if (compiled.size >= MAX_KEPT) compiled.clear()
    compiled.set(pattern, compile(pattern))
  }
  return compiled.get(pattern)?.test(text)
}

function compile(pattern: string): RegExpLike | undefined {
  if (pattern.length > MAX_PATTERN) return undefined
  try {
    return linearPatterns(pattern, 'u')
  } catch (error) {
    if (error instanceof SchemaProblem) return undefined
    throw error
  }
}
