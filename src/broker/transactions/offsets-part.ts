import { OFFSETS_TOPIC } from '../groups/log/group-log.ts'
import { slotOf } from '../model/coordinators.ts'
import type { TopicPartition } from './states.ts'

/** The partition that keeps the offsets of a group. */
export function offsetsPartOf(groupId: string): TopicPartition {
  return { topic: OFFSETS_TOPIC, partition: slotOf(groupId) }
}
