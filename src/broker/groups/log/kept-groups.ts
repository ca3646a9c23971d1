import type { KeptClassicGroup } from '../classic/kept.ts'
import type { KeptConsumerGroup, KeptFacts, KeptPosition } from '../consumer/kept.ts'
import type { PartitionSet } from '../consumer/partition-set.ts'
import type { ConsumerEntry, Entry } from './entry.ts'

interface Parts {
  state: { readonly epoch: number; readonly topicsHash: bigint } | undefined
  targetEpoch: number | undefined
  readonly facts: Map<string, KeptFacts>
  readonly targets: Map<string, PartitionSet>
  readonly positions: Map<string, KeptPosition>
}

/** What a log's records come to, read in their order: the last word on each key counts. */
export class KeptGroups {
  readonly #classic = new Map<string, KeptClassicGroup>()
  readonly #consumer = new Map<string, Parts>()

  take(entry: Entry): void {
    switch (entry.is) {
      case 'offset':
      case 'no offset':
        return
      case 'group':
        this.#classic.set(entry.groupId, entry.group)
        return
      case 'no group':
        this.#classic.delete(entry.groupId)
        return
      default:
        this.#takePart(entry)
    }
  }

  get classic(): ReadonlyMap<string, KeptClassicGroup> {
    return this.#classic
  }

  /** By id; parts of a group that is gone count for nothing. */
  *consumer(): Iterable<readonly [string, KeptConsumerGroup]> {
    for (const [groupId, { state, ...parts }] of this.#consumer) {
      if (state) yield [groupId, { ...state, ...parts }]
    }
  }

  #takePart(entry: ConsumerEntry): void {
    const parts = this.#partsOf(entry.groupId)
    switch (entry.is) {
      case 'consumer group':
        parts.state = entry.state
        return
      case 'target epoch':
        parts.targetEpoch = entry.epoch
        return
      case 'member':
        return put(parts.facts, entry.memberId, entry.facts)
      case 'target':
        return put(parts.targets, entry.memberId, entry.partitions)
      case 'position':
        return put(parts.positions, entry.memberId, entry.position)
    }
  }

  #partsOf(groupId: string): Parts {
    const known = this.#consumer.get(groupId)
    if (known) return known
    const parts: Parts = {
      state: undefined,
      targetEpoch: undefined,
      facts: new Map(),
      targets: new Map(),
      positions: new Map(),
    }
    this.#consumer.set(groupId, parts)
    return parts
  }
}

function put<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}
