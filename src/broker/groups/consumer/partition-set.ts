/** Partitions of topics by id, each as one text, so that sets of them are sets. */
export type PartitionSet = ReadonlySet<string>

/** As messages carry partitions. */
export interface TopicPartitions {
  readonly topicId: string
  readonly partitions: readonly number[]
}

export const NO_PARTITIONS: PartitionSet = new Set()

export function placeOf(topicId: string, partition: number): string {
  return `${topicId}/${partition}`
}

export function topicIdOf(place: string): string {
  return place.slice(0, place.lastIndexOf('/'))
}

function partitionOf(place: string): number {
  return Number(place.slice(place.lastIndexOf('/') + 1))
}

export function partitionSet(topics: readonly TopicPartitions[]): Set<string> {
  return new Set(
    topics.flatMap(({ topicId, partitions }) => partitions.map(each => placeOf(topicId, each))),
  )
}

/** By topic, in order. */
export function topicPartitions(places: Iterable<string>): TopicPartitions[] {
  const topics = new Map<string, number[]>()
  for (const place of places) {
    const topicId = topicIdOf(place)
    const partitions = topics.get(topicId)
    if (partitions) partitions.push(partitionOf(place))
    else topics.set(topicId, [partitionOf(place)])
  }
  return [...topics].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.sort((a, b) => a - b),
  }))
}

export function both(a: PartitionSet, b: PartitionSet): Set<string> {
  return new Set([...a].filter(place => b.has(place)))
}

export function without(a: PartitionSet, b: PartitionSet): Set<string> {
  return new Set([...a].filter(place => !b.has(place)))
}

export function isWithin(a: PartitionSet, b: PartitionSet): boolean {
  return [...a].every(place => b.has(place))
}

export function isSame(a: PartitionSet, b: PartitionSet): boolean {
  return a.size === b.size && isWithin(a, b)
}
