import type { Errand } from './errand.ts'
import { describeGroup, type GroupDescription } from './group-description.ts'
import { byPlace, listOffsetsOf } from './group-offsets.ts'
import { offsetsAt } from './records.ts'
import type { TopicPartition } from './result.ts'

/** How far a group is in one partition. */
export interface PartitionLag extends TopicPartition {
  /** Undefined where the group has committed none. */
  readonly committed: number | undefined
  /** The offset that the next record will get; undefined where the partition can't be asked. */
  readonly end: number | undefined
  /** Records from `committed` to `end`; undefined where one of them is. */
  readonly lag: number | undefined
  /** The member that has the partition now. */
  readonly memberId: string | undefined
}

/** How far a group is behind the ends of its partitions, in records. */
export interface GroupLag {
  readonly group: GroupDescription
  /** Sorted by topic and partition. */
  readonly partitions: readonly PartitionLag[]
  /** The sum of all that is known. */
  readonly total: number
}

/** The lag of a group over all partitions that it has committed offsets for or is assigned. */
export async function lagOf(errand: Errand, name: string): Promise<GroupLag> {
  const [group, offsets] = await Promise.all([
    describeGroup(errand, name),
    listOffsetsOf(errand, name),
  ])
  const owners = ownersOf(group)
  const slots = new Map<string, TopicPartition>()
  for (const slot of [...offsets, ...owners.values()]) {
    slots.set(slotName(slot), { topic: slot.topic, partition: slot.partition })
  }
  const committed = new Map(offsets.map(each => [slotName(each), each.offset]))
  const asked = [...slots.values()].sort(byPlace)
  const ends = await offsetsAt(
    errand,
    asked.map(slot => ({ ...slot, at: 'latest' })),
  )
  const partitions = ends.map(result => {
    const { topic, partition } = result
    const slot = slotName(result)
    const end = result.is === 'done' ? result.value.offset : undefined
    const from = committed.get(slot)
    const lag = end === undefined || from === undefined ? undefined : Math.max(0, end - from)
    return { topic, partition, committed: from, end, lag, memberId: owners.get(slot)?.memberId }
  })
  const total = partitions.reduce((sum, { lag = 0 }) => sum + lag, 0)
  return { group, partitions, total }
}

function slotName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

function ownersOf({ members }: GroupDescription) {
  const owners = new Map<string, TopicPartition & { readonly memberId: string }>()
  for (const { memberId, assignment } of members) {
    for (const { topic, partitions } of assignment) {
      for (const partition of partitions) {
        owners.set(slotName({ topic, partition }), { topic, partition, memberId })
      }
    }
  }
  return owners
}
