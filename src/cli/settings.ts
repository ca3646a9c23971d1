import { readFileSync } from 'node:fs'
import { camelCase, type OptionSet } from '../base/options.ts'
import { configure } from '../cluster/options.ts'
import { ConfigError } from '../errors.ts'
import { consoleLogger, type Logger, type LogLevel } from '../logger.ts'
import { fileError, UsageError } from './exit.ts'
import { readProperties } from './properties.ts'

/** The options that every command has, as commander gives them. */
export interface CommonFlags {
  readonly bootstrapServer?: string
  /** `-X key=value`, in order. */
  readonly X?: readonly string[]
  readonly commandConfig?: string
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
}

/** Settings as text, from one place; later places win over earlier ones. */
type Texts = Readonly<Record<string, string>>

/**
 * A client's settings from all the places where they may be given: the environment, the properties
 * file, `-X`, and the command's own flags, which win. Throws a ConfigError that names the nearest
 * right name for one that is unknown.
 *
 * A properties file may serve several commands: `alsoKnown` are the settings that are right there
 * and simply do not concern this one.
 */
export function settingsFor(
  set: OptionSet,
  flags: CommonFlags,
  own: Texts = {},
  alsoKnown: OptionSet = {},
  env: NodeJS.ProcessEnv = process.env,
): Record<string, unknown> {
  const servers = flags.bootstrapServer
  const fallback = env.KAFKA_BOOTSTRAP_SERVERS || 'localhost:9092'
  const settings: Record<string, unknown> = {
    ...typed(set, { 'bootstrap.servers': fallback }),
    ...fromFile(set, flags.commandConfig, alsoKnown),
    ...typed(set, pairs(flags.X ?? [])),
    ...typed(set, own),
    ...(servers === undefined ? {} : typed(set, { 'bootstrap.servers': servers })),
  }
  const level = settings['log.level'] ?? (flags.quiet ? 'error' : 'warn')
  return { ...settings, logger: quietOnDeliveries(level as LogLevel) }
}

/** Those of a client's settings that another kind of client has too. */
export function settingsIn(
  set: OptionSet,
  settings: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name in set))
}

function fromFile(
  set: OptionSet,
  file: string | undefined,
  alsoKnown: OptionSet,
): Record<string, unknown> {
  if (file === undefined) return {}
  const { properties, lines } = readProperties(textOf(file), file)
  const texts = Object.entries(properties)
  const meant = texts.filter(([key]) => !isForJavaOnly(key) && !isForRegistry(key))
  const known = { ...alsoKnown, ...set }
  // One by one at first, so that a mistake is told with its line.
  for (const [key, value] of meant) {
    naming(`${file}, line ${lines.get(key)}`, () => configure(known, { [key]: value }, 'text'))
  }
  return naming(file, () => {
    const { values, given } = configure(known, Object.fromEntries(meant), 'text')
    return dotted(
      values,
      [...given].filter(key => key in set),
    )
  })
}

/** Puts the place in front of what is wrong there. */
function naming<T>(place: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ConfigError) {
      const { hint, message } = error
      const words = hint === undefined ? message : message.slice(0, -hint.length - 2)
      throw new ConfigError(`${place}: ${words}`, hint)
    }
    throw error
  }
}

/** Java classes that a properties file names; here they mean nothing, and harm nothing. */
function isForJavaOnly(key: string): boolean {
  return /^(key|value)\.(de)?serializer$|^interceptor\.classes$|^metrics?\./.test(key)
}

/** Settings of a schema registry's client that stand beside those of a Kafka client. */
export function isForRegistry(key: string): boolean {
  return /^(schema\.registry|basic\.auth|bearer\.auth)\./.test(key)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw fileError(file, error)
  }
}

/** `key=value` texts as an object. */
export function pairs(texts: readonly string[]): Record<string, string> {
  const entries = texts.map(text => {
    const cut = text.indexOf('=')
    if (cut > 0) return [text.slice(0, cut), text.slice(cut + 1)] as const
    throw new UsageError(`-X ${text}: not a setting and its value`, 'write it as -X key=value')
  })
  return Object.fromEntries(entries)
}

/** Texts as the values that they stand for, under Kafka's dotted names. */
function typed(set: OptionSet, texts: Texts): Record<string, unknown> {
  const { values, given } = configure(set, texts, 'text')
  return dotted(values, given)
}

function dotted(values: object, keys: Iterable<string>): Record<string, unknown> {
  const byName = new Map(Object.entries(values))
  return Object.fromEntries([...keys].map(key => [key, byName.get(camelCase(key))]))
}

/** Log lines on stderr, without those of failed deliveries: the command itself tells of them. */
function quietOnDeliveries(least: LogLevel): Logger {
  const console = consoleLogger(least)
  return {
    log(level, event, fields) {
      if (event !== 'delivery.failed') console.log(level, event, fields)
    },
  }
}
