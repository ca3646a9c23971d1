import {
  bytes,
  choice,
  duration,
  list,
  OptionProblem,
  type OptionSet,
  type OptionsInput,
  type Parsed,
  type ParsedOptions,
  parseOptions,
  text,
  thing,
} from '../base/options.ts'
import { ConfigError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Address } from '../net/transport.ts'
import { EMBEDDED_HOST } from './dial.ts'
import { foreignHint } from './foreign-settings.ts'
import { securityOptions } from './security-options.ts'

export type AddressMapper = (advertised: Address) => Address

const isFunction = (value: unknown): value is (...given: never[]) => unknown =>
  typeof value === 'function'

/** The settings that every kind of client has. */
export const clientOptions = {
  'bootstrap.servers': list({
    default: [],
    alias: ['metadata.broker.list', 'brokers'],
    about: 'Where to begin: `host:port` of some brokers, comma-separated. The rest is learnt.',
  }),
  'client.id': text({
    default: 'posthaste',
    about: 'Who we say we are; shown in broker logs and used for quotas.',
  }),
  'request.timeout.ms': duration({
    default: 30_000,
    min: 1,
    max: 900_000,
    alias: ['socket.timeout.ms'],
    about: 'How long a broker may take to answer before the connection is given up.',
  }),
  'socket.connection.setup.timeout.ms': duration({
    default: 10_000,
    min: 1,
    max: 300_000,
    about: 'How long dialling, negotiating and authenticating may take together.',
  }),
  'reconnect.backoff.ms': duration({
    default: 50,
    max: 3_600_000,
    about: 'The first wait before a broker is dialled again; it doubles, with jitter.',
  }),
  'reconnect.backoff.max.ms': duration({
    default: 1_000,
    max: 3_600_000,
    about: 'The longest wait before a broker is dialled again.',
  }),
  'retry.backoff.ms': duration({
    default: 100,
    max: 300_000,
    about:
      'The first wait before a failed request is tried again; it doubles, with jitter (KIP-580).',
  }),
  'retry.backoff.max.ms': duration({
    default: 1_000,
    max: 300_000,
    about: 'The longest wait before a failed request is tried again.',
  }),
  'connections.max.idle.ms': duration({
    default: 540_000,
    about: 'A connection without traffic for so long is closed; 0 keeps it.',
  }),
  'metadata.max.age.ms': duration({
    default: 300_000,
    min: 100,
    alias: ['topic.metadata.refresh.interval.ms'],
    about: 'How old the picture of the cluster may get before it is asked for again.',
  }),
  'metadata.max.idle.ms': duration({
    default: 300_000,
    min: 5_000,
    about: 'A topic that was not used for so long is no longer asked for.',
  }),
  'receive.message.max.bytes': bytes({
    default: 100_000_000,
    min: 1_000,
    max: 2_147_483_647,
    about: 'A larger answer closes the connection before it is buffered.',
  }),
  ...securityOptions,
  'client.rack': text({
    default: undefined,
    about: 'Where this client stands, so that reads may go to a replica nearby (KIP-392).',
  }),
  'broker.address.mapper': thing<AddressMapper | undefined>({
    default: undefined,
    allowed: 'a function from { host, port } to { host, port }',
    is: isFunction as (value: unknown) => value is AddressMapper,
    about:
      'Turns an advertised address into one that can be reached from here, as through a tunnel.',
  }),
  logger: thing<Logger | undefined>({
    default: undefined,
    allowed: 'an object with log(level, event, fields)',
    is: (value): value is Logger =>
      typeof value === 'object' && value !== null && 'log' in value && isFunction(value.log),
    about: 'Where log lines go; by default warnings and errors go to stderr.',
  }),
  'log.level': choice({
    default: 'warn',
    of: ['debug', 'info', 'warn', 'error'],
    about: 'The least level that the default logger prints.',
  }),
} satisfies OptionSet

export type ClientOptions = OptionsInput<typeof clientOptions>
export type ClientConfig = Parsed<typeof clientOptions>

/** `parseOptions` with its problems as ConfigErrors; everything else must not run before it. */
export function configure<const S extends OptionSet>(
  set: S,
  input: Readonly<Record<string, unknown>>,
  mode: 'values' | 'text' = 'values',
): ParsedOptions<S> {
  try {
    return parseOptions(set, input, mode)
  } catch (error) {
    if (!(error instanceof OptionProblem)) throw error
    const { message, hint, unknown } = error
    const foreign = unknown === undefined ? undefined : foreignHint(unknown, set)
    throw new ConfigError(message, foreign ?? hint)
  }
}

/** `host:port` texts as addresses; a ConfigError names the one that is wrong. */
export function parseAddresses(servers: readonly string[]): Address[] {
  if (servers.length === 0) {
    throw new ConfigError(
      'bootstrap.servers is missing',
      "give the address of at least one broker, such as 'localhost:9092'",
    )
  }
  return servers.map(parseAddress)
}

/** `host`, `host:port`, `[v6]:port`, `PLAINTEXT://` before it or not; port 9092 if none. */
function parseAddress(server: string): Address {
  const plain = server.replace(/^(?!https?:)[A-Z_]+:\/\//i, '')
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([^:[\]\s/]+))(?::(\d{1,5}))?$/i.exec(plain)
  const port = match?.[3] === undefined ? 9092 : Number(match[3])
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || port < 1 || port > 65_535) {
    throw new ConfigError(
      `bootstrap.servers has ${JSON.stringify(server)}, which is not host:port`,
      "write it as in 'localhost:9092' or '[::1]:9092'",
    )
  }
  if (host !== EMBEDDED_HOST) return { host, port }
  const brokers = match?.[3] === undefined ? 1 : port
  if (brokers <= MOST_EMBEDDED) return { host, port: brokers }
  throw new ConfigError(
    `bootstrap.servers has ${server}, which means a cluster of ${brokers} brokers in this process`,
    `from 1 to ${MOST_EMBEDDED} of them, please; for a host of that name write '${host}.:${port}'`,
  )
}

const MOST_EMBEDDED = 100
