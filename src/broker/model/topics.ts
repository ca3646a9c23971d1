import { type Random, randomBelow } from '../../base/random.ts'
import { formatUuid, ZERO_UUID } from '../../wire/uuid.ts'
import type { Partition } from './partition.ts'
import type { Topic } from './topic.ts'
import { plainName } from './topic-names.ts'

/** The topics of a cluster, by name and by id. */
export class Topics {
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()
  readonly #byPlainName = new Map<string, Topic>()

  get size(): number {
    return this.#byName.size
  }

  names(): IterableIterator<string> {
    return this.#byName.keys()
  }

  all(): IterableIterator<Topic> {
    return this.#byName.values()
  }

  *partitions(): Generator<Partition> {
    for (const topic of this.#byName.values()) yield* topic.partitions
  }

  named(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  /** The topic of this name, or of the one that collides with it. */
  alike(name: string): Topic | undefined {
    return this.#byPlainName.get(plainName(name))
  }

  withId(id: string): Topic | undefined {
    return this.#byId.get(id)
  }

  /** The topic of a request, which names it in older versions and gives its id in newer ones. */
  find(name: string, id: string): Topic | undefined {
    return id === ZERO_UUID ? this.#byName.get(name) : this.#byId.get(id)
  }

  add(topic: Topic): void {
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
    this.#byPlainName.set(plainName(topic.name), topic)
  }

  remove(topic: Topic): void {
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    this.#byPlainName.delete(plainName(topic.name))
  }
}

/** A random uuid in Kafka's text form; like Kafka's, it never begins with a dash. */
export function randomUuid(random: Random): string {
  for (;;) {
    const bytes = Buffer.from(Array.from({ length: 16 }, () => randomBelow(random, 256)))
    bytes[6] = (bytes[6]! & 0x0f) | 0x40
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const text = formatUuid(bytes)
    if (!text.startsWith('-')) return text
  }
}
