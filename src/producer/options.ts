import {
  bytes,
  choice,
  count,
  duration,
  flag,
  type OptionSet,
  type OptionsInput,
  type Parsed,
  text,
  thing,
} from '../base/options.ts'
import { clientOptions, configure } from '../cluster/options.ts'
import { ConfigError } from '../errors.ts'
import { telemetryOptions } from '../telemetry/options.ts'
import { type Partitioner, partitionerNames } from './partitioner.ts'

const acksWords = new Map<-1 | 0 | 1 | '-1', 'all' | '1' | '0'>([
  [-1, 'all'],
  ['-1', 'all'],
  [1, '1'],
  [0, '0'],
])

/** Every setting of a producer: one row gives its type, check, default, other names and docs. */
export const producerOptions = {
  ...clientOptions,
  ...telemetryOptions,
  acks: choice({
    default: 'all',
    of: ['all', '1', '0'],
    synonyms: acksWords,
    alias: ['request.required.acks'],
    about:
      'Who must have a batch before it counts as delivered: all in-sync replicas, the leader (1), or nobody (0).',
  }),
  'enable.idempotence': flag({
    default: true,
    about: 'A retry never stores a record twice or out of order (KIP-98). Needs acks=all.',
  }),
  'linger.ms': duration({
    default: 5,
    max: 900_000,
    alias: ['queue.buffering.max.ms'],
    about:
      'How long a batch waits for company. By default a batch for an idle broker does not wait at all; a value that is given is kept to exactly.',
  }),
  'batch.size': bytes({
    default: 131_072,
    min: 128,
    max: 1_073_741_824,
    about: 'A batch of so many bytes is sent at once; larger records get a batch of their own.',
  }),
  'compression.type': choice({
    default: 'none',
    of: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    alias: ['compression.codec'],
    about: 'How batches are compressed.',
  }),
  'compression.level': count({
    default: -1,
    min: -131_072,
    max: 22,
    about: 'How hard the codec tries, where it has levels; -1 is its own default.',
  }),
  'buffer.memory': bytes({
    default: 33_554_432,
    min: 1_024,
    scaled: { 'queue.buffering.max.kbytes': 1024 },
    about:
      'The most bytes that wait or are on their way; past it `produce()` throws BufferFullError.',
  }),
  'queue.buffering.max.messages': count({
    default: 2_147_483_647,
    min: 1,
    max: 2_147_483_647,
    about: 'The most records that wait or are on their way.',
  }),
  'max.block.ms': duration({
    default: 60_000,
    about: 'How long `send()` waits for space in the buffer.',
  }),
  'max.in.flight.requests.per.connection': count({
    default: 5,
    min: 1,
    max: 1_000_000,
    alias: ['max.in.flight'],
    about: 'How many requests to one broker may be unanswered; at most 5 with idempotence.',
  }),
  'max.request.size': bytes({
    default: 1_048_576,
    min: 1_000,
    max: 2_147_483_647,
    alias: ['message.max.bytes'],
    about: 'The largest request, and so the largest record, before compression.',
  }),
  'delivery.timeout.ms': duration({
    default: 120_000,
    min: 1,
    max: 2_147_483_647,
    alias: ['message.timeout.ms'],
    about: 'The one deadline of a record, from `produce()` to its report, whatever happens.',
  }),
  retries: count({
    default: 2_147_483_647,
    max: 2_147_483_647,
    alias: ['message.send.max.retries'],
    about: 'How often a batch is tried again; delivery.timeout.ms bounds it anyway.',
  }),
  partitioner: thing<Partitioner>({
    default: 'murmur2',
    allowed: `one of ${partitionerNames.join(', ')}, or a function (record, partitions, available)`,
    is: (value): value is Partitioner =>
      typeof value === 'function' || partitionerNames.some(name => name === value),
    about: 'Which partition a record without one goes to; murmur2 is what the Java client does.',
  }),
  'allow.auto.create.topics': flag({
    default: true,
    about: 'Whether producing to an unknown topic may create it, where the broker allows that.',
  }),
  'transactional.id': text({
    default: undefined,
    about: 'Makes this a transactional producer; a newer one with the same id fences this one.',
  }),
  'transaction.timeout.ms': duration({
    default: 60_000,
    min: 1,
    max: 2_147_483_647,
    about: 'The broker aborts a transaction that was left open for so long.',
  }),
  'statistics.interval.ms': duration({
    default: 0,
    max: 86_400_000,
    about: "How often the 'stats' event comes; 0 is never.",
  }),
} satisfies OptionSet

/** Settings of a producer: every one of `producerOptions`, by Kafka's name or in camelCase. */
export type ProducerOptions = OptionsInput<typeof producerOptions>

export interface ProducerConfig extends Parsed<typeof producerOptions> {
  /** Whether linger.ms was given: then it is kept to, else an idle broker is sent to at once. */
  readonly adaptiveLinger: boolean
}

const MOST_IN_FLIGHT_IN_ORDER = 5

/** Checks a producer's settings, each and together. */
export function producerConfig(input: Readonly<Record<string, unknown>>): ProducerConfig {
  const { values, given } = configure(producerOptions, input)
  const idempotent = values.enableIdempotence
  if (idempotent && values.acks !== 'all') {
    if (given.has('enable.idempotence') || values.transactionalId !== undefined) {
      throw new ConfigError(
        `acks is ${values.acks}, but idempotence needs acks=all`,
        "set acks to 'all', or enable.idempotence to false",
      )
    }
    return producerConfig({ ...input, 'enable.idempotence': false })
  }
  if (values.transactionalId !== undefined && !idempotent) {
    throw new ConfigError('transactional.id is set, but enable.idempotence is false')
  }
  const inFlight = values.maxInFlightRequestsPerConnection
  if (idempotent && inFlight > MOST_IN_FLIGHT_IN_ORDER) {
    throw new ConfigError(
      `max.in.flight.requests.per.connection is ${inFlight}, but idempotence allows at most 5`,
      'set it to 5 or less, or enable.idempotence to false',
    )
  }
  const { deliveryTimeoutMs, lingerMs } = values
  if (given.has('linger.ms') && lingerMs >= deliveryTimeoutMs) {
    throw new ConfigError(
      `linger.ms (${lingerMs}) must be less than delivery.timeout.ms (${deliveryTimeoutMs})`,
    )
  }
  return { ...values, adaptiveLinger: !given.has('linger.ms') }
}
