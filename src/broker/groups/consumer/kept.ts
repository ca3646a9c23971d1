import type { ConsumerFacts } from './member.ts'
import type { PartitionSet } from './partition-set.ts'
import type { Position } from './reconcile.ts'
import { topicPattern } from './topic-pattern.ts'

/** What is kept of what a member says of itself: a pattern as its text. */
export interface KeptFacts extends Omit<ConsumerFacts, 'pattern'> {
  readonly regex: string | null
}

/** Where a member stands, with the epoch before: its answer may have been lost. */
export interface KeptPosition extends Position {
  readonly previousEpoch: number
}

/** What is kept of a group of the new protocol. */
export interface KeptConsumerGroup<Facts = KeptFacts> {
  readonly epoch: number
  readonly topicsHash: bigint
  /** Undefined in logs that kept the epoch alone. */
  readonly targetEpoch: number | undefined
  readonly facts: ReadonlyMap<string, Facts>
  readonly targets: ReadonlyMap<string, PartitionSet>
  readonly positions: ReadonlyMap<string, KeptPosition>
}

export function keptFacts({ pattern, ...facts }: ConsumerFacts): KeptFacts {
  return { ...facts, regex: pattern?.text ?? null }
}

/** The group with the patterns of its members compiled, as it can go on. */
export async function revived(kept: KeptConsumerGroup): Promise<KeptConsumerGroup<ConsumerFacts>> {
  const facts = new Map<string, ConsumerFacts>()
  for (const [id, { regex, ...rest }] of kept.facts) {
    const pattern = regex === null ? undefined : await topicPattern(regex)
    facts.set(id, { ...rest, pattern: pattern ?? null })
  }
  return { ...kept, facts }
}
