import type { Conjunction, Conjunctions } from './json-conjunction.ts'
import type { JsonNode } from './json-model.ts'
import type { Compare, Finding } from './pairs.ts'

/** What the rules need of each other. */
export interface JsonRules {
  readonly inside: Compare<JsonNode, Conjunction>
  readonly conjunctions: Conjunctions
}

export function changed(type: string, path: string, message: string): Finding {
  return { type, path, message }
}
