import { type Random, randomBelow } from '../base/random.ts'
import type { PartitionInfo } from '../cluster/metadata.ts'
import { consistent, fnv1a } from './hashes.ts'
import { murmur2 } from './murmur2.ts'

/** What a partitioner of your own is given: key and value as they will be sent. */
export interface PartitionedRecord {
  readonly topic: string
  readonly key: string | Uint8Array | null
  readonly value: string | Uint8Array | null
}

/**
 * Chooses a partition: `partitions` are all of the topic's, `available` those that have a leader
 * just now. Must give the index of one of `partitions`.
 *
 * @example
 * // A lane of its own for what is urgent: the last partition.
 * const priority: PartitionFunction = ({ key }, partitions) =>
 *   String(key).startsWith('priority:') ? partitions.length - 1
 *     : javaPartition(String(key), partitions.length - 1)
 */
export type PartitionFunction = (
  record: PartitionedRecord,
  partitions: readonly PartitionInfo[],
  available: readonly PartitionInfo[],
) => number

export const partitionerNames = [
  'murmur2',
  'murmur2_random',
  'consistent',
  'consistent_random',
  'fnv1a',
  'fnv1a_random',
  'random',
  'roundrobin',
] as const

/** A partitioner of Java or librdkafka by its name, such as `murmur2_random`. */
export type PartitionerName = (typeof partitionerNames)[number]
/** How records find their partition: by name, or by a function of one's own. */
export type Partitioner = PartitionerName | PartitionFunction

/** Keys are hashed in place here when they come as text; longer ones get a buffer of their own. */
const scratch = Buffer.allocUnsafe(1024)
const MOST_BYTES_A_CHARACTER = 3

type Hash = (bytes: Uint8Array, start: number, end: number) => number

function hashKey(hash: Hash, key: string | Uint8Array): number {
  if (typeof key !== 'string') return hash(key, 0, key.length)
  if (key.length * MOST_BYTES_A_CHARACTER > scratch.length) {
    const bytes = Buffer.from(key)
    return hash(bytes, 0, bytes.length)
  }
  return hash(scratch, 0, putKey(key))
}

/** Writes a short key into the scratch; plain ASCII by a loop, which beats a call for few bytes. */
function putKey(key: string): number {
  const { length } = key
  if (length > 32) return scratch.utf8Write(key, 0)
  for (let i = 0; i < length; i++) {
    const unit = key.charCodeAt(i)
    if (unit > 0x7f) return scratch.utf8Write(key, 0)
    scratch[i] = unit
  }
  return length
}

/** Drops the sign as Java's `Utils.toPositive` does. */
const positive =
  (hash: Hash): Hash =>
  (bytes, start, end) =>
    hash(bytes, start, end) & 0x7fffffff

const murmur2Positive = positive(murmur2)
/** librdkafka takes the absolute value of the signed hash instead. */
const fnv1aAbsolute: Hash = (bytes, start, end) => Math.abs(fnv1a(bytes, start, end) | 0)

/** The partition of a key as Java's default partitioner chooses it. */
export function javaPartition(key: string | Uint8Array, partitions: number): number {
  return hashKey(murmur2Positive, key) % partitions
}

/** How a named partitioner places keys, and whether a record without a key is placed alike. */
interface Placing {
  readonly hash: Hash | undefined
  /** `sticky`: one partition until a batch's worth is there (KIP-794). */
  readonly keyless: 'sticky' | 'hashed' | 'random' | 'roundrobin'
  /** librdkafka's `*_random` treat an empty key as none. */
  readonly emptyIsNone: boolean
}

export const placings: Readonly<Record<PartitionerName, Placing>> = {
  murmur2: { hash: murmur2Positive, keyless: 'sticky', emptyIsNone: false },
  murmur2_random: { hash: murmur2Positive, keyless: 'sticky', emptyIsNone: false },
  consistent: { hash: consistent, keyless: 'hashed', emptyIsNone: false },
  consistent_random: { hash: consistent, keyless: 'sticky', emptyIsNone: true },
  fnv1a: { hash: fnv1aAbsolute, keyless: 'hashed', emptyIsNone: false },
  fnv1a_random: { hash: fnv1aAbsolute, keyless: 'sticky', emptyIsNone: false },
  random: { hash: undefined, keyless: 'random', emptyIsNone: false },
  roundrobin: { hash: undefined, keyless: 'roundrobin', emptyIsNone: false },
}

const nothing = new Uint8Array(0)

/** What a partitioner needs to know of a topic at the moment. */
export interface TopicPartitions {
  partitions: readonly PartitionInfo[]
  available: readonly PartitionInfo[]
  /** Where keyless records stick to; the accumulator moves it on. */
  sticky: number
  turn: number
}

/** The partition of a record that names none. A function of the user's may throw. */
export function pick(
  partitioner: Partitioner,
  topic: string,
  key: string | Uint8Array | null,
  value: string | Uint8Array | null,
  state: TopicPartitions,
  random: Random,
): number {
  if (typeof partitioner === 'function') {
    return partitioner({ topic, key, value }, state.partitions, state.available)
  }
  const { hash, keyless, emptyIsNone } = placings[partitioner]
  const { partitions } = state
  if (hash && key !== null && !(emptyIsNone && key.length === 0)) {
    return hashKey(hash, key) % partitions.length
  }
  switch (keyless) {
    case 'hashed':
      return hashKey(hash ?? murmur2Positive, nothing) % partitions.length
    case 'random':
      return someAvailable(state, random)
    case 'roundrobin':
      return turnOf(state)
    case 'sticky':
      if (state.sticky < 0) state.sticky = someAvailable(state, random)
      return state.sticky
  }
}

/** A partition that has a leader, or any where none has. */
export function someAvailable(state: TopicPartitions, random: Random): number {
  const { available, partitions } = state
  const among = available.length > 0 ? available : partitions
  return among[randomBelow(random, among.length)]!.partition
}

/**
 * Where keyless records go next (KIP-794): an available partition, the likelier the less waits for
 * it, so that a slow broker gets fewer. `queued` gives how many batches wait for a partition.
 */
export function nextSticky(
  state: TopicPartitions,
  queued: (partition: number) => number,
  random: Random,
): number {
  const { available, partitions } = state
  const among = available.length > 0 ? available : partitions
  const lengths = among.map(({ partition }) => queued(partition))
  const most = Math.max(...lengths)
  // The longest queue keeps a chance of one, an empty one has the most.
  const chances = lengths.map(length => most - length + 1)
  let left = randomBelow(
    random,
    chances.reduce((sum, chance) => sum + chance, 0),
  )
  const at = chances.findIndex(chance => {
    left -= chance
    return left < 0
  })
  return among[at]!.partition
}

function turnOf(state: TopicPartitions): number {
  const { available, partitions } = state
  const among = available.length > 0 ? available : partitions
  return among[state.turn++ % among.length]!.partition
}
