import {
  bytes,
  choice,
  duration,
  flag,
  type OptionSet,
  type OptionsInput,
  type Parsed,
  text,
  thing,
} from '../base/options.ts'
import { clientOptions, configure } from '../cluster/options.ts'
import { ConfigError, type KafkaError } from '../errors.ts'
import { telemetryOptions } from '../telemetry/options.ts'
import { type Assignor, assignorNames, assignors } from './group/assignors/index.ts'
import { parseReset, type ResetPolicy } from './start.ts'

/** What to do with a record that can't be read: its CRC is wrong, or its deserializer throws. */
export type BadRecordPolicy = 'throw' | 'skip' | ((error: KafkaError) => 'throw' | 'skip')

const resetWords = ['earliest', 'latest', 'none'] as const

/** Every setting of a consumer: one row gives its type, check, default, other names and docs. */
export const consumerOptions = {
  ...clientOptions,
  ...telemetryOptions,
  'group.id': text({
    default: undefined,
    about: 'The group with which this consumer shares partitions, and under which it commits.',
  }),
  'group.instance.id': text({
    default: undefined,
    about:
      'Makes this a static member (KIP-345): away for less than session.timeout.ms, it finds its partitions again and no one else is disturbed.',
  }),
  'group.protocol': choice({
    default: 'classic',
    of: ['classic', 'consumer'],
    about:
      "How the group shares partitions: by an assignor of its members, or, with 'consumer' (KIP-848, Kafka 4.0), by the coordinator, which disturbs less.",
  }),
  'group.remote.assignor': text({
    default: undefined,
    about:
      "The coordinator's assignor, with group.protocol=consumer; the broker's default if none.",
  }),
  'partition.assignment.strategy': thing<string | readonly (string | Assignor)[]>({
    default: ['cooperative-sticky'],
    allowed: `one or more of ${assignorNames.join(', ')}, by name or Java's class, or assignors of your own`,
    is: (value): value is string | readonly (string | Assignor)[] =>
      parseStrategy(value) !== undefined,
    about:
      'How the group shares partitions, the best first; all members must have one in common. Where all are cooperative, partitions that do not move are not interrupted (KIP-429).',
  }),
  'session.timeout.ms': duration({
    default: 45_000,
    min: 1,
    max: 2_147_483_647,
    about: 'A member that was not heard of for so long is out; heartbeats never wait for handlers.',
  }),
  'heartbeat.interval.ms': duration({
    default: 3_000,
    min: 1,
    max: 2_147_483_647,
    about: 'How often a member tells that it lives; at most a third of session.timeout.ms.',
  }),
  'max.poll.interval.ms': duration({
    default: 300_000,
    min: 1,
    max: 2_147_483_647,
    about:
      'A program that works longer than this without asking for more loses its partitions, and is told by an error event.',
  }),
  'stall.timeout.ms': duration({
    default: 60_000,
    max: 2_147_483_647,
    about:
      'A partition that should get on and does not for so long (no records though some are there, no answer, no offset to begin at) is told of by a stalled event, and fetched anew: another session, connection and look for its leader. One whose records the program holds is told of after max.poll.interval.ms, if that is longer. 0 watches nothing.',
  }),
  'revoke.timeout.ms': duration({
    default: 30_000,
    max: 2_147_483_647,
    about:
      'How long a record in work may hold up the partition that goes to another member; then its signal aborts and it is processed once more there.',
  }),
  'enable.auto.commit': flag({
    default: true,
    about: 'Whether processed offsets are committed by themselves. Only processed ones ever are.',
  }),
  'auto.commit.interval.ms': duration({
    default: 5_000,
    min: 1,
    max: 2_147_483_647,
    about: 'How often they are; also when partitions are given up, and at close().',
  }),
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

/** Settings of a consumer: every one of `consumerOptions`, by Kafka's name or in camelCase. */
export type ConsumerOptions = OptionsInput<typeof consumerOptions>

export interface ConsumerConfig extends Parsed<typeof consumerOptions> {
  readonly reset: ResetPolicy
  readonly assignors: readonly Assignor[]
}

const classicOnly = ['partition.assignment.strategy', 'session.timeout.ms', 'heartbeat.interval.ms']

/** Checks a consumer's settings, each and together. */
export function consumerConfig(input: Readonly<Record<string, unknown>>): ConsumerConfig {
  const { values, given } = configure(consumerOptions, input)
  if (values.groupProtocol === 'consumer') {
    const foreign = classicOnly.find(name => given.has(name))
    if (foreign !== undefined) {
      throw new ConfigError(
        `${foreign} means nothing with group.protocol=consumer, where the broker decides it`,
        "leave it out, or set group.protocol to 'classic'",
      )
    }
  }
  if (values.fetchMinBytes > values.fetchMaxBytes) {
    throw new ConfigError(
      `fetch.min.bytes (${values.fetchMinBytes}) is more than fetch.max.bytes (${values.fetchMaxBytes})`,
    )
  }
  if (values.heartbeatIntervalMs >= values.sessionTimeoutMs) {
    throw new ConfigError(
      `heartbeat.interval.ms (${values.heartbeatIntervalMs}) must be less than session.timeout.ms (${values.sessionTimeoutMs})`,
      'a third of it is usual',
    )
  }
  return {
    ...values,
    reset: parseReset(values.autoOffsetReset)!,
    assignors: parseStrategy(values.partitionAssignmentStrategy)!,
  }
}

const inJava = (assignor: string) => `org.apache.kafka.clients.consumer.${assignor}`
/** Java names a class where others name what members agree upon. */
const javaAssignors: ReadonlyMap<unknown, string> = new Map([
  [inJava('RangeAssignor'), 'range'],
  [inJava('RoundRobinAssignor'), 'roundrobin'],
  [inJava('StickyAssignor'), 'sticky'],
  [inJava('CooperativeStickyAssignor'), 'cooperative-sticky'],
])

/** Assignors by name or class, or as they are; undefined if one is neither, or there is none. */
function parseStrategy(value: unknown): readonly Assignor[] | undefined {
  const items: unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(',').map(name => name.trim())
      : [value]
  const found = items.map(item => {
    const meant = javaAssignors.get(item) ?? item
    return assignors.find(({ name }) => name === meant) ?? item
  })
  return found.length > 0 && found.every(isAssignor) ? found : undefined
}

function isAssignor(value: unknown): value is Assignor {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'assign' in value &&
    typeof value.assign === 'function' &&
    'protocol' in value &&
    (value.protocol === 'eager' || value.protocol === 'cooperative')
  )
}
