import {
  AuthenticationError,
  asError,
  ConfigError,
  ConnectionError,
  KafkaError,
  RegistryError,
  SerializationError,
} from '../errors.ts'

/** How a command ends; the number is the process's exit code. */
export const exitCodes = {
  done: 0,
  /** Some records failed, or the cluster refused what was asked of it. */
  failed: 1,
  usage: 2,
  noBroker: 3,
  interrupted: 130,
} as const

/** The command was called in a way that can't work: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  constructor(message: string, hint?: string) {
    super(hint ? `${message}; ${hint}` : message)
  }
}

/** The exit code for what ended a command. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UsageError || thrown instanceof ConfigError) return exitCodes.usage
  if (thrown instanceof AuthenticationError) return exitCodes.usage
  if (thrown instanceof RegistryError || thrown instanceof SerializationError) {
    return registryCodes[thrown.code] ?? exitCodes.failed
  }
  if (rootOf(thrown) instanceof ConnectionError) return exitCodes.noBroker
  return exitCodes.failed
}

/** What of a schema registry's errors is no mere refusal. */
const registryCodes: Readonly<Record<string, number>> = {
  REGISTRY_UNREACHABLE: exitCodes.noBroker,
  REGISTRY_TIMEOUT: exitCodes.noBroker,
  REGISTRY_BAD_ANSWER: exitCodes.noBroker,
  UNAUTHORIZED: exitCodes.usage,
  FORBIDDEN: exitCodes.usage,
  INVALID_SCHEMA: exitCodes.usage,
}

/** What to tell a person; a mistake of our own keeps its stack, since somebody must find it. */
export function wordsOf(thrown: unknown, verbose: boolean): string {
  const error = asError(thrown)
  const expected = error instanceof KafkaError || error instanceof UsageError
  return expected && !verbose ? error.message : (error.stack ?? error.message)
}

/** A timeout tells what it waited for in vain; that is what went wrong. */
function rootOf(thrown: unknown): unknown {
  if (thrown instanceof KafkaError && thrown.name === 'TimeoutError' && thrown.cause) {
    return rootOf(thrown.cause)
  }
  return thrown
}

/** An unreadable file in words, as `orders.jsonl: no such file`. */
export function fileError(file: string, thrown: unknown): UsageError {
  const error = asError(thrown)
  const code = 'code' in error ? String(error.code) : ''
  return new UsageError(`${file}: ${fileWords[code] ?? error.message}`)
}

const fileWords: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  EISDIR: 'is a folder',
  ENOTDIR: 'part of the path is not a folder',
}
