import {
  bytes,
  choice,
  duration,
  flag,
  type OptionSet,
  type OptionsInput,
  type Parsed,
  thing,
} from '../base/options.ts'
import { clientOptions, configure } from '../cluster/options.ts'
import { ConfigError, type KafkaError } from '../errors.ts'
import { parseReset, type ResetPolicy } from './start.ts'

/** What to do with a record that can't be read: its CRC is wrong, or its deserializer throws. */
export type BadRecordPolicy = 'throw' | 'skip' | ((error: KafkaError) => 'throw' | 'skip')

const resetWords = ['earliest', 'latest', 'none'] as const

/** Every setting of a consumer: one row gives its type, check, default, other names and docs. */
export const consumerOptions = {
  ...clientOptions,
  'auto.offset.reset': thing<string>({
    default: 'latest',
    allowed: `one of ${resetWords.join(', ')}, or by_duration: and an ISO 8601 duration such as PT1H`,
    is: (value): value is string => parseReset(value) !== undefined,
    about:
      'Where to begin where no offset is committed or the offset is out of range (KIP-1106 for by_duration). Never used because of an error.',
  }),
  'isolation.level': choice({
    default: 'read_uncommitted',
    of: ['read_uncommitted', 'read_committed'],
    about: 'read_committed hides what open and aborted transactions wrote (KIP-98).',
  }),
  'fetch.min.bytes': bytes({
    default: 1,
    max: 2_147_483_647,
    about: 'A broker waits for so much before it answers a fetch.',
  }),
  'fetch.max.bytes': bytes({
    default: 52_428_800,
    max: 2_147_483_647,
    about: 'The most that one fetch brings, unless its first batch alone is larger.',
  }),
  'fetch.max.wait.ms': duration({
    default: 500,
    max: 300_000,
    alias: ['fetch.wait.max.ms'],
    about: 'How long a broker waits for fetch.min.bytes.',
  }),
  'max.partition.fetch.bytes': bytes({
    default: 1_048_576,
    min: 1,
    max: 2_147_483_647,
    alias: ['fetch.message.max.bytes'],
    about:
      'The most that one fetch brings of one partition, unless its first batch alone is larger. A partition with so much waiting is not fetched.',
  }),
  'prefetch.max.bytes': bytes({
    default: 33_554_432,
    min: 1,
    scaled: { 'queued.max.messages.kbytes': 1024 },
    about: 'The most that waits to be handed out, of all partitions together, as it was fetched.',
  }),
  'check.crcs': flag({
    default: true,
    about: 'Whether the checksum of every batch is checked.',
  }),
  'on.bad.record': thing<BadRecordPolicy>({
    default: 'throw',
    allowed: "'throw', 'skip', or a function from the error to one of these",
    is: (value): value is BadRecordPolicy =>
      value === 'throw' || value === 'skip' || typeof value === 'function',
    about:
      "What becomes of a record that can't be read. 'throw' ends the loop with the error and keeps the position; 'skip' goes on behind it and emits the error.",
  }),
  'allow.auto.create.topics': flag({
    default: false,
    about: 'Whether reading from an unknown topic may create it, where the broker allows that.',
  }),
} satisfies OptionSet

export type ConsumerOptions = OptionsInput<typeof consumerOptions>

export interface ConsumerConfig extends Parsed<typeof consumerOptions> {
  readonly reset: ResetPolicy
}

/** Checks a consumer's settings, each and together. */
export function consumerConfig(input: Readonly<Record<string, unknown>>): ConsumerConfig {
  const { values } = configure(consumerOptions, input)
  if (values.fetchMinBytes > values.fetchMaxBytes) {
    throw new ConfigError(
      `fetch.min.bytes (${values.fetchMinBytes}) is more than fetch.max.bytes (${values.fetchMaxBytes})`,
    )
  }
  return { ...values, reset: parseReset(values.autoOffsetReset)! }
}
