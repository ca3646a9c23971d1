import { readFileSync } from 'node:fs'
import { camelCase, OptionProblem, parseOptions } from '../../base/options.ts'
import { ConfigError } from '../../errors.ts'
import { registryOptions } from '../../registry/client/options.ts'
import { SchemaRegistryClient } from '../../registry/index.ts'
import { fileError } from '../exit.ts'
import { parseProperties } from '../properties.ts'
import { type CommonFlags, isForRegistry, pairs } from '../settings.ts'

/** The flags of every command that talks to a schema registry. */
export interface RegistryFlags extends CommonFlags {
  readonly registry?: string
}

const URL_NAME = 'schema.registry.url'
const DEFAULT_URL = 'http://localhost:8081'

export const registryHelp = 'the schema registry (default: $SCHEMA_REGISTRY_URL, or localhost:8081)'

/**
 * A registry's client from all the places where its settings may be given: the environment, the
 * properties file, `-X`, and `--registry`, which wins. Beside settings of a Kafka client, the
 * registry's stand behind `schema.registry.`, as in `schema.registry.ssl.ca.location`.
 */
export function registryFor(
  flags: RegistryFlags,
  env: NodeJS.ProcessEnv = process.env,
): SchemaRegistryClient {
  const { registry, X = [], commandConfig } = flags
  return new SchemaRegistryClient(
    typed({
      [URL_NAME]: env.SCHEMA_REGISTRY_URL || DEFAULT_URL,
      ...(commandConfig !== undefined && ofFile(commandConfig)),
      ...plain(pairs(X)),
      ...(registry !== undefined && { [URL_NAME]: registry }),
    }),
  )
}

/** `-X` as it is for the Kafka client alone, and for the registry's alone. */
export function shared<F extends RegistryFlags>(flags: F): { kafka: F; registry: F } {
  const all = flags.X ?? []
  return {
    kafka: { ...flags, X: all.filter(text => !isForRegistry(text)) },
    registry: { ...flags, X: all.filter(isForRegistry) },
  }
}

function ofFile(file: string): Record<string, string> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw fileError(file, error)
  }
  const ours = Object.entries(parseProperties(text, file)).filter(([key]) => isForRegistry(key))
  return plain(Object.fromEntries(ours))
}

/** Without the prefix; what only a Java client needs is left out. */
function plain(texts: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(texts).map(([key, value]) => {
    const isUrl = key === URL_NAME
    return [isUrl ? key : key.replace(/^schema\.registry\./, ''), value] as const
  })
  return Object.fromEntries(named.filter(([key]) => key !== 'basic.auth.credentials.source'))
}

function typed(texts: Readonly<Record<string, string>>): Record<string, unknown> {
  try {
    const { values, given } = parseOptions(registryOptions, texts, 'text')
    const byName = new Map<string, unknown>(Object.entries(values))
    return Object.fromEntries([...given].map(key => [key, byName.get(camelCase(key))]))
  } catch (error) {
    if (error instanceof OptionProblem) throw new ConfigError(error.message, error.hint)
    throw error
  }
}
