import { spread } from '../summary.ts'
import type { Subject } from './subject.ts'

/** Nanoseconds of CPU for one thing, and those by what the reference loop took for a KiB. */
export interface Measured {
  readonly ns: number
  readonly ratio: number
}

/** What a thing may cost. */
export interface Limits {
  readonly ratio: number
  /** By what share of it runs of the same code differ. */
  readonly tolerance: number
}

export type Stored = Readonly<Record<string, Limits>>

/** Less would find fault with how V8 happened to lay out its code. */
const LEAST_TOLERANCE = 0.15

/**
 * What to store of several runs: the middle ratio, and one and a half times as far as any was from
 * it, since the next run may be further off than those seen.
 */
export function storedFrom(all: ReadonlyMap<Subject, readonly Measured[]>): Stored {
  const entries = [...all].map(([{ name }, runs]) => {
    const { median, min, max } = spread(runs.map(({ ratio }) => ratio))
    const seen = Math.max(max - median, median - min) / median
    const tolerance = Math.max(LEAST_TOLERANCE, 1.5 * seen)
    return [name, { ratio: rounded(median), tolerance: rounded(tolerance) }] as const
  })
  return Object.fromEntries(entries)
}

/** What a ratio says, where the code is either as it was or has changed for good or bad. */
export function verdictOf(
  ratio: number,
  limits: Limits | undefined,
): 'as it was' | 'too much' | 'less: store it' | 'not stored yet' {
  if (!limits) return 'not stored yet'
  if (ratio > limits.ratio * (1 + limits.tolerance)) return 'too much'
  return ratio < limits.ratio * (1 - limits.tolerance) ? 'less: store it' : 'as it was'
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
