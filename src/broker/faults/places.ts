import type { AnyMessage } from '../handler.ts'

/** A partition that a request names, or a topic that it names without any (partition -1). */
export interface Place {
  readonly topic: string
  readonly partition: number
}

/** How messages call a topic, and a partition within it. */
export const TOPIC_NAMES = ['name', 'topic', 'topicName'] as const
export const PARTITION_NAMES = ['index', 'partition', 'partitionIndex'] as const

/** The topics and partitions that a request of any API names, or tells by a topic's id. */
export function placesOf(
  request: AnyMessage,
  nameOf: (topicId: string) => string | undefined,
): Place[] {
  const places = namesIn(request.topicNames).map(topic => ({ topic, partition: -1 }))
  for (const topic of objectsIn(request)) {
    const name = nameIn(topic) ?? (typeof topic.topicId === 'string' && nameOf(topic.topicId))
    if (typeof name !== 'string') {
      // A list of groups, transactions or markers, each with topics of its own.
      places.push(...placesOf(topic, nameOf))
      continue
    }
    const partitions = partitionsIn(topic)
    if (partitions.length === 0) places.push({ topic: name, partition: -1 })
    for (const partition of partitions) places.push({ topic: name, partition })
  }
  return places
}

/** Where a topic goes by its id, its name is blank. */
function nameIn(topic: AnyMessage): string | undefined {
  const names = TOPIC_NAMES.map(field => topic[field])
  return names.find(name => typeof name === 'string' && name !== '')?.toString()
}

/** Of old, topics that are deleted were a bare list of names. */
function namesIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter(name => typeof name === 'string') : []
}

function objectsIn(message: AnyMessage): AnyMessage[] {
  return Object.values(message).flatMap(value =>
    Array.isArray(value) ? value.filter(isObject) : [],
  )
}

function partitionsIn(topic: AnyMessage): number[] {
  const partitions: number[] = []
  for (const value of Object.values(topic)) {
    if (!Array.isArray(value)) continue
    for (const item of value) {
      const index = isObject(item)
        ? PARTITION_NAMES.map(name => item[name]).find(found => typeof found === 'number')
        : item
      if (typeof index === 'number') partitions.push(index)
    }
  }
  return partitions
}

export function isObject(value: unknown): value is AnyMessage {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
