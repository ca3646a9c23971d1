import type { RegExpEngine, RegExpLike } from 'ajv/dist/types/index.js'
import { RE2JS } from 're2js'
import { SchemaProblem } from '../serde/format.ts'

/**
 * Patterns that can't hang: matched in time linear to the text, by RE2's method. A pattern such as
 * `(a+)+$` takes JavaScript's own engine longer than anyone waits, so a schema that somebody else
 * registered must not be matched by it. Look-around and back-references have no linear method.
 */
export const linearPatterns: RegExpEngine = Object.assign(
  (pattern: string): RegExpLike => {
    try {
      const compiled = RE2JS.compile(RE2JS.translateRegExp(withSpaces(pattern)))
      return { test: text => compiled.test(text) }
    } catch (cause) {
      throw new SchemaProblem(
        `its pattern ${JSON.stringify(pattern)} can't be matched in linear time; take patterns: 'native' if you trust the schema's author`,
        { cause },
      )
    }
  },
  // Source text for a standalone validator, which is never made here.
  { code: 'undefined' },
)

/** What `\s` is in JavaScript; RE2 knows the ASCII ones alone. */
const spaces = '\\t\\n\\x0b\\f\\r\\p{Z}\\x{feff}'

/** Spells `\s` and `\S` out; within a class `\S` keeps to ASCII, as a class can't be subtracted. */
function withSpaces(pattern: string): string {
  let inClass = false
  return pattern.replace(/\\.|[[\]]/gsu, part => {
    if (part === '[') inClass = true
    if (part === ']') inClass = false
    if (part === '\\s') return inClass ? spaces : `[${spaces}]`
    return part === '\\S' && !inClass ? `[^${spaces}]` : part
  })
}

/** JavaScript's own engine: knows all of its patterns, and can be made to run for ever. */
export const nativePatterns: RegExpEngine = Object.assign(
  (pattern: string, flags: string): RegExpLike => new RegExp(pattern, flags),
  { code: 'undefined' },
)
