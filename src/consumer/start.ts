import { ConfigError } from '../errors.ts'
import type { TopicPartition } from './partition.ts'

/** Where to begin in a partition: an offset, an end of the log, or a time in ms since 1970. */
export type StartAt = number | 'earliest' | 'latest' | { readonly timestamp: number }

/** What `auto.offset.reset` says. */
export type ResetPolicy =
  | { readonly is: 'earliest' | 'latest' | 'none' }
  | { readonly is: 'by_duration'; readonly ms: number }

const EARLIEST = -2
const LATEST = -1

/** The timestamp that asks ListOffsets for that start. */
export function timestampOf(at: Exclude<StartAt, number>): number {
  if (at === 'earliest') return EARLIEST
  return at === 'latest' ? LATEST : at.timestamp
}

/** Whether a value is a start; a program without types may give anything. */
function isStart(value: unknown): value is StartAt {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0
  if (value === 'earliest' || value === 'latest') return true
  return (
    typeof value === 'object' &&
    value !== null &&
    'timestamp' in value &&
    Number.isSafeInteger(value.timestamp)
  )
}

/** Where the policy begins at this time, or undefined where it wants an error instead. */
export function resetStart(policy: ResetPolicy, now: number): Exclude<StartAt, number> | undefined {
  switch (policy.is) {
    case 'none':
      return undefined
    case 'by_duration':
      return { timestamp: now - policy.ms }
    default:
      return policy.is
  }
}

/** Refuses what is not a partition, from a program without types. */
export function checkSlot({ topic, partition }: TopicPartition): void {
  if (typeof topic !== 'string' || topic === '') {
    throw new ConfigError(`topic must be a text that is not empty, got ${JSON.stringify(topic)}`)
  }
  if (Number.isInteger(partition) && partition >= 0) return
  throw new ConfigError(`partition must be a whole number from 0, got ${JSON.stringify(partition)}`)
}

/** Looks at what is subscribed to: a text would pass for a list of its letters. */
export function checkTopics(topics: unknown): void {
  if (!Array.isArray(topics)) {
    const got = JSON.stringify(topics)
    throw new ConfigError(`topics must be a list or a RegExp, got ${got}`, "such as ['orders']")
  }
  for (const topic of topics) checkSlot({ topic, partition: 0 })
}

export function checkStart(slot: TopicPartition, offset: unknown): void {
  checkSlot(slot)
  if (isStart(offset)) return
  throw new ConfigError(
    "offset must be a whole number from 0, 'earliest', 'latest' or { timestamp }, " +
      `got ${JSON.stringify(offset)}`,
  )
}

const synonyms = new Map<unknown, ResetPolicy>([
  ['earliest', { is: 'earliest' }],
  ['smallest', { is: 'earliest' }],
  ['beginning', { is: 'earliest' }],
  ['latest', { is: 'latest' }],
  ['largest', { is: 'latest' }],
  ['end', { is: 'latest' }],
  ['none', { is: 'none' }],
  ['error', { is: 'none' }],
])

const durationPattern =
  /^by_duration:P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/i

/** `auto.offset.reset` as text, librdkafka's words among it; undefined if it is none of them. */
export function parseReset(value: unknown): ResetPolicy | undefined {
  const known = synonyms.get(value)
  if (known || typeof value !== 'string') return known
  const parts = durationPattern.exec(value)
  if (!parts || parts.slice(1).every(part => part === undefined)) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map(part => +(part ?? 0))
  return { is: 'by_duration', ms: (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 }
}
