import type { Topic } from '../../model/topic.ts'
import { NO_PARTITIONS, type PartitionSet, placeOf, topicIdOf } from './partition-set.ts'

/** A member as an assignor sees it. */
export interface Assignee {
  readonly id: string
  readonly instanceId: string | null
  /** The ids of the topics that it wants. */
  readonly topicIds: ReadonlySet<string>
  /** What it was to have before. */
  readonly before: PartitionSet
}

/** What each member is to have. */
export type TargetAssignment = ReadonlyMap<string, PartitionSet>

/** Shares the partitions of topics among the members that want them. Pure. */
export type Assignor = (
  members: readonly Assignee[],
  topics: readonly Pick<Topic, 'id' | 'partitions'>[],
) => TargetAssignment

/**
 * `range`: neighbouring partitions of each topic for each member, in the order of their names, so
 * that topics with as many partitions are shared alike.
 */
export const range: Assignor = (members, topics) => {
  const target = emptyTarget(members)
  const ordered = [...members].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  for (const { id, partitions } of topics) {
    const wanting = ordered.filter(({ topicIds }) => topicIds.has(id))
    const share = Math.floor(partitions.length / wanting.length)
    const larger = partitions.length % wanting.length
    let next = 0
    for (const [i, member] of wanting.entries()) {
      const end = next + share + (i < larger ? 1 : 0)
      for (; next < end; next++) target.get(member.id)!.add(placeOf(id, next))
    }
  }
  return target
}

/**
 * `uniform`: as many partitions for each as can be, moving as few as that takes. Who wants fewer
 * topics may get fewer partitions.
 */
export const uniform: Assignor = (members, topics) => {
  const target = emptyTarget(members)
  const wanting = new Map(
    topics.map(({ id }) => [id, members.filter(({ topicIds }) => topicIds.has(id))]),
  )
  const owners = new Map<string, string>()
  for (const { id, topicIds, before } of members) {
    for (const place of before) if (topicIds.has(topicIdOf(place))) owners.set(place, id)
  }
  const loadOf = (id: string) => target.get(id)!.size
  const all = topics.flatMap(({ id, partitions }) => partitions.map((_, i) => placeOf(id, i)))
  for (const place of all) {
    const owner = owners.get(place)
    if (owner !== undefined) target.get(owner)!.add(place)
  }
  for (const place of all) {
    const least = leastOf(wanting.get(topicIdOf(place))!, loadOf)
    if (owners.has(place) || least === undefined) continue
    owners.set(place, least)
    target.get(least)!.add(place)
  }
  // Each move brings two loads closer together, so that this comes to an end.
  for (let moved = true; moved; ) {
    moved = false
    for (const place of all) {
      const owner = owners.get(place)
      const least = leastOf(wanting.get(topicIdOf(place))!, loadOf)
      if (owner === undefined || least === undefined) continue
      if (loadOf(owner) - loadOf(least) <= 1) continue
      target.get(owner)!.delete(place)
      target.get(least)!.add(place)
      owners.set(place, least)
      moved = true
    }
  }
  return target
}

/** The server-side assignors by their names; the first is the one that nobody has to ask for. */
export const assignors: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', uniform],
  ['range', range],
])
export const DEFAULT_ASSIGNOR = 'uniform'

function emptyTarget(members: readonly Assignee[]): Map<string, Set<string>> {
  return new Map(members.map(({ id }) => [id, new Set(NO_PARTITIONS)]))
}

/** A static member keeps its place in the order when it comes back under another id. */
function nameOf({ id, instanceId }: Assignee): string {
  return instanceId ?? id
}

function leastOf(members: readonly Assignee[], loadOf: (id: string) => number): string | undefined {
  let least: string | undefined
  for (const { id } of members) {
    if (least === undefined || loadOf(id) < loadOf(least)) least = id
  }
  return least
}
