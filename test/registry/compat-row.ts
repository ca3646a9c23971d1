import type { CompatibilityLevel, SchemaType } from '../../src/registry/client/types.ts'

/** Which checks a change passes. FULL is passed where both are. */
export type Verdict = 'both' | 'backward' | 'forward' | 'neither'

/** One change of a schema, and what is to be said of it. */
export interface Row {
  readonly name: string
  readonly format: SchemaType
  readonly old: string
  readonly new: string
  readonly expected: Verdict
}

export const levels = ['BACKWARD', 'FORWARD', 'FULL'] as const satisfies CompatibilityLevel[]

/** Whether a change with this verdict passes at a level. */
export function passes(verdict: Verdict, level: (typeof levels)[number]): boolean {
  if (verdict === 'both' || verdict === 'neither') return verdict === 'both'
  return level.toLowerCase() === verdict
}
