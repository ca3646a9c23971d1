import type { Figures } from './measure.ts'
import { type Case, isSameWork, nameOf, REFERENCE } from './plan.ts'

/** The middle of several runs, with the least and the most. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** What several rounds say of one case. */
export interface Row extends Case {
  readonly rounds: number
  readonly rate: Spread
  /** Microseconds of CPU, user and system, of the client process for each record. */
  readonly cpu: Spread
  readonly rssMiB: Spread
  /** Against the reference at the same work, in the same round. */
  readonly rateRatio?: Spread
  readonly cpuRatio?: Spread
  readonly p50?: Spread
  readonly p99?: Spread
}

export function summarize(all: readonly Figures[]): Row[] {
  const groups = new Map<string, Figures[]>()
  for (const run of all) {
    const name = nameOf(run)
    groups.set(name, [...(groups.get(name) ?? []), run])
  }
  return [...groups.values()].map(runs => summary(runs, all))
}

function summary(runs: readonly Figures[], all: readonly Figures[]): Row {
  const { client, mode, codec, messages, bytes, partitions } = runs[0]!
  const of = (figure: (run: Figures) => number) => spread(runs.map(figure))
  const row: Row = {
    client,
    mode,
    codec,
    messages,
    ...(bytes !== undefined && { bytes }),
    ...(partitions !== undefined && { partitions }),
    rounds: runs.length,
    rate: of(rateOf),
    cpu: of(cpuOf),
    rssMiB: of(run => run.rssMiB),
  }
  if (runs.every(run => run.p50 !== undefined)) {
    return { ...row, p50: of(run => run.p50!), p99: of(run => run.p99!) }
  }
  const pairs = runs.flatMap(run => {
    const reference = all.find(
      other =>
        other.client === REFERENCE &&
        other.p50 === undefined &&
        other.round === run.round &&
        isSameWork(other, run),
    )
    return reference ? [{ run, reference }] : []
  })
  if (pairs.length === 0 || messages === 0) return row
  return {
    ...row,
    rateRatio: spread(pairs.map(({ run, reference }) => rateOf(run) / rateOf(reference))),
    cpuRatio: spread(pairs.map(({ run, reference }) => cpuOf(run) / cpuOf(reference))),
  }
}

function rateOf({ delivered, seconds }: Figures): number {
  return delivered / seconds
}

function cpuOf({ delivered, cpuSeconds }: Figures): number {
  return (cpuSeconds * 1e6) / delivered
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}
