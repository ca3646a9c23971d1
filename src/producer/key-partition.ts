import type { PartitionInfo } from '../cluster/metadata.ts'
import { type PartitionerName, pick, placings } from './partitioner.ts'

/**
 * The partition of a key under a named partitioner, without a producer or a cluster. Undefined
 * where the algorithm places the key like none at all: anywhere.
 *
 * @example
 * keyPartition('consistent_random', 'user-7', 6)   // where librdkafka puts it by default
 */
export function keyPartition(
  partitioner: PartitionerName,
  key: string | Uint8Array,
  partitions: number,
): number | undefined {
  const { hash, emptyIsNone } = placings[partitioner]
  if (!hash || (emptyIsNone && key.length === 0)) return undefined
  const all = Array.from({ length: partitions }, (_, partition) => bare(partition))
  const state = { partitions: all, available: all, sticky: 0, turn: 0 }
  return pick(partitioner, '', key, null, state, () => 0)
}

const nobody: readonly number[] = []

/** A partition of which nothing is known but its number, which is all that hashing needs. */
function bare(partition: number): PartitionInfo {
  return {
    topic: '',
    partition,
    leader: 0,
    leaderEpoch: -1,
    replicas: nobody,
    inSyncReplicas: nobody,
    offlineReplicas: nobody,
  }
}
