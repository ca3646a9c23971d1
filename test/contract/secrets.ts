import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'vitest'
import { type AnyEvent, type EventName, listenTo } from '../../src/events.ts'
import { Collector, type MetricName, catalogue as metrics } from '../../src/metrics/index.ts'
import { plainEvent } from '../../src/trace/index.ts'
import { root } from '../support/cache.ts'

/** The names of all events, as their catalogue declares them. */
const catalogue = readFileSync(join(root, 'src', 'events.ts'), 'utf8')
export const eventNames = Array.from(
  catalogue.matchAll(/^ {2}'([a-z-]+:[a-z-]+)':/gm),
  ([, name]) => name as EventName,
)

/** A token, whoever made it: its header and its claims are JSON in base64. */
const TOKEN = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}/

/** Keeps all that is said anywhere while something happens. */
export class Overheard {
  readonly #texts: string[] = []
  readonly #stop: () => void
  readonly #collector = new Collector()
  readonly logger = {
    log: (level: string, event: string, fields: unknown) =>
      this.hear(`log ${level} ${event}`, fields),
  }
  events = 0
  lines = 0

  constructor() {
    this.#stop = listenTo(eventNames, event => this.#heard(event))
  }

  #heard(event: AnyEvent): void {
    this.events++
    this.hear(`event ${event.name}`, event)
    this.hear(`trace ${event.name}`, JSON.stringify(plainEvent(event)))
  }

  /** Whatever a program could print of it. */
  hear(what: string, value: unknown): void {
    if (what.startsWith('log')) this.lines++
    const shown = inspect(value, { depth: 20, showHidden: true, maxStringLength: null })
    this.#texts.push(
      `${what}: ${shown}\n${value instanceof Error ? value.stack : ''}\n${json(value)}`,
    )
  }

  /** None of these was said, nor any token. */
  expectNone(secrets: readonly string[]): void {
    this.#stop()
    for (const name of Object.keys(metrics) as MetricName[]) {
      this.hear(`metric ${name}`, this.#collector.read(name))
    }
    this.#collector.stop()
    for (const text of this.#texts) {
      for (const spelling of secrets.flatMap(spellings)) {
        if (text.includes(spelling)) expect.unreachable(`${spelling} was told by ${text}`)
      }
      expect(text).not.toMatch(TOKEN)
    }
  }
}

/** A secret as it could be seen: itself, and as it travels, alone or among other bytes. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const within = [0, 1, 2].map(before => {
    return Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(4, -4)
  })
  const all = [secret, encodeURIComponent(secret), bytes.toString('hex'), ...within]
  return all.filter(text => text.length > 6)
}

function json(value: unknown): string {
  const seen = new WeakSet<object>()
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint') return String(inner)
    if (typeof inner !== 'object' || inner === null) return inner
    if (seen.has(inner)) return '(again)'
    seen.add(inner)
    return inner
  })
  return text ?? ''
}
