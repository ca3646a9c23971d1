import type { TopicInfo } from '../cluster/metadata.ts'
import { type Partitioner, pick, type TopicPartitions } from './partitioner.ts'
import type { EncodedRecord } from './records.ts'

/** Where a record would go, and why. */
export interface Explanation {
  /** Undefined where that is decided only when the record is produced. */
  readonly partition: number | undefined
  readonly partitions: number
  readonly reason: string
}

/** Says where a record would go without moving the partitioner's state. */
export function explain(
  partitioner: Partitioner,
  given: number | undefined,
  { key, value }: EncodedRecord,
  topic: TopicInfo,
): Explanation {
  const partitions = topic.partitions.length
  if (given !== undefined) {
    return { partition: given, partitions, reason: 'the record names its partition' }
  }
  const available = topic.partitions.filter(each => each.leader >= 0)
  const state: TopicPartitions = { partitions: topic.partitions, available, sticky: 0, turn: 0 }
  const chosen = () => pick(partitioner, topic.name, key, value, state, () => 0)
  if (typeof partitioner === 'function') {
    return { partition: chosen(), partitions, reason: "the program's own partitioner chose it" }
  }
  if (partitioner === 'random' || partitioner === 'roundrobin') {
    return {
      partition: undefined,
      partitions,
      reason: `partitioner=${partitioner} looks at no key`,
    }
  }
  if (key === null) {
    const reason = 'without a key, records stick to a partition until a batch is full (KIP-794)'
    return { partition: undefined, partitions, reason }
  }
  const reason = `${partitioner} of the key's bytes, modulo ${partitions} partitions`
  return { partition: chosen(), partitions, reason }
}
