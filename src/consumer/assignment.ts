import { KafkaError } from '../errors.ts'
import type { ConsumedPartition, TopicPartition } from './partition.ts'

/** The partitions that a consumer reads now, those first that should be fetched first. */
export class Assignment implements Iterable<ConsumedPartition> {
  readonly #byTopic = new Map<string, Map<number, ConsumedPartition>>()
  readonly #order = new Set<ConsumedPartition>()

  get size(): number {
    return this.#order.size
  }

  [Symbol.iterator](): Iterator<ConsumedPartition> {
    return this.#order.values()
  }

  find({ topic, partition }: TopicPartition): ConsumedPartition | undefined {
    return this.#byTopic.get(topic)?.get(partition)
  }

  /** The partition, or an error that says what is assigned. */
  get(wanted: TopicPartition, call: string): ConsumedPartition {
    const found = this.find(wanted)
    if (found) return found
    throw notAssigned(wanted, call)
  }

  add(partition: ConsumedPartition): void {
    const known = this.#byTopic.get(partition.topic)
    if (known) known.set(partition.partition, partition)
    else this.#byTopic.set(partition.topic, new Map([[partition.partition, partition]]))
    this.#order.add(partition)
  }

  delete(partition: ConsumedPartition): void {
    this.#byTopic.get(partition.topic)?.delete(partition.partition)
    this.#order.delete(partition)
  }

  /** Puts a partition behind all others. */
  served(partition: ConsumedPartition): void {
    if (this.#order.delete(partition)) this.#order.add(partition)
  }
}

export function notAssigned({ topic, partition }: TopicPartition, call: string): KafkaError {
  return new KafkaError({
    code: 'NOT_ASSIGNED',
    message: `${call}: ${topic} [${partition}] is not assigned to this consumer`,
    hint: 'assign() it, or, in a group, wait for the assigned event; it may have gone to another member',
    at: { topic, partition },
  })
}
