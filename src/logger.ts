/** How much a log line matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/**
 * Where log lines go: `event` is a stable name, `fields` are its facts. A retried error is `debug`
 * or `warn`; `error` is kept for what the program will have to deal with.
 */
export interface Logger {
  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): void
}

/** Says nothing. */
export const silentLogger: Logger = { log() {} }

const ranks: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

/** One line of text a record on stderr, from `least` upwards; the default, from `warn`. */
export function consoleLogger(least: LogLevel = 'warn'): Logger {
  return {
    log(level, event, fields) {
      if (ranks[level] < ranks[least]) return
      const facts = Object.entries(fields).map(([name, value]) => ` ${name}=${shown(value)}`)
      process.stderr.write(`posthaste ${level} ${event}${facts.join('')}\n`)
    },
  }
}

/** Hands each line to a pino-like logger: `(fields, event)` under the method of the level. */
export function pinoLogger(
  pino: Readonly<Record<LogLevel, (fields: object, event: string) => void>>,
): Logger {
  return { log: (level, event, fields) => pino[level](fields, event) }
}

function shown(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message)
  if (typeof value === 'string') return /[\s"=]/.test(value) ? JSON.stringify(value) : value
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value))
}
