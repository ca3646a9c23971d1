import { InvalidArgumentError } from 'commander'
import type { TopicScope } from './reset.ts'

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const

/** A length of time in ms: `PT1H30M` and `P1DT12H` as Kafka's tools write it, or `90m`, `1d12h`. */
export function durationMs(text: string): number {
  const match =
    /^P?(?:(\d+)d)?T?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/i.exec(text) ??
    ([] as (string | undefined)[])
  const [, days, hours, minutes, seconds] = match
  const parts = [days, hours, minutes, seconds]
  if (parts.every(part => part === undefined)) {
    throw new InvalidArgumentError('It must be a length of time, as in 90m, 1d12h or PT1H30M.')
  }
  const [d, h, m, s] = parts.map(part => Number(part ?? 0))
  return d! * unitMs.d + h! * unitMs.h + m! * unitMs.m + s! * unitMs.s
}

/** A moment in ms since 1970: `2026-11-21T09:30:00`, in UTC where it names no zone. */
export function momentMs(text: string): number {
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text)
  const hasTime = text.includes('T')
  const moment = Date.parse(hasTime && !hasZone ? `${text}Z` : text)
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && Number.isFinite(moment)) return moment
  throw new InvalidArgumentError('It must be a moment, as in 2026-11-21T09:30:00 (UTC).')
}

/** A whole number that may be negative. */
export function signedNumber(text: string): number {
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  throw new InvalidArgumentError('It must be a whole number, as in 10 or -10.')
}

/** `orders` or `orders:0,1`; may be repeated. */
export function topicScopes(text: string, before: readonly TopicScope[] = []): TopicScope[] {
  const [, topic, list] = /^([^:]+)(?::(\d+(?:,\d+)*))?$/.exec(text) ?? []
  if (topic) return [...before, { topic, partitions: list?.split(',').map(Number) }]
  throw new InvalidArgumentError('It must be a topic, or one with partitions: orders:0,1.')
}
